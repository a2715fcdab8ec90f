import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone

from core import clock, invariants
from core.events import Event
from core.storage_class import StorageClass
from logistics import queries
from logistics.models import Consignment, Departure, Hub, HubWorker, Parcel, Round, Scan
from logistics.services import rerouting, routing, scans, steps
from logistics.services.scans import (
    AlreadyLoaded,
    NotTheirs,
    UnableToDrop,
    UnableToLoad,
    UnableToReceive,
    UnableToScan,
    UnableToUnload,
)
from logistics.services.steps import Sensed
from logistics.states import ConsignmentState, DepartureState, ParcelState, ScanKind
from tests.factories import logistics, villages
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def person(django_user_model):
    return django_user_model.objects.create_user(email="person@example.com")


def test_parcels_travel_from_the_stop_to_the_shelf(journey):
    journey.travel_to_the_last_round()
    assert journey.state() == ConsignmentState.IN_TRANSIT

    arrived = journey.legs[3].arrives_at
    journey.step("receive", at=arrived, point=journey.network.point, shelf="A-07")

    consignment = Consignment.objects.get()
    assert consignment.state == ConsignmentState.AT_POINT
    assert (consignment.arrived_at, consignment.collect_by) == (arrived, arrived + 168 * HOUR)
    assert {(parcel.state, parcel.shelf, parcel.hub_id, parcel.departure_id) for parcel in Parcel.objects.all()} == {
        (ParcelState.AT_POINT, "A-07", None, None)
    }
    assert consignment.handed_over_from == arrived
    assert Scan.objects.count() == 18
    names = list(Event.objects.filter(stream="consignment").order_by("version").values_list("name", flat=True))
    assert names == ["consignment.routed", "consignment.arrived"]
    first = Event.objects.filter(stream="parcel", stream_id=journey.parcels[0].number).order_by("version")
    assert list(first.values_list("name", flat=True)) == [
        "parcel.dropped",
        *["parcel.loaded", "parcel.unloaded"] * 3,
        "parcel.loaded",
        "parcel.received",
    ]


def test_what_comes_after_the_point_closed_is_handed_over_when_it_opens(journey):
    journey.travel_to_the_last_round()

    late = dt.datetime(2026, 3, 3, 22, tzinfo=clock.BEIJING)
    journey.step("receive", at=late, point=journey.network.point, shelf="A-07")

    opens = late.replace(day=4, hour=8)
    assert Consignment.objects.get().handed_over_from == opens
    told = Event.objects.get(name="consignment.arrived").payload
    assert told["handed_over_from"] == opens.astimezone(dt.UTC).isoformat()


def test_a_consignment_waits_for_its_last_parcel(journey):
    journey.travel_to_the_last_round()

    journey.step("receive", at=journey.legs[3].arrives_at, number=0, point=journey.network.point, shelf="A-01")

    assert journey.state() == ConsignmentState.IN_TRANSIT
    assert not Event.objects.filter(name="consignment.arrived").exists()


def test_chilled_goods_are_to_be_collected_within_a_day():
    network = logistics.small_network()
    logistics.consignment(network.stop, network.stop, storage_class=StorageClass.CHILLED, packed_at=MONDAY, parcels=1)
    routing.route_waiting(limit=10, at=MONDAY, by="test")
    parcel = Parcel.objects.get()
    scans.drop(parcel, nonce="1", by="test", at=MONDAY)

    scans.receive(parcel, point=network.stop, shelf="C-01", nonce="2", by="test", at=MONDAY)

    consignment = Consignment.objects.get()
    assert (consignment.state, consignment.collect_by) == (ConsignmentState.AT_POINT, MONDAY + 24 * HOUR)


@pytest.mark.parametrize(("others_come", "kept"), [(3, 24), (24, 30), (40, 46), (60, 48)])
def test_the_first_part_of_an_order_is_kept_until_the_last_can_be_had_too(others_come, kept):
    network = logistics.small_network()
    cold = {"storage_class": StorageClass.CHILLED}
    first = logistics.consignment(network.stop, network.stop, packed_at=MONDAY, parcels=1, **cold)
    routing.route_waiting(limit=10, at=MONDAY, by="test")
    other = logistics.consignment(network.stop, network.stop, promised_at=MONDAY, **cold)
    Consignment.objects.filter(pk=other.pk).update(order=first.order, expected_at=MONDAY + others_come * HOUR)
    parcel = Parcel.objects.get()
    scans.drop(parcel, nonce="1", by="test", at=MONDAY)

    scans.receive(parcel, point=network.stop, shelf="C-01", nonce="2", by="test", at=MONDAY)

    first.refresh_from_db()
    assert first.collect_by == MONDAY + kept * HOUR


