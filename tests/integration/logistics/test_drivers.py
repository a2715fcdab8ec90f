"""Another driver for one departure: who may say so, who drives from then on, and who no more."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from core.events import Event
from logistics.models import Departure, HubWorker, Parcel, Round
from logistics.services import departures, drivers, routing, scans
from logistics.services.drivers import UnableToChangeDriver
from logistics.services.steps import NotTheirs
from logistics.states import DepartureState, ParcelState
from tests.factories import logistics, shop
from tests.factories.logistics import MONDAY, SmallNetwork

pytestmark = pytest.mark.django_db


@pytest.fixture
def network() -> SmallNetwork:
    return logistics.small_network()


@pytest.fixture
def own(network):
    """The driver of the county's rounds."""
    person = shop.user("向前进")
    Round.objects.filter(hub=network.county).update(driver=person)
    return person


@pytest.fixture
def parcel(network, own) -> Parcel:
    consignment = logistics.consignment(network.stop, network.point, packed_at=MONDAY, parcels=1)
    routing.route_waiting(limit=10, at=MONDAY, by="test")
    parcel = consignment.parcels.get()
    scans.drop(parcel, nonce="d", by="test", at=MONDAY)
    return parcel


@pytest.fixture
def today(parcel) -> Departure:
    """Today's round of 14:00, which collects the parcel."""
    return parcel.consignment.legs.get(sequence=1).departure


@pytest.fixture
def worker(network):
    person = shop.user("彭建国")
    HubWorker.objects.create(hub=network.county, user=person, since=MONDAY)
    return person


def mine(person) -> set[int]:
    return set(Departure.objects.visible_to(person).values_list("pk", flat=True))


def test_the_other_driver_has_this_departure_and_the_former_one_the_rest(network, own, today, worker):
    other, of_the_round = shop.user("龙师傅"), mine(own)

    drivers.put_on(today, driver=other, by=worker, at=MONDAY)

    assert mine(other) == {today.pk}
    assert mine(own) == of_the_round - {today.pk}
    told = Event.objects.get(name="departure.driver-changed")
    assert (told.stream_id, told.actor) == (str(today.pk), f"user:{worker.pk}")
    assert told.payload == {
        "round": today.round_id,
        "day": today.day.isoformat(),
        "before": own.pk,
        "after": other.pk,
    }


def test_the_former_driver_loads_nothing_more_and_the_other_one_does(own, today, worker, parcel):
    other = shop.user("龙师傅")
    drivers.put_on(today, driver=other, by=worker, at=MONDAY)

    with pytest.raises(NotTheirs):
        scans.load(parcel, departure=today, nonce="l1", by=own, at=today.departs_at)
    assert Parcel.objects.get().state == ParcelState.AT_STOP
    scans.load(parcel, departure=today, nonce="l2", by=other, at=today.departs_at)
    assert Parcel.objects.get().state == ParcelState.LOADED


def test_the_rounds_own_driver_is_put_back_with_nothing_left_behind(own, today, worker):
    drivers.put_on(today, driver=shop.user("龙师傅"), by=worker, at=MONDAY)

    for driver in (None, own):
        drivers.put_on(today, driver=driver, by=worker, at=MONDAY)
        assert Departure.objects.get(pk=today.pk).driver is None
        assert today.pk in mine(own)
        drivers.put_on(today, driver=shop.user(), by=worker, at=MONDAY)


def test_a_planner_of_the_division_may_and_one_of_another_may_not(own, today):
    other = shop.user("龙师傅")
    elsewhere, here = logistics.planner("430100000000"), logistics.planner("430726000000")

    with pytest.raises(NotTheirs):
        drivers.put_on(today, driver=other, by=elsewhere, at=MONDAY)
    assert not Event.objects.filter(name="departure.driver-changed").exists()
    drivers.put_on(today, driver=other, by=here, at=MONDAY)
    assert mine(other) == {today.pk}


def test_nobody_else_puts_a_driver_on(network, own, today):
    at_the_other_hub = shop.user()
    HubWorker.objects.create(hub=network.other_county, user=at_the_other_hub, since=MONDAY)

    for person in (own, at_the_other_hub, shop.user()):
        with pytest.raises(NotTheirs):
            drivers.put_on(today, driver=person, by=person, at=MONDAY)

    assert Departure.objects.get(pk=today.pk).driver is None


def test_a_lane_has_no_driver_here(network, own, worker):
    lane = Departure.objects.filter(lane__origin=network.county).first()

    with pytest.raises(NotTheirs):
        drivers.put_on(lane, driver=own, by=worker, at=MONDAY)
    with pytest.raises(IntegrityError, match="departure_driver_of_round"), transaction.atomic():
        Departure.objects.filter(pk=lane.pk).update(driver=own)


def test_a_driver_is_changed_on_the_way_too(own, today, worker):
    departures.depart(today, by=own, at=today.departs_at)

    drivers.put_on(today, driver=shop.user(), by=worker, at=today.departs_at + dt.timedelta(minutes=20))

    assert today.pk not in mine(own)


@pytest.mark.parametrize("state", [DepartureState.ARRIVED, DepartureState.CANCELLED, DepartureState.BROKEN_DOWN])
def test_what_runs_no_more_keeps_its_driver(own, today, worker, state):
    Departure.objects.filter(pk=today.pk).update(state=state)

    with pytest.raises(UnableToChangeDriver):
        drivers.put_on(today, driver=shop.user(), by=worker, at=MONDAY)

    assert today.pk in mine(own)


def test_nobody_drives_two_rounds_at_once_or_is_put_on_twice(network, own, today, worker):
    other = shop.user("龙师傅")
    elsewhere = Departure.objects.get(round__hub=network.other_county, departs_at=today.departs_at)
    Round.objects.filter(pk=elsewhere.round_id).update(driver=other)

    with pytest.raises(UnableToChangeDriver, match="14:00–16:00"):
        drivers.put_on(today, driver=other, by=worker, at=MONDAY)
    Departure.objects.filter(pk=elsewhere.pk).update(state=DepartureState.CANCELLED)
    drivers.put_on(today, driver=other, by=worker, at=MONDAY)
    with pytest.raises(UnableToChangeDriver):
        drivers.put_on(today, driver=other, by=worker, at=MONDAY)

    assert Event.objects.filter(name="departure.driver-changed").count() == 1
