"""A vehicle that breaks down with something aboard: the promise is taken back, until a hub takes it in."""

import datetime as dt

import pytest
from django.db import transaction

from core import invariants
from core.clock import BEIJING
from core.events import Event
from logistics.models import Consignment, Leg, Parcel
from logistics.services import departures, expectations, rerouting
from logistics.states import Direction
from villages.models import PointDay

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


def told() -> list[tuple]:
    names = ("consignment.late", "consignment.rerouted")
    rows = Event.objects.filter(name__in=names).order_by("pk").values_list("name", "payload")
    return [(name, payload["promised_before"], payload["promised_at"]) for name, payload in rows]


def sound() -> bool:
    return invariants.findings(["L1"]) == []


@pytest.fixture
def broken(journey):
    """A journey whose parcels are aboard a lane that left its county and broke down."""
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    Consignment.objects.update(promised_at=beijing(9, 30, day=1))
    lane = journey.legs[1]
    journey.step("load", at=lane.departs_at, departure=lane.departure)
    departures.depart(lane.departure, by="test", at=lane.departs_at)
    departures.break_down(lane.departure, by="test", at=lane.departs_at + 10 * MINUTE)
    return journey


def test_the_promise_is_taken_back_once_and_the_legs_ahead_are_released(broken):
    at = broken.legs[1].departs_at + 11 * MINUTE

    assert rerouting.mend(at=at) == 1
    assert [rerouting.mend(at=at + n * MINUTE) for n in range(1, 30)] == [0] * 29

    row = Consignment.objects.get()
    assert (row.expected_at, row.planned_at, row.promised_at) == (None, None, beijing(9, 30, day=1))
    assert told() == [("consignment.late", beijing(9, 30, day=1).astimezone(dt.UTC).isoformat(), None)]
    assert list(Leg.objects.in_force().values_list("sequence", flat=True)) == [1, 2]
    assert sound()


def test_a_new_promise_is_made_when_a_hub_takes_it_in_however_late_that_is(broken):
    rerouting.mend(at=broken.legs[1].departs_at + 11 * MINUTE)
    taken_in = beijing(19, day=3)
    broken.step("unload", at=taken_in, hub=broken.network.prefecture)

    assert rerouting.mend(at=taken_in) == 1
    assert rerouting.mend(at=taken_in + MINUTE) == 0

    row = Consignment.objects.get()
    assert row.expected_at > taken_in
    assert told()[1:] == [("consignment.rerouted", None, row.expected_at.astimezone(dt.UTC).isoformat())]
    assert sound()


def test_what_was_looked_at_in_vain_has_its_new_promise_as_soon_as_a_hub_takes_it_in(broken):
    at = broken.legs[1].departs_at + 11 * MINUTE
    for seconds in range(0, 40 * 60, 15):
        rerouting.mend(at=at + dt.timedelta(seconds=seconds))
    taken_in = at + 40 * MINUTE
    assert Consignment.objects.get().routing_lease_until > taken_in

    broken.step("unload", at=taken_in, hub=broken.network.county)

    assert rerouting.mend(at=taken_in) == 1
    assert Consignment.objects.get().expected_at is not None
    assert sound()


def test_crates_that_followed_a_later_day_are_held_for_the_promised_one_again(broken):
    promised, later = beijing(9, 30, day=1), beijing(9, 30, day=3)
    with transaction.atomic():
        expectations.move_holds([(Consignment.objects.get(), later)])
    Consignment.objects.update(expected_at=later)
    assert Consignment.objects.get().held_day == later.date()

    rerouting.mend(at=broken.legs[1].departs_at + 11 * MINUTE)

    assert Consignment.objects.get().held_day == promised.date()
    taken_in = broken.legs[1].departs_at + 12 * MINUTE
    broken.step("unload", at=taken_in, hub=broken.network.county)
    rerouting.mend(at=taken_in)
    assert Consignment.objects.get().expected_at < later
    assert sound()


def test_where_the_promised_day_is_full_the_later_one_stays_held(broken):
    later = beijing(9, 30, day=3)
    row = Consignment.objects.get()
    with transaction.atomic():
        expectations.move_holds([(row, later)])
    PointDay.objects.filter(point=row.point, day=beijing(0, day=1).date()).update(capacity=1, held=1)

    with transaction.atomic():
        expectations.take_back([row], reason="vehicle-stopped", by="test", at=beijing(12))

    row.refresh_from_db()
    assert (row.held_day, row.is_taken_back) == (later.date(), True)
    assert PointDay.objects.get(point=row.point, day=later.date()).held == row.crates


def test_the_part_that_is_not_aboard_goes_on_and_promises_no_day(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    lane = journey.legs[1]
    journey.step("load", number=0, at=lane.departs_at, departure=lane.departure)
    departures.depart(lane.departure, by="test", at=lane.departs_at)
    departures.break_down(lane.departure, by="test", at=lane.departs_at + 10 * MINUTE)

    at = lane.departs_at + 30 * MINUTE
    assert [rerouting.mend(at=at + n * MINUTE) for n in range(4)] == [1, 1, 1, 0]

    stayed = Parcel.objects.get(pk=journey.parcels[1].pk)
    assert stayed.strayed
    assert Leg.objects.in_force().filter(parcel=stayed).exists()
    assert list(Leg.objects.in_force().filter(parcel=None).values_list("sequence", flat=True)) == [1, 2]
    assert Consignment.objects.get().expected_at is None
    assert [promised_at for _, _, promised_at in told()] == [None, None]
    assert sound()


def test_what_a_round_that_broke_down_was_to_set_down_has_no_day_either(journey):
    journey.travel_to_the_last_round()
    last = journey.legs[3]
    departures.depart(last.departure, by="test", at=last.departure.departs_at)
    departures.break_down(last.departure, by="test", at=last.departure.departs_at + MINUTE)

    assert rerouting.mend(at=last.departure.departs_at + 2 * MINUTE) == 1
    assert Consignment.objects.get().expected_at is None

    back = last.departure.departs_at + 30 * MINUTE
    journey.step("unload", at=back, hub=journey.network.other_county)
    assert rerouting.mend(at=back) == 1

    again = Leg.objects.in_force().order_by("sequence").last()
    assert (again.direction, again.departs_at) == (Direction.OUT, beijing(14, day=1))
    assert Consignment.objects.get().expected_at == beijing(15, 30, day=1)
    assert sound()