def test_a_repeated_upload_is_one_scan(journey):
    parcel = journey.parcels[0]

    first = scans.drop(parcel, nonce="once", by="test", at=MONDAY)
    again = scans.drop(parcel, nonce="once", by="test", at=MONDAY + HOUR)

    assert first == again
    assert Scan.objects.count() == Event.objects.filter(stream="parcel").count() == 1


def test_a_nonce_of_another_parcel_is_refused(journey):
    scans.drop(journey.parcels[0], nonce="once", by="test", at=MONDAY)

    with pytest.raises(UnableToScan):
        scans.drop(journey.parcels[1], nonce="once", by="test", at=MONDAY)

    assert journey.states() == [ParcelState.AT_STOP, ParcelState.PACKED]


def test_a_reading_sent_again_is_the_same_scan_though_the_parcel_has_gone_on(journey):
    parcel, leg = journey.parcels[0], journey.legs[0]
    journey.step("drop")
    loaded = scans.load(parcel, departure=leg.departure, nonce="once", by="test", at=leg.departs_at)
    journey.step("unload", number=0, at=leg.arrives_at, hub=journey.network.county)

    again = scans.load(parcel, departure=leg.departure, nonce="once", by="test", at=leg.arrives_at)
    as_another_kind = scans.unload(parcel, hub=journey.network.county, nonce="once", by="test", at=leg.arrives_at)

    assert loaded == again == as_another_kind
    assert journey.states() == [ParcelState.AT_HUB, ParcelState.AT_STOP]


def test_a_nonce_that_two_parcels_use_at_the_same_moment_is_refused(journey, monkeypatch):
    first, second = journey.parcels
    scans.drop(first, nonce="once", by="test", at=MONDAY)
    # Both looked before either had written: neither saw the other's reading.
    monkeypatch.setattr(steps, "repeated", lambda *about: None)

    with pytest.raises(UnableToScan):
        scans.drop(second, nonce="once", by="test", at=MONDAY)

    assert Scan.objects.filter(nonce="once").count() == 1
    assert journey.states() == [ParcelState.AT_STOP, ParcelState.PACKED]


def test_a_scan_that_the_database_refuses_for_another_reason_is_no_refusal(journey):
    with pytest.raises(IntegrityError):
        scans.drop(
            journey.parcels[0],
            nonce="1",
            by="test",
            at=MONDAY,
            sensed=Sensed(latitude=Decimal(99), longitude=Decimal(1)),
        )


def test_a_nonce_of_somebody_else_is_refused(journey, person):
    scans.drop(journey.parcels[0], nonce="once", by="test", at=MONDAY)

    with pytest.raises(UnableToScan):
        scans.drop(journey.parcels[0], nonce="once", by=person, at=MONDAY)


def test_what_is_loaded_already_is_told_when_and_stays(journey):
    leg = journey.legs[0]
    journey.step("drop")
    journey.step("load", at=leg.departs_at, departure=leg.departure)

    with pytest.raises(AlreadyLoaded, match=f"{timezone.localtime(leg.departs_at):%H:%M}"):
        scans.load(journey.parcels[0], departure=leg.departure, nonce="2", by="test", at=leg.departs_at + HOUR)

    assert journey.states() == [ParcelState.LOADED] * 2
    assert Scan.objects.filter(kind=ScanKind.LOADED).count() == 2


def test_a_vehicle_that_has_not_left_is_not_unloaded(journey):
    leg = journey.legs[0]
    before = leg.departure.departs_at - dt.timedelta(minutes=1)
    journey.step("drop")
    journey.step("load", at=before, departure=leg.departure)

    with pytest.raises(UnableToUnload):
        journey.step("unload", at=before, hub=journey.network.county)
    assert journey.states() == [ParcelState.LOADED] * 2

    Departure.objects.filter(pk=leg.departure_id).update(state=DepartureState.DEPARTED)
    journey.step("unload", at=before, hub=journey.network.county)
    assert journey.states() == [ParcelState.AT_HUB] * 2


def test_a_vehicle_that_has_not_left_brings_nothing_to_a_point(journey):
    journey.travel_to_the_last_round()
    before = journey.legs[3].departure.departs_at - dt.timedelta(minutes=1)

    with pytest.raises(UnableToReceive):
        journey.step("receive", at=before, point=journey.network.point, shelf="A-01")

    assert journey.states() == [ParcelState.LOADED] * 2


def test_a_parcel_is_dropped_once(journey):
    journey.step("drop")

    with pytest.raises(UnableToDrop):
        scans.drop(journey.parcels[0], nonce="another", by="test", at=MONDAY)


