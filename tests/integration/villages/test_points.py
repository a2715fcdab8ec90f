import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from core.events import Event
from core.storage_class import StorageClass
from tests.factories import villages
from villages.models import PickupPoint, PointDay, PointHours
from villages.services import crates, points
from villages.services.crates import CratesRequest, UnableToHoldCrates, UnableToReleaseCrates
from villages.services.points import Application
from villages.states import PointKind, PointState

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 4)
HOURS = [(weekday, dt.time(8), dt.time(20)) for weekday in range(7)]


def application(**changes) -> Application:
    villages.division("430726001001")
    stated = {
        "division_code": "430726001001",
        "name": "东泉村农家店",
        "kind": PointKind.VILLAGE_SHOP,
        "address": "石门县东泉村村部旁",
        "contact_name": "覃师傅",
        "contact_phone": "0736-000-0001",
        "longitude": 111.38,
        "latitude": 29.58,
        "hours": HOURS,
        "capacities": {StorageClass.AMBIENT: 40},
    }
    return Application(**stated | changes)


def request(
    point: PickupPoint, number: int, *, day: dt.date = DAY, storage_class=StorageClass.AMBIENT
) -> CratesRequest:
    return CratesRequest(point.pk, day, storage_class, number)


# Their states


def test_a_point_applies_and_opens():
    [point] = points.apply([application()], by="test", at=AT)
    assert point.state == PointState.APPLIED

    points.open([point], by="test", at=AT)

    point.refresh_from_db()
    assert (point.state, point.opened_at, point.code) == (PointState.OPEN, AT, "4307260001")
    names = (
        Event.objects.filter(stream="point", stream_id=str(point.pk)).order_by("version").values_list("name", flat=True)
    )
    assert list(names) == ["point.applied", "point.opened"]


def test_the_next_point_of_a_county_gets_the_next_number():
    points.apply([application()], by="test", at=AT)

    [second] = points.apply([application(name="另一家")], by="test", at=AT)

    assert second.code == "4307260002"


def test_a_suspended_point_opens_again_and_a_closed_one_never():
    point = villages.point()
    points.suspend([point], by="test", at=AT)
    points.open([point], by="test", at=AT)
    points.close([point], by="test", at=AT)

    with pytest.raises(points.UnableToOpenPoint):
        points.open([point], by="test", at=AT)
    with pytest.raises(points.UnableToClosePoint):
        points.close([point], by="test", at=AT)

    assert PickupPoint.objects.get().state == PointState.CLOSED


def test_only_an_open_point_can_be_suspended_and_of_two_neither_is():
    open_point, applied = villages.point(), villages.point(state=PointState.APPLIED)

    with pytest.raises(points.UnableToSuspendPoint):
        points.suspend([open_point, applied], by="test", at=AT)

    open_point.refresh_from_db()
    assert open_point.state == PointState.OPEN
    assert not Event.objects.exists()


@pytest.mark.parametrize("missing", ["hours", "capacities"])
def test_a_point_without_hours_or_capacity_does_not_open(missing):
    point = villages.point(state=PointState.APPLIED)
    getattr(point, missing).all().delete()

    with pytest.raises(points.UnableToOpenPoint):
        points.open([point], by="test", at=AT)

    point.refresh_from_db()
    assert point.state == PointState.APPLIED


@pytest.mark.parametrize(
    "changes",
    [
        {"division_code": "430726001999"},
        {"hours": []},
        {"hours": [(7, dt.time(8), dt.time(9))]},
        {"hours": [(0, dt.time(9), dt.time(8))]},
        {"hours": [(0, dt.time(8), dt.time(12)), (0, dt.time(11), dt.time(13))]},
    ],
)
def test_an_application_that_makes_no_sense_is_refused(changes):
    with pytest.raises(points.UnableToApply):
        points.apply([application(**changes)], by="test", at=AT)

    assert not PickupPoint.objects.exists()


def test_hours_are_replaced_whole():
    point = villages.point()

    points.set_hours(point, hours=[(0, dt.time(9), dt.time(10))], by="test", at=AT)

    assert list(PointHours.objects.values_list("weekday", "opens", "closes")) == [(0, dt.time(9), dt.time(10))]


