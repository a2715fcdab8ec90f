"""Parcels of one consignment that go different ways: what is aboard stays known, whatever the others do."""

import datetime as dt

import pytest

from core import invariants
from core.clock import BEIJING
from core.events import Event
from logistics.models import Consignment, Departure, HubWorker, Leg, Parcel, Scan
from logistics.services import arrivals, departures, rerouting, ways
from logistics.states import ParcelState, ScanKind
from marketplace.network import manifests, queries
from marketplace.network.board_scope import Scope
from marketplace.network.board_troubles import left
from tests.factories import logistics as factories
from tests.factories import shop

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


def read(consignment: Consignment) -> Consignment:
    return Consignment.objects.get(pk=consignment.pk)


def on_manifest(departure: Departure) -> set[str]:
    return {parcel.number for stop in manifests.stops_of(departure) for parcel in stop.parcels}


@pytest.fixture
def parted(journey):
    """One parcel rides the round, the other was left behind; the round is so late that its lane is missed."""
    vehicle = journey.legs[0].departure
    journey.step("drop")
    journey.step("load", at=journey.legs[0].departs_at, departure=vehicle, number=0)
    departures.depart(vehicle, by="test", at=beijing(15))
    departures.delay(vehicle, minutes=240, by="test", at=beijing(15, 5))
    late = journey.legs[0].departs_at + ways.GRACE + 240 * MINUTE + MINUTE
    rerouting.mend(at=beijing(15, 6))
    rerouting.mend(at=late)
    return journey, vehicle, late


def test_a_parcel_aboard_stays_on_its_vehicle_when_the_one_left_behind_goes_another_way(parted):
    journey, vehicle, _late = parted
    aboard, behind = (Parcel.objects.get(pk=parcel.pk) for parcel in journey.parcels)

    assert aboard.strayed or behind.strayed, "they have different ways by now"
    assert Leg.objects.in_force().filter(departure=vehicle, consignment=journey.consignment).exists()
    assert aboard.number in on_manifest(vehicle)
    assert behind.number not in on_manifest(vehicle)
    assert set(arrivals.bound_for_end(vehicle)) == {aboard}
    assert invariants.findings(["L1"]) == []


def test_the_promise_is_taken_back_when_that_vehicle_breaks_down(parted):
    journey, vehicle, late = parted
    departures.break_down(vehicle, by="test", at=late + MINUTE)

    assert rerouting.mend(at=late + 2 * MINUTE) >= 1

    assert read(journey.consignment).is_taken_back
    told = Event.objects.filter(name="consignment.late", payload__reason="vehicle-stopped")
    assert told.count() == 1
    assert invariants.findings(["L1"]) == []


def test_the_list_of_vehicles_counts_what_their_manifests_have(parted):
    _journey, vehicle, late = parted

    listed = {each.departure.pk: (each.parcels, each.aboard) for each in queries.due(_worker(vehicle), at=late)}

    assert listed[vehicle.pk] == (1, 1) == (len(on_manifest(vehicle)), 1)


def _worker(vehicle: Departure):
    person = shop.user("彭建国")
    HubWorker.objects.create(hub=vehicle.round.hub, user=person, since=beijing(0))
    return person


def test_a_second_delay_of_that_vehicle_gives_the_parcel_aboard_another_way_again(parted):
    journey, vehicle, late = parted
    before = read(journey.consignment).planned_at
    departures.delay(vehicle, minutes=1400, by="test", at=late)

    rerouting.mend(at=late + MINUTE)

    assert read(journey.consignment).planned_at > before
    assert invariants.findings(["L1"]) == []


def test_a_hub_is_shown_the_way_of_each_parcel_that_goes_alone(parted):
    journey, vehicle, _late = parted
    vehicle.refresh_from_db()
    journey.step("unload", at=vehicle.arrives_at, hub=journey.network.county, number=0)
    rerouting.mend(at=vehicle.arrives_at)

    (there,) = queries.at_hubs([journey.network.county], limit=10)

    assert there.leg is not None
    assert there.parcel.number in on_manifest(there.leg.departure)


def test_nothing_is_left_to_load_on_a_broken_vehicle_once_every_parcel_has_its_own_way(journey):
    vehicle = journey.legs[0].departure
    journey.step("drop")
    journey.step("load", at=beijing(14, 50), departure=vehicle, number=0)
    departures.depart(vehicle, by="test", at=beijing(14, 51))
    departures.break_down(vehicle, by="test", at=beijing(14, 52))
    for minute in range(3):
        rerouting.mend(at=beijing(14, 53 + minute))
    journey.step("unload", at=beijing(20), hub=journey.network.county, number=0)
    for minute in range(3):
        rerouting.mend(at=beijing(20, 1 + minute))

    assert Parcel.objects.filter(strayed=True, consignment=journey.consignment).count() == 2
    assert not left(Scope("", "", (journey.network.county,)), at=beijing(21)).filter(departure=vehicle).exists()
    assert invariants.findings(["L1"]) == []