def test_a_parcel_is_loaded_on_the_departures_of_its_route_only(journey):
    journey.step("drop")
    other = Departure.objects.exclude(pk__in=[leg.departure_id for leg in journey.legs]).first()

    with pytest.raises(UnableToLoad):
        journey.step("load", departure=other)
    with pytest.raises(UnableToLoad):
        journey.step("load", departure=journey.legs[1].departure)

    assert journey.states() == [ParcelState.AT_STOP] * 2
    assert journey.state() == ConsignmentState.PACKED


def test_a_parcel_that_is_still_with_the_seller_cannot_be_loaded(journey):
    with pytest.raises(UnableToLoad):
        journey.step("load", departure=journey.legs[0].departure)

    assert journey.state() == ConsignmentState.PACKED


def test_a_departure_of_a_route_that_was_released_takes_no_parcel(journey):
    journey.step("drop")
    rerouting.reroute([journey.consignment], at=MONDAY, by="test", reason="asked")

    with pytest.raises(UnableToLoad):
        journey.step("load", departure=journey.legs[0].departure)


def test_a_parcel_is_unloaded_where_its_departure_ends(journey):
    journey.step("drop")
    with pytest.raises(UnableToUnload):
        journey.step("unload", hub=journey.network.county)
    journey.step("load", departure=journey.legs[0].departure)

    with pytest.raises(UnableToUnload):
        journey.step("unload", hub=journey.network.prefecture)

    assert journey.states() == [ParcelState.LOADED] * 2


def test_a_parcel_is_received_at_its_own_point_only(journey):
    journey.travel_to_the_last_round()

    with pytest.raises(UnableToReceive):
        journey.step("receive", point=journey.network.stop, shelf="A-01")

    assert journey.states() == [ParcelState.LOADED] * 2


def test_a_second_reception_is_told_where_the_parcel_stands(journey):
    journey.travel_to_the_last_round()
    journey.step("receive", at=journey.legs[3].arrives_at, point=journey.network.point, shelf="A-01")

    with pytest.raises(UnableToReceive, match="A-01"):
        scans.receive(
            journey.parcels[0], point=journey.network.point, shelf="B-02", nonce="again", by="test", at=MONDAY
        )

    assert Parcel.objects.filter(shelf="A-01").count() == 2


# What misses its departure on the way


