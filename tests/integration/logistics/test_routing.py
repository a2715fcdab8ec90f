import datetime as dt
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import invariants
from core.clock import BEIJING
from core.events import Event
from core.storage_class import StorageClass
from logistics import snapshots
from logistics.models import Consignment, Departure, Leg, Round
from logistics.services import capacity, departures, legs, rerouting, routing
from logistics.services.rerouting import UnableToReroute
from logistics.states import ConsignmentState, DepartureState, Direction
from tests.factories import logistics
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def route(*, at: dt.datetime = MONDAY, limit: int = 200) -> routing.RoutingReport:
    return routing.route_waiting(limit=limit, at=at, by="test")


def beijing(hour: int, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, tzinfo=BEIJING)


def taken() -> dict[int, tuple[int, int]]:
    rows = Departure.objects.exclude(taken_out=0, taken_back=0).values_list("pk", "taken_out", "taken_back")
    return {pk: (out, back) for pk, out, back in rows}


def names(consignment: Consignment) -> list[str]:
    rows = Event.objects.filter(stream="consignment", stream_id=consignment.number).order_by("version")
    return list(rows.values_list("name", flat=True))


def test_a_consignment_is_routed_from_its_stop_over_both_counties_to_its_point():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point, crates=3)

    report = route()

    consignment.refresh_from_db()
    legs = list(consignment.legs.select_related("departure__lane", "departure__round"))
    assert (report.claimed, report.routed, report.unroutable) == (1, 1, 0)
    assert consignment.state == ConsignmentState.ROUTED
    assert (consignment.route_version, consignment.routing_lease_until) == (1, None)
    assert [(leg.sequence, leg.direction, leg.departs_at, leg.arrives_at) for leg in legs] == [
        (1, Direction.BACK, beijing(15), beijing(16)),
        (2, Direction.OUT, beijing(17), beijing(18)),
        (3, Direction.OUT, beijing(5, day=1), beijing(6, day=1)),
        (4, Direction.OUT, beijing(8, day=1), beijing(9, day=1)),
    ]
    assert consignment.planned_at == beijing(9, day=1)
    assert [leg.departure.round and leg.departure.round.hub_id for leg in legs] == [
        network.county.pk,
        None,
        None,
        network.other_county.pk,
    ]
    assert taken() == {leg.departure_id: (3, 0) if leg.direction == Direction.OUT else (0, 3) for leg in legs}
    assert names(consignment) == ["consignment.routed"]


def test_what_is_packed_already_is_packed_when_it_has_its_route():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point, packed_at=MONDAY)

    route()

    consignment.refresh_from_db()
    assert consignment.state == ConsignmentState.PACKED


def test_what_stays_at_its_stop_is_routed_without_legs():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.stop, held_day=MONDAY.date())

    route()

    consignment.refresh_from_db()
    assert (consignment.state, consignment.legs.count()) == (ConsignmentState.ROUTED, 0)
    assert consignment.planned_at == MONDAY


def test_no_leg_departs_before_the_goods_are_ready_or_before_now():
    network = logistics.small_network()
    later = logistics.consignment(network.stop, network.point, ready_from=MONDAY + dt.timedelta(hours=8))
    waited = logistics.consignment(network.stop, network.point)

    route(at=MONDAY + dt.timedelta(hours=24))

    assert later.legs.first().departs_at >= MONDAY + dt.timedelta(hours=24)
    assert waited.legs.first().departs_at >= MONDAY + dt.timedelta(hours=24)


def test_a_departure_takes_no_more_than_its_crates_and_the_rest_goes_later():
    network = logistics.small_network(crates=5)
    made = logistics.consignments([(network.stop, network.point)] * 8, crates=2)

    report = route()

    assert report.routed == 8
    assert max(max(both) for both in taken().values()) == 4
    firsts = {leg.departure_id for leg in Leg.objects.filter(sequence=1)}
    assert len(firsts) == 4
    assert {consignment.legs.count() for consignment in made} == {4}
    assert invariants.findings(["L1"]) == []


def test_a_storage_class_rides_only_where_it_is_kept():
    network = logistics.small_network()
    Round.objects.filter(hub=network.other_county, departs=dt.time(8)).update(storage_classes=[StorageClass.AMBIENT])
    cool = logistics.consignment(network.stop, network.point, storage_class=StorageClass.CHILLED)

    route()

    assert cool.legs.last().arrives_at == beijing(15, day=1)