def test_what_lies_at_one_hub_again_goes_together_where_it_comes_sooner_so(journey):
    network, lane = journey.network, journey.legs[1]
    journey.step("drop")
    journey.ride(1, hub=network.county)
    journey.step("load", at=lane.departs_at, departure=lane.departure, number=0)
    departures.depart(lane.departure, by="test", at=lane.departs_at)
    rerouting.mend(at=lane.departs_at + ways.GRACE + MINUTE)
    promised = beijing(9, 30, day=1)
    Consignment.objects.update(promised_at=promised)
    assert read(journey.consignment).expected_at > promised, "the one left behind goes tomorrow"
    factories.lane(network.county, network.prefecture, dt.time(20))
    departures.open_departures(at=beijing(17), until=beijing(17).date() + dt.timedelta(days=5))
    departures.break_down(lane.departure, by="test", at=beijing(17, 20))
    rerouting.mend(at=beijing(17, 21))

    journey.step("unload", at=beijing(17, 50), hub=network.county, number=0)
    rerouting.mend(at=beijing(17, 51))

    consignment = read(journey.consignment)
    assert consignment.expected_at <= promised
    assert not consignment.parcels.filter(strayed=True).exists()
    evening = Leg.objects.in_force().get(consignment=consignment, departs_at=beijing(20))
    assert (evening.parcel, evening.crates) == (None, consignment.crates)
    assert evening.departure.taken_out == consignment.crates
    assert invariants.findings(["L1"]) == []


def test_the_hub_where_a_lane_began_unloads_what_comes_back_and_closes_it(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    lane = journey.legs[1].departure
    journey.step("load", at=journey.legs[1].departs_at, departure=lane)
    departures.depart(lane, by="test", at=lane.departs_at)
    departures.break_down(lane, by="test", at=lane.departs_at + MINUTE)
    rerouting.mend(at=lane.departs_at + 2 * MINUTE)
    worker = "test"
    parcel = Parcel.objects.get(pk=journey.parcels[0].pk)

    scan = arrivals.take_in(
        parcel, hub=journey.network.county, departure=lane, nonce="back", by=worker, at=lane.departs_at + 30 * MINUTE
    )

    assert scan.kind == ScanKind.UNLOADED
    assert not Scan.objects.filter(kind=ScanKind.SURPLUS).exists()
    lane.refresh_from_db()
    missing = arrivals.close(lane, hub=journey.network.county, by=worker, at=lane.departs_at + 40 * MINUTE)
    assert [each.pk for each in missing] == [journey.parcels[1].pk]
    assert Parcel.objects.get(pk=parcel.pk).state == ParcelState.AT_HUB


def test_what_was_reported_short_before_is_not_aboard_the_next_vehicle_nor_missing_from_it(journey):
    journey.step("drop")
    first, lane = journey.legs[0].departure, journey.legs[1].departure
    journey.step("load", at=journey.legs[0].departs_at, departure=first)
    journey.step("unload", at=journey.legs[0].arrives_at, hub=journey.network.county, number=0)
    arrivals.close(first, hub=journey.network.county, by="test", at=journey.legs[0].arrives_at + MINUTE)
    journey.step("load", at=journey.legs[1].departs_at, departure=lane, number=0)
    lane = departures.depart(lane, by="test", at=lane.departs_at)

    assert set(arrivals.bound_for_end(lane)) == {Parcel.objects.get(pk=journey.parcels[0].pk)}
    departures.break_down(lane, by="test", at=lane.departs_at + MINUTE)
    lane.refresh_from_db()
    missing = list(arrivals.short(lane))
    assert [each.pk for each in missing] == [journey.parcels[0].pk], "what never left with it is not missing from it"


def test_a_round_of_which_is_said_late_that_it_left_has_left_when_its_stops_say(journey):
    vehicle = journey.legs[0].departure
    journey.step("drop")
    journey.step("load", at=journey.legs[0].departs_at, departure=vehicle)

    left = departures.depart(vehicle, by="test", at=journey.legs[0].departs_at + 6 * MINUTE)

    left.refresh_from_db()
    assert (left.delay_minutes, left.departed_at) == (0, left.departs_at)
    assert rerouting.mend(at=journey.legs[0].departs_at + 7 * MINUTE) == 0
    assert Leg.objects.get(pk=journey.legs[0].pk).arrives_at == journey.legs[0].arrives_at


def test_a_round_that_was_late_at_its_stop_left_as_much_later(journey):
    vehicle = journey.legs[0].departure
    journey.step("drop")
    journey.step("load", at=journey.legs[0].departs_at + 40 * MINUTE, departure=vehicle)

    left = departures.depart(vehicle, by="test", at=journey.legs[0].departs_at + 55 * MINUTE)

    left.refresh_from_db()
    assert left.delay_minutes == 40
