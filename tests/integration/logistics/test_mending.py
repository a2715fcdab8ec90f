import datetime as dt
from itertools import pairwise

import pytest

from core import invariants
from core.clock import BEIJING
from core.events import Event
from core.storage_class import StorageClass
from logistics.models import Consignment, Departure, Leg, Parcel
from logistics.services import departures, rerouting, routing, scans
from logistics.states import ConsignmentState, DepartureState, ParcelState
from tests.factories import logistics
from tests.factories.logistics import MONDAY
from villages.models import PickupPoint, PointDay
from villages.states import PointState

pytestmark = pytest.mark.django_db
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


def read(consignment: Consignment) -> Consignment:
    return Consignment.objects.get(pk=consignment.pk)


def told(name: str) -> list[dict]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("payload", flat=True))


def times(consignment: Consignment, **only) -> list[tuple[dt.datetime, dt.datetime]]:
    legs = consignment.legs.filter(released_at=None, **only).order_by("sequence")
    return list(legs.values_list("departs_at", "arrives_at"))


def sound() -> bool:
    return invariants.findings(["L1"]) == []


# Before anything was sent


def test_what_was_to_ride_on_a_cancelled_departure_is_routed_anew():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point, crates=3)
    routing.route_waiting(limit=10, at=MONDAY)
    departures.cancel([consignment.legs.first().departure], by="test", at=MONDAY, reason="no-vehicle")

    assert rerouting.mend(at=MONDAY) == 1
    assert read(consignment).state == ConsignmentState.AWAITING_ROUTE
    routing.route_waiting(limit=10, at=MONDAY)

    assert times(consignment)[0] == (beijing(9, day=1), beijing(10, day=1))
    assert read(consignment).expected_at == beijing(9, 30, day=2)
    [told_of] = told("consignment.rerouted")
    assert (told_of["promised_before"], told_of["promised_at"]) == (
        beijing(9, 30, day=1).astimezone(dt.UTC).isoformat(),
        beijing(9, 30, day=2).astimezone(dt.UTC).isoformat(),
    )
    assert sound()


def test_what_can_go_on_as_planned_is_left_alone():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point)
    routing.route_waiting(limit=10, at=MONDAY)
    other = Departure.objects.exclude(pk__in=consignment.legs.values("departure")).order_by("departs_at")
    departures.cancel(other, by="test", at=MONDAY, reason="no-vehicle")

    assert rerouting.mend(at=MONDAY) == 0
    assert read(consignment).route_version == 1


# On its way


def test_a_cancelled_lane_ahead_is_replaced_from_the_hub_where_the_vehicle_will_be(journey):
    journey.step("drop")
    journey.step("load", at=journey.legs[0].departs_at, departure=journey.legs[0].departure)
    departures.depart(journey.legs[0].departure, by="test", at=beijing(14))
    departures.cancel([journey.legs[1].departure], by="test", at=beijing(15, 30), reason="no-vehicle")

    assert rerouting.mend(at=beijing(15, 30)) == 1

    assert times(journey.consignment) == [
        (beijing(15), beijing(16)),
        (beijing(11, day=1), beijing(12, day=1)),
        (beijing(13, day=1), beijing(14, day=1)),
        (beijing(8, day=2), beijing(9, day=2)),
    ]
    assert read(journey.consignment).state == ConsignmentState.IN_TRANSIT
    assert read(journey.consignment).route_version == 2
    assert sound()


