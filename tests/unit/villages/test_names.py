"""Names of divisions, in Chinese and romanised."""

import pytest
from django.utils import translation

from villages.names import said, said_short


@pytest.mark.parametrize(
    ("name", "full", "short"),
    [
        ("石门县", "Shimen County", "Shimen"),
        ("长沙市", "Changsha", "Changsha"),
        ("津市市", "Jinshi", "Jinshi"),
        ("攸县", "You County", "You"),
        ("东安县", "Dong'an County", "Dong'an"),
        ("岳麓区", "Yuelu District", "Yuelu"),
        ("湖南省", "Hunan", "Hunan"),
        ("湘西土家族苗族自治州", "Xiangxi Prefecture", "Xiangxi"),
        ("靖州苗族侗族自治县", "Jingzhou Autonomous County", "Jingzhou"),
        ("常德市西洞庭管理区", "Changde Xidongting Zone", "Changde Xidongting"),
        ("聂锡村村委会", "Niexi Village", "Niexi"),
        ("长春社区", "Changchun Community", "Changchun"),
    ],
)
def test_a_division_is_romanised_on_an_english_page(name, full, short):
    with translation.override("en"):
        assert (said(name), said_short(name)) == (full, short)


def test_a_division_keeps_its_name_on_a_chinese_page():
    with translation.override("zh-hans"):
        assert (said("石门县"), said_short("石门县"), said_short("")) == ("石门县", "石门", "")
