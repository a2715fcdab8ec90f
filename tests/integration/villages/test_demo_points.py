import datetime as dt
from collections import Counter

import pytest

from core.events import Event
from core.storage_class import StorageClass
from villages import codes, demo, ground, queries
from villages.models import Division, PickupPoint, PointCapacity, PointHours
from villages.states import LocationPrecision, PointKind, PointState

AT = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)


@pytest.fixture
def points(register) -> list[PickupPoint]:
    return demo.open_points(at=AT)


def test_there_are_600_open_points_and_each_says_that_it_opened(points):
    assert len(points) == PickupPoint.objects.open().count() == 600
    assert Event.objects.filter(stream="point", name="point.opened").count() == 600
    assert demo.open_points(at=AT) == []


def test_every_county_has_some_and_changsha_and_xiangxi_more(points):
    by_county = Counter(codes.county_of(point.division_id) for point in points)
    by_prefecture = Counter(codes.prefecture_of(point.division_id) for point in points)

    assert set(by_county) == set(queries.counties().values_list("pk", flat=True))
    assert all(by_county[county.pk] >= 4 for county in queries.counties(zones=False))
    assert by_prefecture["430100000000"] == 90
    assert by_prefecture["433100000000"] == 72
    assert max(by_prefecture[code] for code in by_prefecture if code[:4] not in {"4301", "4331"}) < 72


def test_each_stands_in_a_village_of_the_register_inside_its_county(points):
    hosts = {county.pk: county.hub_county_code for county in queries.counties()}

    assert {point.division.level for point in points} == {"VILLAGE"}
    assert {point.location_precision for point in points} == {LocationPrecision.APPROXIMATE}
    for point in points:
        county = hosts[codes.county_of(point.division_id)]
        assert ground.lies_in(county, float(point.longitude), float(point.latitude)), point.name


def test_every_kind_is_there_with_hours_and_every_storage_class_in_every_county(points):
    assert {point.kind for point in points} == set(PointKind)
    assert len({point.name for point in points}) == 600
    assert PointHours.objects.count() == 600 * 7
    counties = {}
    for division, storage_class in PointCapacity.objects.values_list("point__division_id", "storage_class"):
        counties.setdefault(codes.county_of(division), set()).add(storage_class)
    assert all(kept == set(StorageClass.values) for kept in counties.values())


def test_no_telephone_number_can_belong_to_anybody(points):
    for point in points:
        area, local = point.contact_phone.split("-", 1)
        assert len(area) == 4
        assert local.startswith("000")


def test_the_same_register_gives_the_same_points(register):
    assert demo.applications() == demo.applications()


def test_the_nearest_points_come_first(points):
    seat = Division.objects.get(pk="430726000000")

    near = queries.points_near(float(seat.longitude), float(seat.latitude), limit=20)

    assert len(near) == 20
    assert [each.distance_km for each in near] == sorted(each.distance_km for each in near)
    every = sorted(
        queries.distance_km(float(seat.longitude), float(seat.latitude), float(p.longitude), float(p.latitude))
        for p in points
    )
    assert [each.distance_km for each in near] == every[:20]


def test_a_village_finds_a_point_of_its_own_county(points):
    village = Division.objects.filter(code__startswith="430726", level="VILLAGE").last()

    assert queries.nearest_point(village.pk).county_code == "430726000000"


def test_a_place_in_the_province_finds_only_points_that_keep_what_is_asked(points):
    PointCapacity.objects.filter(storage_class=StorageClass.FROZEN, point__in=points[:300]).delete()

    near = queries.points_near(112.9, 28.2, limit=10, storage_classes=[StorageClass.FROZEN])

    assert len(near) == 10
    assert {each.point.pk for each in near}.isdisjoint({point.pk for point in points[:300]})
    assert all(each.point.state == PointState.OPEN for each in near)
