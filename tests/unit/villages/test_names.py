"""Names of divisions, in Chinese and romanised."""

import pytest
from django.utils import translation

from villages.names import said, said_short, short_name


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


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("常德市西洞庭管理区", "西洞庭管理区"),
        ("湘潭昭山示范区", "湘潭昭山示范区"),
        ("湖南湘潭高新技术产业园区", "湘潭高新区"),
        ("湖南衡阳松木经济开发区", "衡阳松木经开区"),
        ("永州经济技术开发区", "永州经开区"),
        ("岳麓区", "岳麓"),
        ("津市市", "津市"),
    ],
)
def test_a_zone_is_called_what_it_is(name, short):
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("name", "words"), [("石门县分拨中心", "Shimen County Hub"), ("常德市分拨中心", "Changde Hub")]
)
def test_a_hub_is_named_after_its_division(name, words):
    with translation.override("en"):
        assert said(name) == words
    with translation.override("zh-hans"):
        assert said(name) == name


def test_a_division_keeps_its_name_on_a_chinese_page():
    with translation.override("zh-hans"):
        assert (said("石门县"), said_short("石门县"), said_short("")) == ("石门县", "石门", "")
