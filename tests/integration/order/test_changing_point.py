"""Changing the pickup point of an order: until the vehicle to the point has been loaded."""

import datetime as dt

import pytest

from core import invariants
from core.clock import BEIJING
from core.models import Event
from core.storage_class import StorageClass
from logistics.models import Consignment, Leg, Parcel
from logistics.promises import Refusal
from logistics.services import arrivals, departures, redirecting, rerouting, routing, scans
from logistics.states import ConsignmentState
from marketplace.order.services import cancelling
from marketplace.order.services.redirecting import (
    UnableToChangePoint,
    change_point,
    leave_closed_points,
    may_change_point,
    on_their_way,
)
from marketplace.storefront import timelines
from tests.factories import logistics, shop, villages
from tests.factories.shop import MONDAY
from villages.models import PickupPoint, PointDay
from villages.states import PointState

pytestmark = pytest.mark.django_db
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
SOUND = ["C1", "C2", "L1", "M1", "S1"]


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


@pytest.fixture
def made() -> shop.Shop:
    return shop.shop()


@pytest.fixture
def elsewhere(made) -> PickupPoint:
    """A point on a round of 石门's own hub, on the far side of the seller."""
    point = villages.point("430726001002")
    for departs in (dt.time(8, 30), dt.time(14, 30)):
        logistics.round_(made.network.county, departs, point)
    departures.open_departures(at=MONDAY, until=MONDAY.date() + dt.timedelta(days=5))
    return point


def refused(order, point, *, at: dt.datetime = MONDAY) -> str:
    """Ask for what must be refused; return the sentence, having seen that nothing changed."""
    before = list(Consignment.objects.order_by("pk").values()), list(PointDay.objects.order_by("pk").values())
    told = Event.objects.count()
    with pytest.raises(UnableToChangePoint) as caught:
        change_point(order, point_id=point.pk, by=None, at=at)
    assert (list(Consignment.objects.order_by("pk").values()), list(PointDay.objects.order_by("pk").values())) == before
    assert Event.objects.count() == told
    order.refresh_from_db()
    assert order.pickup_point_id != point.pk or "已经" in str(caught.value)
    return str(caught.value)


def ride(parcel: Parcel, leg: Leg, hub) -> None:
    scans.load(parcel, departure=leg.departure, nonce=f"on{leg.pk}", by="test", at=leg.departs_at)
    scans.unload(parcel, hub=hub, nonce=f"off{leg.pk}", by="test", at=leg.arrives_at)


def legs_of(consignment: Consignment) -> list[Leg]:
    return list(consignment.legs.filter(released_at=None).order_by("sequence").select_related("departure"))


def own_legs(parcel: Parcel) -> list[Leg]:
    """Return the legs in force that a parcel rides alone."""
    return list(parcel.own_legs.filter(released_at=None).order_by("sequence").select_related("departure__round"))


