"""What came against what should have come."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from core.events import Event
from logistics.models import Consignment, Departure, HubWorker, Leg, Parcel, Scan
from logistics.services import arrivals, departures, rerouting, routing, scans
from logistics.services.arrivals import UnableToClose, UnableToTakeIn
from logistics.services.scans import NotTheirs
from logistics.states import ConsignmentState, DepartureState, ParcelState, ScanKind
from tests.factories import logistics
from tests.factories.logistics import MONDAY, SmallNetwork

pytestmark = pytest.mark.django_db


@pytest.fixture
def network() -> SmallNetwork:
    return logistics.small_network()


@pytest.fixture
def parcels(network) -> list[Parcel]:
    """Three parcels of one consignment, loaded on the round that collects them."""
    consignment = logistics.consignment(network.stop, network.point, packed_at=MONDAY, parcels=3)
    routing.route_waiting(limit=10, at=MONDAY, by="test")
    parcels = list(consignment.parcels.all())
    leg = leg_of(consignment, 1)
    for parcel in parcels:
        scans.drop(parcel, nonce=f"d{parcel.pk}", by="test", at=MONDAY)
        scans.load(parcel, departure=leg.departure, nonce=f"l{parcel.pk}", by="test", at=leg.departs_at)
    return parcels


def leg_of(consignment: Consignment, sequence: int) -> Leg:
    return consignment.legs.select_related("departure__lane", "departure__round").get(parcel=None, sequence=sequence)


def departure_of(parcels: list[Parcel]) -> Departure:
    return leg_of(parcels[0].consignment, 1).departure


def state_of(parcel: Parcel) -> tuple[str, int | None]:
    return Parcel.objects.values_list("state", "hub_id").get(pk=parcel.pk)


def test_the_first_unloading_notes_that_the_vehicle_is_there(network, parcels):
    departure = departure_of(parcels)

    scans.unload(parcels[0], hub=network.county, nonce="u", by="test", at=departure.arrives_at)

    departure.refresh_from_db()
    assert (departure.state, departure.arrived_at) == (DepartureState.ARRIVED, departure.arrives_at)
    assert departure.departed_at == departure.departs_at
    names = Event.objects.filter(stream="departure").order_by("version").values_list("name", flat=True)
    assert list(names) == ["departure.departed", "departure.arrived"]


@pytest.mark.parametrize(("minutes", "state"), [(-1, DepartureState.SCHEDULED), (0, DepartureState.ARRIVED)])
@pytest.mark.parametrize(("sequence", "earliest"), [(1, 60), (2, 30)], ids=["round-with-a-stop-ahead", "lane-half-way"])
def test_what_is_unloaded_before_a_vehicle_can_be_back_does_not_end_its_trip(
    network, parcels, sequence, earliest, minutes, state
):
    """The round is at its only stop an hour after it left; the lane takes an hour."""
    hub = (network.county, network.prefecture)[sequence - 1]
    if sequence == 2:
        scans.unload(parcels[0], hub=network.county, nonce="off", by="test", at=departure_of(parcels).arrives_at)
        leg = leg_of(parcels[0].consignment, 2)
        scans.load(parcels[0], departure=leg.departure, nonce="on", by="test", at=leg.departs_at)
    departure = leg_of(parcels[0].consignment, sequence).departure
    at = departure.departs_at + dt.timedelta(minutes=earliest + minutes)

    scan = scans.unload(parcels[0], hub=hub, nonce="u", by="test", at=at)

    assert (scan.kind, state_of(parcels[0])) == (ScanKind.UNLOADED, (ParcelState.AT_HUB, hub.pk))
    departure.refresh_from_db()
    assert departure.state == state
    assert departure.arrived_at == (at if state == DepartureState.ARRIVED else None)


def test_a_later_unloading_ends_the_trip_that_an_early_one_did_not(network, parcels):
    departure = departure_of(parcels)
    scans.unload(parcels[0], hub=network.county, nonce="u0", by="test", at=departure.departs_at)
    assert Departure.objects.get(pk=departure.pk).arrived_at is None

    scans.unload(parcels[1], hub=network.county, nonce="u1", by="test", at=departure.arrives_at)

    assert Departure.objects.get(pk=departure.pk).arrived_at == departure.arrives_at


def test_a_vehicle_that_left_early_or_late_is_back_as_much_earlier_or_later(network, parcels):
    departure = departure_of(parcels)

    for left_at in (departure.departs_at - dt.timedelta(minutes=20), departure.departs_at + dt.timedelta(minutes=40)):
        departure.departed_at = left_at
        assert departures.earliest_end(departure) == left_at + dt.timedelta(minutes=60)


def test_a_reading_from_before_the_vehicle_left_does_not_end_its_trip(network, parcels):
    departure = departure_of(parcels)
    departures.depart(departure, by="test", at=departure.departs_at)

    scans.unload(parcels[0], hub=network.county, nonce="u", by="test", at=departure.departs_at - dt.timedelta(hours=1))

    departure.refresh_from_db()
    assert (departure.state, departure.arrived_at) == (DepartureState.DEPARTED, None)


@pytest.mark.parametrize(
    ("state", "minutes", "said"),
    [
        (DepartureState.SCHEDULED, -1, "还没有发车"),
        (DepartureState.SCHEDULED, 59, "15:00 以前到不了"),
        (DepartureState.DEPARTED, 59, "15:00 以前到不了"),
        (DepartureState.CANCELLED, 120, "已取消"),
    ],
)
def test_what_cannot_have_come_is_not_closed(network, parcels, state, minutes, said):
    departure = departure_of(parcels)
    Departure.objects.filter(pk=departure.pk).update(state=state)
    at = departure.departs_at + dt.timedelta(minutes=minutes)

    with pytest.raises(UnableToClose, match=said):
        arrivals.close(departure, hub=network.county, by="test", at=at)

    departure.refresh_from_db()
    assert (departure.state, departure.closed_at) == (state, None)
    assert not Event.objects.filter(stream="departure").exists()


@pytest.mark.parametrize("state", [DepartureState.ARRIVED, DepartureState.BROKEN_DOWN])
def test_what_has_come_is_closed_however_early(network, parcels, state):
    departure = departure_of(parcels)
    Departure.objects.filter(pk=departure.pk).update(state=state)

    assert len(arrivals.close(departure, hub=network.county, by="test", at=departure.departs_at)) == 3


def test_what_a_round_was_to_set_down_and_comes_off_again_notes_no_arrival(network, parcels):
    for leg, hub in zip(
        parcels[0].consignment.legs.all(), (network.county, network.prefecture, network.other_county), strict=False
    ):
        if leg.sequence > 1:
            scans.load(parcels[0], departure=leg.departure, nonce=f"on{leg.pk}", by="test", at=leg.departs_at)
        scans.unload(parcels[0], hub=hub, nonce=f"off{leg.pk}", by="test", at=leg.arrives_at)
    last = leg_of(parcels[0].consignment, 4)
    scans.load(parcels[0], departure=last.departure, nonce="l", by="test", at=last.departs_at)

    scans.unload(parcels[0], hub=network.other_county, nonce="u", by="test", at=last.departs_at)

    assert Departure.objects.get(pk=last.departure_id).state == DepartureState.SCHEDULED


def test_what_a_broken_vehicle_carried_is_unloaded_wherever_it_is_taken(network, parcels):
    departure = departure_of(parcels)
    Departure.objects.filter(pk=departure.pk).update(state=DepartureState.BROKEN_DOWN)

    scans.unload(parcels[0], hub=network.prefecture, nonce="u", by="test", at=departure.arrives_at)

    assert state_of(parcels[0]) == (ParcelState.AT_HUB, network.prefecture.pk)
    assert Departure.objects.get(pk=departure.pk).state == DepartureState.BROKEN_DOWN


def test_a_close_tells_what_is_short_once(network, parcels):
    departure = departure_of(parcels)
    at = departure.arrives_at
    scans.unload(parcels[0], hub=network.county, nonce="u", by="test", at=at)

    missing = arrivals.close(departure, hub=network.county, by="test", at=at)

    assert missing == sorted(parcels[1:], key=lambda parcel: parcel.number)
    told = Event.objects.get(name="departure.short")
    assert told.payload == {"hub": network.county.pk, "parcels": [parcel.number for parcel in missing]}
    assert Event.objects.get(name="departure.closed").payload == {"hub": network.county.pk, "expected": 3, "short": 2}
    with pytest.raises(UnableToClose):
        arrivals.close(departure, hub=network.county, by="test", at=at)
    assert Event.objects.filter(name="departure.short").count() == 1


def test_what_is_short_can_still_be_unloaded_when_it_is_found(network, parcels):
    departure = departure_of(parcels)
    arrivals.close(departure, hub=network.county, by="test", at=departure.arrives_at)

    scans.unload(parcels[0], hub=network.county, nonce="u", by="test", at=departure.arrives_at)

    assert parcels[0] not in arrivals.short(departure)


def test_a_vehicle_that_has_not_left_is_not_closed(network, parcels):
    departure = departure_of(parcels)

    with pytest.raises(UnableToClose):
        arrivals.close(departure, hub=network.county, by="test", at=departure.departs_at - dt.timedelta(minutes=1))

    assert Departure.objects.get(pk=departure.pk).closed_at is None


def test_a_departure_with_all_of_its_parcels_is_short_of_nothing(network, parcels):
    departure = departure_of(parcels)
    for parcel in parcels:
        scans.unload(parcel, hub=network.county, nonce=f"u{parcel.pk}", by="test", at=departure.arrives_at)

    assert arrivals.close(departure, hub=network.county, by="test", at=departure.arrives_at) == []

    assert not Event.objects.filter(name="departure.short").exists()


def test_only_the_hub_where_it_ends_closes_a_departure(network, parcels, django_user_model):
    departure = departure_of(parcels)
    person = django_user_model.objects.create_user(email="w@example.com")
    HubWorker.objects.create(hub=network.prefecture, user=person, since=MONDAY)

    for hub in (network.county, network.prefecture):
        with pytest.raises(NotTheirs):
            arrivals.close(departure, hub=hub, by=person, at=departure.arrives_at)

    assert Departure.objects.get(pk=departure.pk).closed_at is None


# Surplus


def test_what_another_vehicle_was_to_bring_elsewhere_is_surplus_here(network, parcels):
    at = departure_of(parcels).arrives_at
    lane = Departure.objects.filter(lane__destination=network.other_county).first()

    scan = arrivals.take_in(parcels[0], hub=network.other_county, departure=lane, nonce="s", by="test", at=at)

    assert (scan.kind, scan.hub, scan.departure) == (ScanKind.SURPLUS, network.other_county, lane)
    assert state_of(parcels[0]) == (ParcelState.AT_HUB, network.other_county.pk)
    told = Event.objects.get(name="parcel.surplus").payload
    assert (told["was"], told["was_departure"]) == (ParcelState.LOADED, departure_of(parcels).pk)


def test_what_was_to_come_is_unloaded_and_no_surplus(network, parcels):
    at = departure_of(parcels).arrives_at

    scan = arrivals.take_in(parcels[0], hub=network.county, nonce="s", by="test", at=at)

    assert scan.kind == ScanKind.UNLOADED


def test_what_nobody_had_read_before_sets_its_consignment_on_the_way(network):
    consignment = logistics.consignment(network.stop, network.point, packed_at=MONDAY, parcels=1)
    routing.route_waiting(limit=10, at=MONDAY, by="test")
    departure = leg_of(consignment, 1).departure

    arrivals.take_in(
        Parcel.objects.get(), hub=network.county, departure=departure, nonce="s", by="test", at=departure.arrives_at
    )

    assert Consignment.objects.get().state == ConsignmentState.IN_TRANSIT
    assert not arrivals.short(departure).exists()
    onward = leg_of(consignment, 2)
    scans.load(Parcel.objects.get(), departure=onward.departure, nonce="l", by="test", at=onward.departs_at)


def test_what_turned_up_elsewhere_gets_a_way_on_from_there(network, parcels):
    at = departure_of(parcels).arrives_at
    for parcel in parcels[1:]:
        scans.unload(parcel, hub=network.county, nonce=f"u{parcel.pk}", by="test", at=at)
    arrivals.take_in(parcels[0], hub=network.other_county, nonce="s", by="test", at=at)

    assert rerouting.mend(at=at) == 1
    assert rerouting.mend(at=at) == 0, "its way leads on now"

    stray = Parcel.objects.get(pk=parcels[0].pk)
    [leg] = Leg.objects.in_force().filter(parcel=stray)
    assert (stray.strayed, leg.departure.round.hub) == (True, network.other_county)
    scans.load(stray, departure=leg.departure, nonce="l", by="test", at=leg.departs_at)
    scans.receive(stray, point=network.point, shelf="A-01", nonce="r", by="test", at=leg.arrives_at)
    onward = leg_of(parcels[1].consignment, 2)
    assert stray not in arrivals.bound_for_end(onward.departure)
    assert parcels[1] in arrivals.bound_for_end(onward.departure)


def test_what_waits_for_its_way_is_not_taken_in_until_it_has_one(network, parcels):
    Consignment.objects.update(state=ConsignmentState.AWAITING_ROUTE, waiting_since=MONDAY)

    with pytest.raises(UnableToTakeIn):
        arrivals.take_in(parcels[0], hub=network.prefecture, nonce="s", by="test", at=MONDAY)


@pytest.mark.parametrize("state", [ParcelState.AT_POINT, ParcelState.HANDED_OVER, ParcelState.WRITTEN_OFF])
def test_what_has_come_to_its_end_turns_up_nowhere(network, parcels, state):
    Parcel.objects.update(state=state, departure=None)

    with pytest.raises(UnableToTakeIn):
        arrivals.take_in(parcels[0], hub=network.county, nonce="s", by="test", at=MONDAY)

    assert state_of(parcels[0])[0] == state


def test_what_lies_at_the_hub_does_not_turn_up_there_again(network, parcels):
    at = departure_of(parcels).arrives_at
    arrivals.take_in(parcels[0], hub=network.prefecture, nonce="s1", by="test", at=at)
    assert arrivals.take_in(parcels[0], hub=network.prefecture, nonce="s1", by="test", at=at).nonce == "s1"

    with pytest.raises(UnableToTakeIn):
        arrivals.take_in(parcels[0], hub=network.prefecture, nonce="s2", by="test", at=at)

    assert Scan.objects.filter(kind=ScanKind.SURPLUS).count() == 1


@pytest.mark.parametrize(
    "position",
    [{"latitude": 29}, {"longitude": 111}, {"latitude": 91, "longitude": 111}, {"latitude": 29, "longitude": -181}],
)
def test_a_position_is_whole_and_on_the_globe(network, parcels, position):
    with pytest.raises(IntegrityError, match="scan_position"), transaction.atomic():
        Scan.objects.update(**position)
    Scan.objects.update(latitude=29, longitude=111)


def test_a_tag_belongs_to_one_parcel(network, parcels):
    with pytest.raises(IntegrityError), transaction.atomic():
        Parcel.objects.update(epc="3034257BF7194E4000001A85")