def test_a_smaller_capacity_counts_for_days_ahead_but_never_below_what_is_held():
    point = villages.point(capacities={StorageClass.AMBIENT: 10})
    with transaction.atomic():
        crates.hold([request(point, 8), request(point, 1, day=DAY + dt.timedelta(days=1))])

    points.set_capacity(point, storage_class=StorageClass.AMBIENT, crates_per_day=5, by="test", at=AT)

    assert list(PointDay.objects.order_by("day").values_list("capacity", "held")) == [(8, 8), (5, 1)]


# Their crates


def test_crates_are_held_until_the_day_is_full():
    point = villages.point(capacities={StorageClass.AMBIENT: 5})
    with transaction.atomic():
        crates.hold([request(point, 3)])
        crates.hold([request(point, 2)])

    with pytest.raises(UnableToHoldCrates) as refusal, transaction.atomic():
        crates.hold([request(point, 1)])

    assert refusal.value.refused == [request(point, 1)]
    assert PointDay.objects.get().held == 5


def test_requests_for_one_day_are_counted_together():
    point = villages.point(capacities={StorageClass.AMBIENT: 5})

    with pytest.raises(UnableToHoldCrates), transaction.atomic():
        crates.hold([request(point, 3), request(point, 3)])

    assert not PointDay.objects.exists()


def test_all_are_held_or_none():
    point = villages.point(capacities={StorageClass.AMBIENT: 5, StorageClass.CHILLED: 1})

    with pytest.raises(UnableToHoldCrates) as refusal, transaction.atomic():
        crates.hold([request(point, 1), request(point, 2, storage_class=StorageClass.CHILLED)])

    assert [each.storage_class for each in refusal.value.refused] == [StorageClass.CHILLED]
    assert not PointDay.objects.filter(held__gt=0).exists()


def test_a_storage_class_that_the_point_does_not_keep_is_refused():
    point = villages.point(capacities={StorageClass.AMBIENT: 5})

    with pytest.raises(UnableToHoldCrates), transaction.atomic():
        crates.hold([request(point, 1, storage_class=StorageClass.FROZEN)])


def test_a_point_that_is_not_open_holds_nothing():
    point = villages.point(state=PointState.SUSPENDED)

    with pytest.raises(UnableToHoldCrates), transaction.atomic():
        crates.hold([request(point, 1)])


def test_what_is_released_can_be_held_again_and_no_more_than_is_held_is_released():
    point = villages.point(capacities={StorageClass.AMBIENT: 5})
    with transaction.atomic():
        crates.hold([request(point, 5)])
        crates.release([request(point, 2)])
        crates.hold([request(point, 2)])

    with pytest.raises(UnableToReleaseCrates), transaction.atomic():
        crates.release([request(point, 6)])

    assert PointDay.objects.get().held == 5


def test_many_requests_take_three_queries_at_most(django_assert_max_num_queries):
    point = villages.point()
    asked = [
        request(point, 1, day=DAY + dt.timedelta(days=day), storage_class=storage_class)
        for day in range(5)
        for storage_class in StorageClass.values
    ]

    with transaction.atomic(), django_assert_max_num_queries(3):
        crates.hold(asked)

    assert PointDay.objects.filter(held=1).count() == 15


def test_the_database_itself_refuses_more_than_the_capacity():
    point = villages.point()
    day = PointDay.objects.create(point=point, day=DAY, storage_class=StorageClass.AMBIENT, capacity=5, held=5)

    with pytest.raises(IntegrityError, match="point_day_held"), transaction.atomic():
        PointDay.objects.filter(pk=day.pk).update(held=6)


def test_a_person_sees_the_points_of_the_present_only(django_user_model):
    own, former = villages.point(), villages.point()
    user = django_user_model.objects.create_user(email="operator@example.com")
    own.operators.create(user=user, since=AT)
    former.operators.create(user=user, since=AT, until=AT)

    assert list(PickupPoint.objects.visible_to(user)) == [own]