def test_what_a_broken_vehicle_carried_goes_on_from_the_hub_that_unloads_it(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    lane = journey.legs[1]
    journey.step("load", at=lane.departs_at, departure=lane.departure)
    departures.depart(lane.departure, by="test", at=lane.departs_at)
    departures.break_down(lane.departure, by="test", at=lane.departs_at + 10 * MINUTE)
    assert rerouting.mend(at=lane.departs_at + 11 * MINUTE) == 1, "its promise is taken back"
    assert rerouting.mend(at=lane.departs_at + 12 * MINUTE) == 0, "nobody knows yet where it will be brought"

    journey.step("unload", at=beijing(19), hub=journey.network.county)
    assert rerouting.mend(at=beijing(19)) == 1

    ahead = times(journey.consignment)
    assert ahead[0] == (beijing(15), beijing(16))
    assert ahead[2] == (beijing(11, day=1), beijing(12, day=1)), "the next lane from where it was brought back to"
    journey.consignment.refresh_from_db()
    again = journey.consignment.legs.filter(released_at=None, departs_at=beijing(11, day=1)).get().departure
    journey.step("load", at=beijing(11, day=1), departure=again)
    assert journey.states() == [ParcelState.LOADED] * 2
    assert sound()


def test_what_arrives_too_late_for_its_next_departure_gets_a_later_one_while_it_is_aboard(journey):
    journey.step("drop")
    journey.step("load", at=journey.legs[0].departs_at, departure=journey.legs[0].departure)
    departures.depart(journey.legs[0].departure, by="test", at=beijing(14))
    departures.delay(journey.legs[0].departure, minutes=90, by="test", at=beijing(15, 20))

    assert rerouting.mend(at=beijing(15, 20)) == 1

    ahead = times(journey.consignment)
    assert ahead[0] == (beijing(15), beijing(17, 30))
    assert ahead[1] == (beijing(11, day=1), beijing(12, day=1))
    assert read(journey.consignment).held_day == dt.date(2026, 3, 4)
    assert sound()


def test_a_delay_that_costs_no_connection_moves_the_hand_over_and_is_told_once(journey):
    journey.travel_to_the_last_round()
    last = journey.legs[3]
    departures.depart(last.departure, by="test", at=last.departure.departs_at)
    departures.delay(last.departure, minutes=45, by="test", at=last.departure.departs_at + MINUTE)

    assert rerouting.mend(at=last.departure.departs_at + MINUTE) == 1
    assert rerouting.mend(at=last.departure.departs_at + 2 * MINUTE) == 0

    row = read(journey.consignment)
    assert (row.planned_at, row.expected_at) == (beijing(9, 45, day=1), beijing(10, 15, day=1))
    [late] = told("consignment.late")
    assert late["promised_at"] == beijing(10, 15, day=1).astimezone(dt.UTC).isoformat()
    assert row.route_version == 1


def test_a_few_minutes_are_not_worth_a_message(journey):
    journey.travel_to_the_last_round()
    last = journey.legs[3]
    departures.delay(last.departure, minutes=10, by="test", at=beijing(7, day=1))

    assert rerouting.mend(at=beijing(7, day=1)) == 1
    assert told("consignment.late") == []


def test_what_is_loaded_but_cancelled_is_unloaded_where_it_stands(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    lane = journey.legs[1]
    journey.step("load", at=beijing(16, 30), departure=lane.departure)
    departures.cancel([lane.departure], by="test", at=beijing(16, 40), reason="no-vehicle")
    journey.step("unload", at=beijing(16, 50), hub=journey.network.county)

    assert rerouting.mend(at=beijing(16, 50)) == 1
    assert sound()


# Parcels that part


def test_a_parcel_that_was_left_behind_gets_legs_of_its_own_and_follows(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    lane = journey.legs[1]
    journey.step("load", number=0, at=lane.departs_at, departure=lane.departure)
    departures.depart(lane.departure, by="test", at=lane.departs_at)

    assert rerouting.mend(at=lane.departs_at + HOUR) == 1

    went, stayed = journey.parcels
    stayed.refresh_from_db()
    own = list(Leg.objects.filter(parcel=stayed, released_at=None).order_by("sequence"))
    assert stayed.strayed and not Parcel.objects.get(pk=went.pk).strayed
    assert own[0].departs_at == beijing(11, day=1)
    assert read(journey.consignment).route_version == 1
    assert read(journey.consignment).planned_at == own[-1].arrives_at
    assert rerouting.mend(at=lane.departs_at + HOUR + MINUTE) == 0, "both are on a way that holds"
    assert sound()

    hubs = [journey.network.prefecture, journey.network.other_county]
    for leg, hub in zip(own[:-1], hubs, strict=True):
        scans.load(stayed, departure=leg.departure, nonce=f"own-{leg.pk}", by="test", at=leg.departs_at)
        scans.unload(stayed, hub=hub, nonce=f"own-off-{leg.pk}", by="test", at=leg.arrives_at)
    scans.load(stayed, departure=own[-1].departure, nonce="own-last", by="test", at=own[-1].departs_at)
    journey.step("unload", number=0, at=journey.legs[1].arrives_at, hub=journey.network.prefecture)
    journey.ride(3, hub=journey.network.other_county, number=0)
    journey.step("load", number=0, at=journey.legs[3].departs_at, departure=journey.legs[3].departure)
    for parcel in journey.parcels:
        scans.receive(
            parcel, point=journey.network.point, shelf="A-01", nonce=f"r{parcel.pk}", by="test", at=own[-1].arrives_at
        )
    assert read(journey.consignment).state == ConsignmentState.AT_POINT


def test_a_parcel_that_was_left_behind_again_is_sent_on_again(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    lane = journey.legs[1]
    journey.step("load", number=0, at=lane.departs_at, departure=lane.departure)
    left = journey.parcels[1]

    for day, at in enumerate((lane.departs_at + HOUR, beijing(12, day=1), beijing(18, day=1), beijing(12, day=2))):
        assert rerouting.mend(at=at) == 1, day

    own = Leg.objects.filter(parcel=left, released_at=None).order_by("sequence")
    assert own.first().departs_at == beijing(17, day=2)
    assert sorted(set(Leg.objects.filter(parcel=left).values_list("route_version", flat=True))) == [2, 3, 4, 5]
    assert sound()


def test_a_parcel_that_was_not_set_down_at_its_point_goes_out_again(journey):
    journey.travel_to_the_last_round()
    last = journey.legs[3]
    departures.depart(last.departure, by="test", at=last.departure.departs_at)
    journey.step("receive", number=0, at=last.arrives_at, point=journey.network.point, shelf="A-01")
    journey.step("unload", number=1, at=last.departure.arrives_at, hub=journey.network.other_county)

    assert rerouting.mend(at=beijing(10, 5, day=1)) == 1

    [again] = Leg.objects.filter(parcel=journey.parcels[1], released_at=None)
    assert again.departs_at == beijing(14, day=1)
    assert read(journey.consignment).planned_at == again.arrives_at
    assert rerouting.mend(at=beijing(10, 6, day=1)) == 0
    assert sound()


# Those for which there is nothing to do


@pytest.fixture
def _stranded(journey) -> None:
    """It lies at its first hub, and no vehicle leaves there any more."""
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    onward = Departure.objects.filter(lane__origin=journey.network.county)
    departures.cancel(onward, by="test", at=beijing(16, 10), reason="no-vehicle")


@pytest.mark.usefixtures("_stranded")
def test_what_cannot_go_on_is_logged_once_and_looked_at_less_and_less_often(journey, caplog):
    looked_at = []
    for minutes in range(60):
        rerouting.mend(at=beijing(16, 10) + minutes * MINUTE)
        if (until := read(journey.consignment).routing_lease_until) not in looked_at:
            looked_at.append(until)

    assert caplog.messages == [f"no way on for {journey.consignment.number}"]
    apart = [(after - before) // MINUTE for before, after in pairwise(looked_at)]
    assert (apart[0], apart, apart[-1]) == (1, sorted(apart), 10)
    assert sound()


@pytest.mark.usefixtures("_stranded")
def test_what_could_not_go_on_does_as_soon_as_it_is_looked_at_again(journey):
    assert rerouting.mend(at=beijing(16, 10)) == 0
    logistics.lane(journey.network.county, journey.network.prefecture, dt.time(19))
    departures.open_departures(at=beijing(16, 20), until=MONDAY.date())

    assert rerouting.mend(at=beijing(16, 20)) == 1

    assert read(journey.consignment).routing_lease_until is None
    assert sound()


@pytest.mark.usefixtures("_stranded")
def test_those_that_can_never_go_on_do_not_keep_others_from_their_turn(journey, settings):
    settings.ROUTING_BATCH = 1
    unsent = logistics.consignment(journey.network.stop, journey.network.point, at=beijing(16, 30))
    routing.route_waiting(limit=10, at=beijing(16, 30))
    # The next morning's rounds to the point are cancelled as well, after the other one was found and passed over.
    rerouting.mend(at=beijing(16, 30))
    departures.cancel(
        Departure.objects.filter(pk__in=unsent.legs.values("departure")),
        by="test",
        at=beijing(16, 31),
        reason="closure",
    )

    rerouting.mend(at=beijing(16, 31))

    assert read(unsent).state == ConsignmentState.AWAITING_ROUTE


def test_one_that_cannot_be_mended_for_a_fault_of_ours_keeps_no_other_from_it(journey, monkeypatch, caplog):
    unsent = logistics.consignment(journey.network.stop, journey.network.point)
    routing.route_waiting(limit=10, at=MONDAY)
    legs = Leg.objects.filter(released_at=None).values("departure")
    departures.cancel(Departure.objects.filter(pk__in=legs), by="test", at=MONDAY, reason="closure")
    holds = rerouting.ways_of

    def failing(consignment: Consignment, at: dt.datetime) -> list:
        if consignment.pk == journey.consignment.pk:
            raise ZeroDivisionError
        return holds(consignment, at)

    monkeypatch.setattr(rerouting, "ways_of", failing)

    assert rerouting.mend(at=MONDAY) == 1
    assert rerouting.mend(at=MONDAY) == 0

    assert read(unsent).state == ConsignmentState.AWAITING_ROUTE
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_parcel_left_at_the_stop_follows_from_there(journey):
    journey.step("drop")
    journey.step("load", number=0, at=journey.legs[0].departs_at, departure=journey.legs[0].departure)

    assert rerouting.mend(at=journey.legs[0].departs_at + HOUR) == 1

    own = Leg.objects.filter(parcel=journey.parcels[1], released_at=None).order_by("sequence")
    assert own.first().departs_at == beijing(9, day=1)
    assert sound()


# The point's day


def test_the_point_keeps_crates_for_the_day_on_which_it_comes_after_all():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point, crates=3)
    routing.route_waiting(limit=10, at=MONDAY)
    departures.cancel([consignment.legs.first().departure], by="test", at=MONDAY, reason="no-vehicle")
    rerouting.mend(at=MONDAY)

    routing.route_waiting(limit=10, at=MONDAY)

    assert read(consignment).held_day == dt.date(2026, 3, 4)
    assert dict(PointDay.objects.values_list("day", "held")) == {dt.date(2026, 3, 3): 0, dt.date(2026, 3, 4): 3}
    assert sound()


def test_a_full_day_is_passed_over_and_a_closed_point_keeps_the_old_one():
    network = logistics.small_network()
    made = logistics.consignments([(network.stop, network.point)] * 2, crates=3)
    routing.route_waiting(limit=10, at=MONDAY)
    PointDay.objects.create(
        point=network.point, day=dt.date(2026, 3, 4), storage_class=StorageClass.AMBIENT, capacity=3, held=0
    )
    rerouting.reroute(made, at=MONDAY, by="test", reason="asked")

    routing.route_waiting(limit=10, at=beijing(15, 30))

    assert sorted(read(each).held_day for each in made) == [dt.date(2026, 3, 4), dt.date(2026, 3, 5)]
    PickupPoint.objects.filter(pk=network.point.pk).update(state=PointState.SUSPENDED)
    rerouting.reroute(made, at=MONDAY, by="test", reason="asked")
    routing.route_waiting(limit=10, at=beijing(15, 30, day=3))
    assert sorted(read(each).held_day for each in made) == [dt.date(2026, 3, 4), dt.date(2026, 3, 5)]
    assert sound()


def test_nothing_comes_before_the_day_for_which_its_crates_are_held():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point, held_day=dt.date(2026, 3, 5))

    routing.route_waiting(limit=10, at=MONDAY)

    assert read(consignment).expected_at == beijing(9, 30, day=3)


# An order's consignments


def test_consignments_of_one_order_come_on_one_vehicle_where_it_costs_no_time():
    network = logistics.small_network()
    first, second = logistics.consignments(
        [(network.stop, network.point)] * 2, promised_at=beijing(16, day=2), expected_at=beijing(16, day=2)
    )
    Consignment.objects.filter(pk=second.pk).update(order=first.order, ready_from=beijing(16))

    routing.route_waiting(limit=10, at=MONDAY)

    lasts = {Leg.objects.filter(consignment=each).last().departure_id for each in (first, second)}
    assert len(lasts) == 1
    assert sound()


def test_a_consignment_is_not_kept_waiting_past_its_own_promise():
    network = logistics.small_network()
    first, second = logistics.consignments([(network.stop, network.point)] * 2, promised_at=beijing(9, 30, day=1))
    Consignment.objects.filter(pk=second.pk).update(order=first.order, ready_from=beijing(16))

    routing.route_waiting(limit=10, at=MONDAY)

    assert read(first).expected_at == beijing(9, 30, day=1)
    assert read(second).expected_at > beijing(9, 30, day=1)


def test_a_departure_that_does_not_run_is_taken_by_nobody():
    network = logistics.small_network()
    departures.cancel(Departure.objects.filter(day=MONDAY.date()), by="test", at=MONDAY, reason="closure")
    consignment = logistics.consignment(network.stop, network.point)

    routing.route_waiting(limit=10, at=MONDAY)

    assert not consignment.legs.filter(departure__state=DepartureState.CANCELLED).exists()