def test_what_stands_at_a_hub_when_its_departure_has_left_gets_a_way_on_from_there(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    missed_at = journey.legs[1].departs_at + dt.timedelta(minutes=21)

    assert rerouting.mend(at=missed_at) == 1

    consignment = Consignment.objects.get()
    legs = list(consignment.legs.filter(released_at=None).select_related("departure"))
    assert (consignment.state, consignment.route_version) == (ConsignmentState.IN_TRANSIT, 2)
    assert [(leg.route_version, leg.sequence) for leg in legs] == [(2, 1), (2, 2), (2, 3), (2, 4)]
    assert legs[0] == journey.legs[0]
    assert legs[1].departs_at == journey.legs[1].departs_at + 18 * HOUR
    assert consignment.planned_at == legs[3].arrives_at
    assert consignment.legs.exclude(released_at=None).count() == 3
    assert Event.objects.filter(name="consignment.rerouted").count() == 1
    assert invariants.findings(["L1"]) == []
    journey.step("load", departure=legs[1].departure)
    with pytest.raises(UnableToLoad):
        scans.load(journey.parcels[0], departure=journey.legs[1].departure, nonce="old", by="test", at=missed_at)


def test_what_is_on_the_way_in_time_keeps_its_route(journey):
    journey.step("drop")
    journey.step("load", departure=journey.legs[0].departure)
    assert rerouting.mend(at=journey.legs[0].arrives_at + dt.timedelta(minutes=30)) == 0
    journey.step("unload", at=journey.legs[0].arrives_at, hub=journey.network.county)

    assert rerouting.mend(at=journey.legs[1].departs_at + dt.timedelta(minutes=20)) == 0

    assert Consignment.objects.get().route_version == 1


def test_what_finds_no_way_on_keeps_its_legs_and_can_still_be_loaded(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    Departure.objects.filter(departs_at__gt=journey.legs[1].departs_at).update(state=DepartureState.CANCELLED)
    late = journey.legs[1].departs_at + HOUR

    assert rerouting.mend(at=late) == 0

    journey.step("load", at=late, departure=journey.legs[1].departure)
    assert journey.states() == [ParcelState.LOADED] * 2


# Who may


def test_a_stranger_scans_nothing_anywhere(journey, person):
    places = [
        ("drop", {}),
        ("load", {"departure": journey.legs[0].departure}),
        ("unload", {"hub": journey.network.county}),
        ("receive", {"point": journey.network.point, "shelf": "A-01"}),
    ]
    for verb, place in places:
        with pytest.raises(NotTheirs):
            journey.step(verb, by=person, **place)

    assert journey.states() == [ParcelState.PACKED] * 2
    assert not Scan.objects.exists()


def test_a_person_of_another_place_scans_nothing(journey, person):
    villages.point().operators.create(user=person, since=MONDAY)
    HubWorker.objects.create(hub=journey.network.other_county, user=person, since=MONDAY)
    Round.objects.filter(hub=journey.network.other_county).update(driver=person)
    journey.step("drop")

    for verb, place in [
        ("load", {"departure": journey.legs[0].departure}),
        ("unload", {"hub": journey.network.county}),
        ("receive", {"point": journey.network.point, "shelf": "A-01"}),
    ]:
        with pytest.raises(NotTheirs):
            journey.step(verb, by=person, **place)

    assert journey.states() == [ParcelState.AT_STOP] * 2


def test_an_operator_who_left_receives_nothing(journey, person):
    journey.travel_to_the_last_round()
    journey.network.point.operators.create(user=person, since=MONDAY, until=MONDAY)

    with pytest.raises(NotTheirs):
        journey.step("receive", by=person, point=journey.network.point, shelf="A-01")


def test_each_scans_at_the_own_place(journey, django_user_model):
    seller, driver, worker, operator = (
        django_user_model.objects.create_user(email=f"{name}@example.com") for name in ("s", "d", "w", "o")
    )
    journey.consignment.seller.users.add(seller)
    Round.objects.update(driver=driver)
    for hub in Hub.objects.all():
        HubWorker.objects.create(hub=hub, user=worker, since=MONDAY)
    journey.network.point.operators.create(user=operator, since=MONDAY)

    journey.step("drop", by=seller)
    journey.step("load", by=driver, departure=journey.legs[0].departure)
    journey.step("unload", by=worker, at=journey.legs[0].arrives_at, hub=journey.network.county)
    journey.ride(2, by=worker, hub=journey.network.prefecture)
    journey.ride(3, by=worker, hub=journey.network.other_county)
    journey.step("load", by=driver, departure=journey.legs[3].departure)
    journey.step("receive", by=operator, at=journey.legs[3].arrives_at, point=journey.network.point, shelf="A-01")

    assert journey.state() == ConsignmentState.AT_POINT
    assert Scan.objects.filter(kind=ScanKind.RECEIVED, actor=f"user:{operator.pk}").count() == 2


def test_people_see_the_parcels_and_departures_of_their_own_places(journey, django_user_model):
    operator, worker, driver, stranger = (
        django_user_model.objects.create_user(email=f"{name}@example.com") for name in ("o", "w", "d", "x")
    )
    journey.network.point.operators.create(user=operator, since=MONDAY)
    HubWorker.objects.create(hub=journey.network.county, user=worker, since=MONDAY)
    Round.objects.filter(pk=journey.legs[0].departure.round_id).update(driver=driver)

    assert Parcel.objects.at_points_of(operator).count() == 2
    assert Parcel.objects.at_stops_of(operator).count() == 0
    assert Parcel.objects.visible_to_movers(worker).count() == 2
    assert Parcel.objects.visible_to_movers(driver).count() == 2
    assert list(Hub.objects.visible_to(worker)) == [journey.network.county]
    assert journey.legs[0].departure in Departure.objects.visible_to(driver)
    assert journey.legs[2].departure not in Departure.objects.visible_to(worker)
    for found in (
        Parcel.objects.at_points_of(stranger),
        Parcel.objects.visible_to_movers(stranger),
        Departure.objects.visible_to(stranger),
        Hub.objects.visible_to(stranger),
    ):
        assert not found.exists()


# Shelves


def test_the_emptiest_shelves_of_the_storage_class_are_suggested(journey):
    assert queries.shelf_suggestions(journey.consignment) == ["A-01", "A-02", "A-03"]

    Parcel.objects.filter(pk=journey.parcels[0].pk).update(state=ParcelState.AT_POINT, shelf="A-02")
    other = logistics.consignment(journey.network.stop, journey.network.point)

    assert queries.shelf_suggestions(other) == ["A-01", "A-03", "A-04"]
    assert queries.shelf_suggestions(journey.consignment) == ["A-02", "A-01", "A-03"]
    Consignment.objects.filter(pk=other.pk).update(storage_class=StorageClass.FROZEN)
    other.refresh_from_db()
    assert queries.shelf_suggestions(other, limit=1) == ["F-01"]