def test_what_finds_no_way_stays_and_says_so_once():
    network = logistics.small_network(open_at=None)
    consignment = logistics.consignment(network.stop, network.point)

    first, second = route(), route(at=MONDAY + dt.timedelta(hours=1))

    consignment.refresh_from_db()
    assert (first.unroutable, second.unroutable) == (1, 1)
    assert (consignment.state, consignment.routing_attempts) == (ConsignmentState.AWAITING_ROUTE, 2)
    assert names(consignment) == ["consignment.unroutable"]


def test_what_found_no_way_waits_before_it_is_tried_again_and_then_finds_one():
    network = logistics.small_network(open_at=None)
    consignment = logistics.consignment(network.stop, network.point)
    route()
    assert route(at=MONDAY + dt.timedelta(seconds=15)).claimed == 0

    departures.open_departures(at=MONDAY, until=dt.date(2026, 3, 5))
    assert route(at=MONDAY + dt.timedelta(hours=1)).routed == 1

    consignment.refresh_from_db()
    assert consignment.state == ConsignmentState.ROUTED


def test_a_claimed_consignment_is_left_alone_until_its_lease_ends(settings):
    network = logistics.small_network()
    logistics.consignment(
        network.stop, network.point, routing_lease_until=MONDAY + dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS)
    )

    assert route(at=MONDAY + dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS - 1)).claimed == 0
    assert route(at=MONDAY + dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS)).routed == 1


def test_the_oldest_are_claimed_first_and_no_more_than_asked():
    network = logistics.small_network()
    young = logistics.consignment(network.stop, network.point, created_at=MONDAY)
    old = logistics.consignment(network.stop, network.point, created_at=MONDAY - dt.timedelta(hours=1))

    assert route(limit=1).claimed == 1

    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, young.state) == (ConsignmentState.ROUTED, ConsignmentState.AWAITING_ROUTE)


def test_what_was_cancelled_while_it_was_searched_is_not_routed():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point)

    def cancel_meanwhile(*args, **kwargs):
        Consignment.objects.update(state=ConsignmentState.CANCELLED)
        return searched(*args, **kwargs)

    searched = routing._search
    with mock.patch.object(routing, "_search", cancel_meanwhile):
        report = route()

    consignment.refresh_from_db()
    assert (report.routed, consignment.state) == (0, ConsignmentState.CANCELLED)
    assert taken() == {}
    assert not Leg.objects.exists()


def test_a_departure_that_filled_up_meanwhile_is_left_out_and_another_found():
    network = logistics.small_network()
    snapshots.current(MONDAY)
    full = Departure.objects.filter(round__hub=network.county, departs_at=beijing(14)).get()
    Departure.objects.filter(pk=full.pk).update(taken_back=full.crates)
    consignment = logistics.consignment(network.stop, network.point)

    report = route()

    assert report.routed == 1
    assert consignment.legs.first().departs_at == beijing(9, day=1)


def test_room_that_was_given_back_meanwhile_is_found():
    network = logistics.small_network(crates=1)
    Departure.objects.filter(lane=None).update(taken_out=1, taken_back=1)
    snapshots.current(MONDAY)
    Departure.objects.update(taken_out=0, taken_back=0)
    consignment = logistics.consignment(network.stop, network.point)

    report = route()

    consignment.refresh_from_db()
    assert report.routed == 1
    assert consignment.planned_at == beijing(9, day=1)


def test_a_batch_takes_a_handful_of_queries_however_many_it_routes():
    network = logistics.small_network()
    logistics.consignments([(network.stop, network.point)] * 60)
    snapshots.current(MONDAY)

    with CaptureQueriesContext(connection) as captured:
        assert route().routed == 60

    assert len(captured) <= 18, "SQLite writes the many rows in two or three statements"


# Taking routes away


def test_releasing_gives_the_crates_back():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point, crates=3)
    other = logistics.consignment(network.stop, network.point)
    route()

    with transaction.atomic():
        assert legs.release([consignment], at=MONDAY, by="test") == 4

    assert {max(both) for both in taken().values()} == {1}
    assert not consignment.legs.filter(released_at=None).exists()
    assert other.legs.filter(released_at=None).count() == 4


