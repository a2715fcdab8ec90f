import datetime as dt
from collections import Counter
from io import StringIO

from django.core.management import call_command

from villages import queries
from villages.models import Division
from villages.states import Level


def levels() -> Counter:
    return Counter(Division.objects.filter(valid_to=None).values_list("level", flat=True))


def test_the_register_holds_every_division_of_hunan(register):
    assert levels() == {
        Level.PROVINCE: 1,
        Level.PREFECTURE: 14,
        Level.COUNTY: 134,
        Level.TOWNSHIP: 2008,
        Level.VILLAGE: 29534,
    }
    assert Division.objects.filter(valid_to=None).count() == 31691


def test_loading_it_again_changes_nothing(register):
    before = list(Division.objects.order_by("pk").values())
    out = StringIO()

    call_command("load_divisions", stdout=out)

    assert list(Division.objects.order_by("pk").values()) == before
    assert "新增 0，已有 31691，沿革 0" in out.getvalue()


def test_a_village_is_urban_where_its_name_says_so(register):
    urban = Division.objects.filter(level=Level.VILLAGE, is_urban=True)

    assert urban.exists()
    assert all(name.endswith(("居委会", "社区")) for name in urban.values_list("name", flat=True))
    assert not any(
        name.endswith(("居委会", "社区"))
        for name in Division.objects.filter(is_urban=False).values_list("name", flat=True)
    )
    assert not Division.objects.exclude(level=Level.VILLAGE).exclude(is_urban=None).exists()


def test_each_statistical_zone_has_a_host_with_ground(register):
    zones = Division.objects.exclude(host=None).select_related("host")

    assert zones.count() == 12
    assert all(zone.host.level == Level.COUNTY and zone.host.longitude is not None for zone in zones)
    assert queries.counties(zones=False).count() == 122


def test_ningxiang_county_became_a_city(register):
    county, city = Division.objects.get(pk="430124000000"), Division.objects.get(pk="430182000000")

    assert (county.name, county.valid_to) == ("宁乡县", dt.date(2017, 4, 10))
    assert (city.name, city.valid_from, city.valid_to) == ("宁乡市", dt.date(2017, 4, 10), None)
    assert queries.succeeded_by(county.pk) == [city.pk]
    assert queries.succeeded_by(city.pk) == [city.pk]
    assert queries.succession_map()["431121000000"] == "431181000000"


def test_a_county_is_listed_with_its_own_name_and_those_above(register):
    assert queries.full_name("430726000000") == "常德市石门县"
    assert [division.name for division in queries.path_of("430726000000")] == ["湖南省", "常德市", "石门县"]
    assert queries.path_of("999999999999") == []


def test_what_has_ended_is_no_child_any_more(register):
    children = set(queries.children("430100000000").values_list("pk", flat=True))

    assert "430182000000" in children
    assert "430124000000" not in children
    assert len(children) == 9
