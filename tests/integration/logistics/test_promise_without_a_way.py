"""What no vehicle can bring: its promise is taken back after some tries, and made anew when one can."""

import datetime as dt

import pytest
from django.db import transaction

from core import events, invariants
from core.events import Event
from logistics.models import Consignment, Departure
from logistics.services import departures, expectations, rerouting, routing
from logistics.states import ConsignmentState
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db
LATER = dt.timedelta(minutes=20)


@pytest.fixture
def stranded():
    """An order whose departures are all cancelled, and no other is there."""
    made = shop.shop()
    order = shop.order(made.point, shop.listing(made.seller))
    (consignment,) = shop.routed(order)
    departures.cancel(Departure.objects.all(), by="test", at=MONDAY, reason="no-vehicle")
    rerouting.mend(at=MONDAY)
    return made, order, consignment


def tried(times: int) -> None:
    for number in range(times):
        routing.route_waiting(limit=10, at=MONDAY + (1 + number) * LATER)


def read(consignment: Consignment) -> Consignment:
    return Consignment.objects.get(pk=consignment.pk)


def test_it_is_not_told_before_some_tries_and_then_once(stranded):
    _made, _order, consignment = stranded
    tried(2)
    assert read(consignment).expected_at is not None

    tried(5)

    after = read(consignment)
    assert after.state == ConsignmentState.AWAITING_ROUTE
    assert after.is_taken_back
    assert after.promised_at == consignment.promised_at, "it stays for the figures"
    told = Event.objects.filter(name="consignment.late", stream_id=consignment.number)
    assert [event.payload["promised_at"] for event in told] == [None]


def test_its_buyer_hears_that_nobody_knows_the_day_and_then_the_new_one(stranded):
    _made, order, consignment = stranded
    tried(3)
    events.publish()
    reading.read_events(at=MONDAY)
    assert "定了就告诉您" in Message.objects.filter(order_number=order.number, channel="SMS").last().body
    departures.open_departures(at=MONDAY + dt.timedelta(days=6), until=MONDAY.date() + dt.timedelta(days=9))

    routing.route_waiting(limit=10, at=MONDAY + dt.timedelta(days=6))

    after = read(consignment)
    assert after.state == ConsignmentState.ROUTED
    assert after.expected_at > consignment.promised_at
    told = Event.objects.filter(stream_id=consignment.number, payload__has_key="promised_before").order_by("pk").last()
    assert told.payload["promised_at"] == after.expected_at.isoformat()


def test_a_first_day_that_comes_back_is_told_as_promised(stranded):
    _made, order, consignment = stranded
    tried(3)
    events.publish()
    reading.read_events(at=MONDAY)
    Message.objects.update(state="SENT")
    Departure.objects.update(state="SCHEDULED")

    routing.route_waiting(limit=10, at=MONDAY + dt.timedelta(hours=3))
    events.publish()
    reading.read_events(at=MONDAY)

    assert read(consignment).expected_at == consignment.promised_at
    text = Message.objects.filter(order_number=order.number, channel="SMS").latest("pk").body
    assert "仍按原来约定" in text
    assert "抱歉" not in text


def test_what_was_cancelled_meanwhile_is_not_told_late(stranded):
    _made, _order, consignment = stranded
    Consignment.objects.filter(pk=consignment.pk).update(state=ConsignmentState.CANCELLED)

    with transaction.atomic():
        assert expectations.take_back([consignment], reason="no-route", by="test", at=MONDAY) == 0

    assert not Event.objects.filter(name="consignment.late").exists()


def test_what_stands_at_a_hub_with_no_way_on_is_taken_back_and_made_anew(journey):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    at = journey.legs[0].arrives_at
    ahead = Departure.objects.filter(departs_at__gt=at)
    departures.cancel(ahead, by="test", at=at, reason="no-vehicle")

    for number in range(2):
        rerouting.mend(at=at + (1 + number) * LATER)
    assert not read(journey.consignment).is_taken_back
    for number in range(2, 6):
        rerouting.mend(at=at + (1 + number) * LATER)

    assert read(journey.consignment).is_taken_back
    told = Event.objects.filter(name="consignment.late", stream_id=journey.consignment.number)
    assert [event.payload["promised_at"] for event in told] == [None], "once"
    departures.open_departures(at=at + dt.timedelta(days=6), until=at.date() + dt.timedelta(days=9))
    assert rerouting.mend(at=at + dt.timedelta(days=6)) == 1
    assert read(journey.consignment).expected_at is not None
    assert invariants.findings(["L1"]) == []
