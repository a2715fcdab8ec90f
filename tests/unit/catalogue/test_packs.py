"""What a pack weighs, and what a pound or a kilogram of it costs."""

from decimal import Decimal

import pytest
from django.utils import translation

from catalogue.packs import grams, price_per
from marketplace.templatetags.look import unit_price


@pytest.mark.parametrize(
    ("pack", "weight"),
    [
        ("5kg/箱", 5000),
        ("500克/袋", 500),
        ("净重 2.5 公斤", 2500),
        ("1.5斤/只", 750),
        ("20枚/盒", None),
        ("500ml/瓶", None),
        ("0kg/箱", None),
        ("", None),
    ],
)
def test_the_weight_is_read_from_the_pack(pack, weight):
    assert grams(pack) == (None if weight is None else Decimal(weight))


def test_a_price_is_told_by_the_pound_in_chinese_and_by_the_kilogram_in_english():
    assert price_per(9600, "5kg/箱", per_grams=500) == 960
    assert price_per(100, "300g/饼", per_grams=500) == 167
    with translation.override("zh-hans"):
        assert "¥9.60/斤" in unit_price(9600, "5kg/箱")
    with translation.override("en"):
        assert "¥19.20/kg" in unit_price(9600, "5kg/箱")
    assert unit_price(9600, "20枚/盒") == ""
