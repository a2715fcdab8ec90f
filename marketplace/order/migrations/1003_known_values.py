"""Channels, directions and payments are known ones; what an order line froze is never changed."""

from django.conf import settings
from django.db import migrations, models

from core.triggers import RefuseChange

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
    dependencies = [
        ("basket", "1001_open_baskets"),
        ("catalogue", "1003_known_values"),
        ("order", "1002_order_relations"),
        ("partner", "1003_movement_append_only"),
        ("sites", "0002_alter_domain_unique"),
        ("villages", "0002_known_values"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="line",
            constraint=models.CheckConstraint(
                condition=models.Q(("storage_class__in", ["AMBIENT", "CHILLED", "FROZEN"])),
                name="order_line_class_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="line",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__in", ["TO_TOWN", "TO_COUNTRY", "NEUTRAL"])),
                name="order_line_direction_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="line",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["WEB", "PROXY", "SAMPLE"])), name="order_line_channel_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("payment_method__in", ["AT_POINT", "ONLINE"])), name="order_payment_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["WEB", "PROXY", "SAMPLE"])), name="order_channel_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderlinediscount",
            constraint=models.CheckConstraint(
                condition=models.Q(("funder__in", ["SELLER", "PLATFORM", "POINT", "GOVERNMENT"])),
                name="order_line_discount_funder_known",
            ),
        ),
        RefuseChange("order_orderlinediscount"),
        RefuseChange("order_line", columns=FROZEN),
    ]