def test_releasing_twice_gives_nothing_more():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point)
    route()

    with transaction.atomic():
        legs.release([consignment], at=MONDAY, by="test")
        assert legs.release([consignment], at=MONDAY, by="test") == 0

    assert taken() == {}


def test_a_rerouted_consignment_waits_and_gets_the_next_version():
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point)
    route()

    rerouting.reroute([consignment], at=MONDAY + MINUTE, by="test", reason="asked")
    consignment.refresh_from_db()
    assert consignment.waiting_since == MONDAY + MINUTE
    assert (consignment.state, consignment.planned_at) == (ConsignmentState.AWAITING_ROUTE, None)
    assert taken() == {}
    route()

    consignment.refresh_from_db()
    assert (consignment.state, consignment.route_version) == (ConsignmentState.ROUTED, 2)
    assert consignment.legs.filter(route_version=2, released_at=None).count() == 4
    routed, unrouted, rerouted = "consignment.routed", "consignment.unrouted", "consignment.rerouted"
    assert names(consignment) == [routed, unrouted, routed, rerouted]
    assert invariants.findings(["L1"]) == []


@pytest.mark.parametrize("state", [ConsignmentState.IN_TRANSIT, ConsignmentState.AT_POINT, ConsignmentState.CANCELLED])
def test_what_has_left_or_ended_is_not_rerouted(state):
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point)
    route()
    Consignment.objects.update(state=state)

    with pytest.raises(UnableToReroute):
        rerouting.reroute([consignment], at=MONDAY, by="test", reason="asked")

    assert consignment.legs.filter(released_at=None).count() == 4


def test_what_missed_its_first_departure_gets_a_later_one():
    network = logistics.small_network()
    missed = logistics.consignment(network.stop, network.point)
    moving = logistics.consignment(network.stop, network.point)
    route()
    Consignment.objects.filter(pk=moving.pk).update(state=ConsignmentState.IN_TRANSIT)

    assert rerouting.mend(at=beijing(15) + 20 * MINUTE) == 0
    assert rerouting.mend(at=beijing(15) + 21 * MINUTE) == 1
    route(at=beijing(15) + 21 * MINUTE)

    assert missed.legs.filter(released_at=None).first().departs_at == beijing(9, day=1)
    assert moving.legs.filter(released_at=None).first().departs_at == beijing(15)


# Crates on departures


def test_crates_are_taken_up_to_the_capacity_and_no_further():
    logistics.small_network(crates=5)
    departure = Departure.objects.first()
    with transaction.atomic():
        capacity.take({(departure.pk, Direction.OUT): 5})

    with pytest.raises(capacity.UnableToTakeCapacity), transaction.atomic():
        capacity.take({(departure.pk, Direction.OUT): 1})
    with pytest.raises(capacity.UnableToGiveCapacity), transaction.atomic():
        capacity.give({(departure.pk, Direction.OUT): 6})
    with transaction.atomic():
        capacity.take({(departure.pk, Direction.BACK): 5})

    assert taken() == {departure.pk: (5, 5)}


def test_a_cancelled_departure_takes_nothing():
    logistics.small_network()
    departure = Departure.objects.first()
    Departure.objects.filter(pk=departure.pk).update(state=DepartureState.CANCELLED)

    with pytest.raises(capacity.UnableToTakeCapacity), transaction.atomic():
        capacity.take({(departure.pk, Direction.OUT): 1})


@pytest.mark.parametrize("column", ["taken_out", "taken_back"])
def test_the_database_itself_refuses_more_than_a_departure_carries(column):
    logistics.small_network(crates=5)

    with pytest.raises(IntegrityError, match="departure_capacity"), transaction.atomic():
        Departure.objects.update(**{column: 6})


@pytest.mark.parametrize(
    ("corrupt", "subject"),
    [
        (lambda: Departure.objects.filter(taken_back=1).update(taken_back=2), "departure"),
        (lambda: Leg.objects.filter(sequence=2).update(crates=9), "departure"),
        (lambda: Consignment.objects.update(route_version=7), "consignment"),
        (lambda: Consignment.objects.update(state=ConsignmentState.CANCELLED), "consignment"),
    ],
)
def test_a_corrupted_row_is_named(corrupt, subject):
    network = logistics.small_network()
    logistics.consignment(network.stop, network.point)
    route()
    assert invariants.findings(["L1"]) == []

    corrupt()

    assert any(finding.subject.startswith(subject) for finding in invariants.findings(["L1"]))