def test_an_order_that_was_not_sent_is_routed_to_the_other_point(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    [consignment] = shop.routed(order)

    change_point(order, point_id=elsewhere.pk, by=None, at=MONDAY)
    routing.route_waiting(limit=10, at=MONDAY)

    order.refresh_from_db()
    consignment.refresh_from_db()
    assert (order.pickup_point, consignment.point) == (elsewhere, elsewhere)
    assert consignment.state == ConsignmentState.ROUTED
    assert len(legs_of(consignment)) == 2
    held = {(row.point_id, row.day): row.held for row in PointDay.objects.all()}
    assert held == {
        (made.point.pk, dt.date(2026, 3, 3)): 0,
        (elsewhere.pk, consignment.held_day): consignment.crates,
    }
    [told] = Event.objects.filter(name="order.point_changed").values_list("payload", flat=True)
    assert (told["before"], told["after"]) == (made.point.pk, elsewhere.pk)
    assert invariants.findings(SOUND) == []


def test_what_stands_at_a_hub_goes_on_from_there(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    [consignment] = shop.packed(order)
    [parcel] = consignment.parcels.all()
    first = legs_of(consignment)[0]
    scans.drop(parcel, nonce="drop", by="test", at=MONDAY)
    ride(parcel, first, made.network.county)

    change_point(order, point_id=elsewhere.pk, by=None, at=beijing(16, 5))

    consignment.refresh_from_db()
    now = legs_of(consignment)
    assert now[0].departure_id == first.departure_id
    assert [(leg.departs_at, leg.sequence) for leg in now[1:]] == [(beijing(8, 30, day=1), 2)]
    assert (consignment.state, consignment.route_version) == (ConsignmentState.IN_TRANSIT, 2)
    assert consignment.expected_at == consignment.promised_at == beijing(10, day=1)
    scans.load(parcel, departure=now[1].departure, nonce="again", by="test", at=now[1].departs_at)
    assert invariants.findings(SOUND) == []


def test_what_is_on_the_vehicle_to_the_point_stays_bound_for_it(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    [consignment] = shop.packed(order)
    [parcel] = consignment.parcels.all()
    legs = legs_of(consignment)
    scans.drop(parcel, nonce="drop", by="test", at=MONDAY)
    for leg, hub in zip(
        legs[:3], (made.network.county, made.network.prefecture, made.network.other_county), strict=True
    ):
        ride(parcel, leg, hub)
    assert may_change_point(order)
    scans.load(parcel, departure=legs[3].departure, nonce="last", by="test", at=legs[3].departs_at)

    assert not may_change_point(order)
    assert "来不及" in refused(order, elsewhere, at=legs[3].departs_at)


def test_what_a_broken_vehicle_carries_says_so_and_its_page_names_no_day(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    [consignment] = shop.packed(order)
    [parcel] = consignment.parcels.all()
    first = legs_of(consignment)[0]
    scans.drop(parcel, nonce="drop", by="test", at=MONDAY)
    scans.load(parcel, departure=first.departure, nonce="on", by="test", at=first.departs_at)
    departures.depart(first.departure, by="test", at=first.departs_at)
    departures.break_down(first.departure, by="test", at=first.departs_at)

    assert "停在路上" in refused(order, elsewhere, at=first.departs_at)
    rerouting.mend(at=first.departs_at)

    [travel] = timelines.of(list(order.consignments.all()))
    assert [step.at for step in travel.steps if step.state == "todo"] == [None, None]
    assert invariants.findings(SOUND) == []


def test_a_point_that_cannot_take_it_says_why(made, elsewhere):
    frozen = shop.listing(made.seller, storage_class=StorageClass.FROZEN)
    order = shop.order(made.point, frozen)
    elsewhere.capacities.filter(storage_class=StorageClass.FROZEN).delete()

    assert refused(order, elsewhere) == str(Refusal.NOT_KEPT.label)
    assert redirecting.offers(on_their_way(order), points=[elsewhere], at=MONDAY) == {elsewhere.pk: Refusal.NOT_KEPT}


def test_a_closed_point_the_same_point_and_no_point_are_refused(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))

    assert "已经" in refused(order, made.point)
    PickupPoint.objects.filter(pk=elsewhere.pk).update(state=PointState.SUSPENDED)
    assert elsewhere.name in refused(order, elsewhere)
    refused(order, PickupPoint(pk=10**9))


def test_an_order_that_ended_stays_where_it_was(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    cancelling.cancel(order, by=None, at=MONDAY)

    assert not may_change_point(order)
    refused(order, elsewhere)


def test_where_it_is_counted_stays_what_it_was_when_placed(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    change_point(order, point_id=elsewhere.pk, by=None, at=MONDAY)

    cancelling.cancel(order, by=None, at=MONDAY)

    [told] = Event.objects.filter(name="consignment.cancelled").values_list("payload", flat=True)
    assert told["point_county"] == made.point.county_code
    assert invariants.findings(SOUND) == []


def test_orders_bound_for_a_point_that_closes_go_to_the_nearest_that_can_have_them(made, elsewhere):
    kept = shop.order(elsewhere, shop.listing(made.seller))
    left = shop.order(made.point, shop.listing(made.seller))
    PickupPoint.objects.filter(pk=made.point.pk).update(state=PointState.SUSPENDED)
    promised = left.consignments.get().promised_at

    assert leave_closed_points(by="test", at=MONDAY) == 1
    assert leave_closed_points(by="test", at=MONDAY) == 0

    left.refresh_from_db()
    kept.refresh_from_db()
    assert left.consignments.get().promised_at == promised
    assert left.pickup_point.state == PointState.OPEN
    assert kept.pickup_point == elsewhere
    [told] = Event.objects.filter(name="order.point_changed").values_list("payload", flat=True)
    assert (told["order"], told["reason"]) == (left.number, "point-closed")
    assert invariants.findings(SOUND) == []


def test_without_another_point_an_order_stays_bound_for_the_closed_one(made, caplog):
    order = shop.order(made.point, shop.listing(made.seller))
    PickupPoint.objects.update(state=PointState.CLOSED)

    assert leave_closed_points(by="test", at=MONDAY) == 0

    order.refresh_from_db()
    assert order.pickup_point == made.point
    assert order.number in caplog.text
    assert leave_closed_points(by="test", at=MONDAY) == 0
    [told] = Event.objects.filter(name="order.point_closed").values_list("payload", flat=True)
    assert told == {"order": order.number, "point": made.point.pk}, "it is said once"


def test_the_timeline_names_the_point_that_an_order_was_sent_to(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    shop.routed(order)
    change_point(order, point_id=elsewhere.pk, by=None, at=MONDAY)
    routing.route_waiting(limit=10, at=MONDAY)

    [travel] = timelines.of(list(order.consignments.all()))

    assert ("改送提货点", elsewhere.name) in [(step.words, step.detail) for step in travel.steps]
    assert elsewhere.name not in [step.detail for step in travel.steps if step.words != "改送提货点"]


@pytest.fixture
def parted(made):
    """An order of two parcels at two hubs: one was left behind in 石门 when the lane to 常德 left."""
    order = shop.order(made.point, shop.listing(made.seller))
    [consignment] = shop.packed(order)
    [went] = consignment.parcels.all()
    stayed = Parcel.objects.create(
        number="9990000000001", consignment=consignment, sequence=2, crates=1, packed_at=MONDAY
    )
    first, second = legs_of(consignment)[:2]
    for parcel in (went, stayed):
        scans.drop(parcel, nonce=f"drop{parcel.pk}", by="test", at=MONDAY)
        scans.load(parcel, departure=first.departure, nonce=f"on{parcel.pk}", by="test", at=first.departs_at)
        scans.unload(parcel, hub=made.network.county, nonce=f"off{parcel.pk}", by="test", at=first.departs_at + HOUR)
    scans.load(went, departure=second.departure, nonce="lane", by="test", at=second.departs_at)
    scans.unload(went, hub=made.network.prefecture, nonce="lane-off", by="test", at=second.arrives_at)
    assert rerouting.mend(at=second.arrives_at) == 1
    return order, went, stayed, second.arrives_at


def test_parts_in_different_places_each_go_their_own_way_to_the_other_point(made, elsewhere, parted):
    order, _went, stayed, at = parted

    change_point(order, point_id=elsewhere.pk, by=None, at=at)

    [consignment] = order.consignments.all()
    together = [leg for leg in legs_of(consignment) if leg.parcel_id is None]
    last = [together[-1], own_legs(stayed)[-1]]
    assert {leg.departure.round.stops.get().point for leg in last} == {elsewhere}
    assert consignment.planned_at == max(leg.arrives_at for leg in last)
    assert len(own_legs(stayed)) == 1, "it lies at the hub whose round goes there"
    assert rerouting.mend(at=at + MINUTE) == 0, "both are on a way that holds"
    assert invariants.findings(["L1", "S1", "M1"]) == []
    change_point(order, point_id=made.point.pk, by=None, at=at + MINUTE)
    assert invariants.findings(["L1", "S1", "M1"]) == []


def test_what_lies_together_again_goes_on_together(made, elsewhere, parted):
    order, went, stayed, at = parted
    scans_at = at + HOUR
    arrivals.take_in(went, hub=made.network.county, nonce="back", by="test", at=scans_at)

    change_point(order, point_id=elsewhere.pk, by=None, at=scans_at)

    [consignment] = order.consignments.all()
    assert not consignment.parcels.filter(strayed=True).exists()
    assert own_legs(stayed) == []
    onward = legs_of(consignment)[-1]
    assert rerouting.mend(at=scans_at + MINUTE) == 0
    for parcel in (went, stayed):
        scans.load(parcel, departure=onward.departure, nonce=f"o{parcel.pk}", by="test", at=onward.departs_at)
        scans.receive(parcel, point=elsewhere, shelf="A", nonce=f"r{parcel.pk}", by="test", at=onward.arrives_at)
    consignment.refresh_from_db()
    assert consignment.state == ConsignmentState.AT_POINT
    assert invariants.findings(["L1", "S1", "M1"]) == []


def test_a_closed_point_is_left_by_parts_in_different_places_too(made, elsewhere, parted):
    order, _went, _stayed, at = parted
    PickupPoint.objects.filter(pk=made.point.pk).update(state=PointState.CLOSED)

    assert leave_closed_points(by="test", at=at) == 1

    order.refresh_from_db()
    assert order.pickup_point != made.point
    assert invariants.findings(["L1", "S1", "M1"]) == []


def test_what_turns_up_where_the_others_lie_is_sent_on_with_them(made, parted):
    order, went, stayed, at = parted
    later = at + 30 * HOUR
    arrivals.take_in(went, hub=made.network.county, nonce="back", by="test", at=later)

    assert rerouting.mend(at=later) == 1

    [consignment] = order.consignments.all()
    assert not consignment.parcels.filter(strayed=True).exists()
    assert own_legs(stayed) == []
    assert rerouting.mend(at=later + MINUTE) == 0
    assert invariants.findings(["L1", "S1", "M1"]) == []
    # Parting again, it has legs of its own again.
    onward = next(leg for leg in legs_of(consignment) if leg.departs_at > later)
    scans.load(went, departure=onward.departure, nonce="again", by="test", at=onward.departs_at)
    assert rerouting.mend(at=onward.departs_at + HOUR) == 1
    assert rerouting.mend(at=onward.departs_at + HOUR + MINUTE) == 0
    assert own_legs(stayed)
    assert invariants.findings(["L1", "S1", "M1"]) == []


@pytest.mark.parametrize("missed", ["late", "taken back", "past"])
def test_a_missed_promise_stays_when_the_buyer_takes_another_point(made, elsewhere, missed):
    order = shop.order(made.point, shop.listing(made.seller))
    (consignment,) = shop.routed(order)
    promised = consignment.promised_at
    at = MONDAY
    if missed == "late":
        Consignment.objects.filter(pk=consignment.pk).update(expected_at=promised + HOUR)
    elif missed == "past":
        Consignment.objects.filter(pk=consignment.pk).update(promised_at=MONDAY - MINUTE)
        promised = MONDAY - MINUTE
    else:
        Consignment.objects.filter(pk=consignment.pk).update(promised_at=MONDAY - HOUR, expected_at=None)
        promised = MONDAY - HOUR

    change_point(order, point_id=elsewhere.pk, by=None, at=at)

    after = Consignment.objects.get(pk=consignment.pk)
    assert after.promised_at == promised, "it counts as missed"
    assert after.expected_at != promised


def test_a_promise_that_could_be_kept_is_a_new_one_at_another_point(made, elsewhere):
    order = shop.order(made.point, shop.listing(made.seller))
    (consignment,) = shop.routed(order)

    change_point(order, point_id=elsewhere.pk, by=None, at=MONDAY)

    after = Consignment.objects.get(pk=consignment.pk)
    assert after.promised_at == after.expected_at != consignment.promised_at
