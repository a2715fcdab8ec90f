"""A line keeps the point that its channel belongs to: where the sample stands, or whose operator ordered."""

from django.db import migrations, models

from core.triggers import KeepRefusing, RefuseChange

FROZEN = (
    "unit_price_fen",
    "unit_price_incl_tax",
    "unit_price_excl_tax",
    "line_price_incl_tax",
    "line_price_excl_tax",
    "line_price_before_discounts_incl_tax",
    "line_price_before_discounts_excl_tax",
    "quantity",
    "partner_name",
    "title",
    "seller_division",
    "origin_division",
    "point_division",
    "category_path",
    "storage_class",
    "direction",
    "channel",
    "sample",
    "pack",
)


class Migration(migrations.Migration):
    dependencies = [("order", "1005_refuse_replacing_by_key"), ("villages", "0005_days_off_and_closing")]

    operations = [
        KeepRefusing("order_line", columns=FROZEN),
        migrations.AddField(
            model_name="line",
            name="channel_point",
            field=models.ForeignKey(
                help_text="Where the sample stands, or whose operator ordered; the point keeps it, wherever it is "
                "collected",
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="+",
                to="villages.pickuppoint",
            ),
        ),
        RefuseChange("order_line", columns=(*FROZEN, "channel_point_id")),
    ]
