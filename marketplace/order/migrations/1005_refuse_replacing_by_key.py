"""Written rows are not replaced by their other keys either."""

from django.db import migrations

from core.triggers import KeepRefusing

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
    dependencies = [("order", "1004_refuse_replacing")]

    operations = [KeepRefusing("order_orderlinediscount"), KeepRefusing("order_line", columns=FROZEN)]
