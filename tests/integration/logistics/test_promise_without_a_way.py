"""What no vehicle can bring: its promise is taken back after some tries, and made anew when one can."""

import datetime as dt

import pytest

from core import events
from core.events import Event
from logistics.models import Consignment, Departure
from logistics.services import departures, rerouting, routing
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
