"""From awaiting payment to awaiting a route."""

import datetime as dt

import pytest

from core.events import Event
from logistics.models import Consignment
from logistics.services import routing, waiting
from logistics.services.waiting import UnableToWait
from logistics.states import ConsignmentState
from tests.factories import logistics
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
PAID_AT = MONDAY + dt.timedelta(minutes=20)


def unpaid(count: int = 2) -> list[Consignment]:
    network = logistics.small_network()
    ways = [(network.stop, network.point)] * count
    return logistics.consignments(ways, state=ConsignmentState.AWAITING_PAYMENT)


def test_what_is_paid_waits_since_then_and_is_routed():
    made = unpaid()
    assert routing.route_waiting(limit=10, at=PAID_AT, by="test").claimed == 0

    assert waiting.begin(made, by="test", at=PAID_AT) == 2

    rows = set(Consignment.objects.values_list("state", "waiting_since"))
    assert rows == {(ConsignmentState.AWAITING_ROUTE, PAID_AT)}
    told = Event.objects.filter(name="consignment.paid").order_by("stream_id")
    assert [event.stream_id for event in told] == sorted(each.number for each in made)
    assert told[0].payload["after"] == ConsignmentState.AWAITING_ROUTE
    assert routing.route_waiting(limit=10, at=PAID_AT, by="test").routed == 2


def test_what_does_not_await_its_payment_is_refused_and_then_nothing_is_changed():
    made = unpaid()
    Consignment.objects.filter(pk=made[1].pk).update(state=ConsignmentState.CANCELLED)

    with pytest.raises(UnableToWait):
        waiting.begin(made, by="test", at=PAID_AT)

    assert Consignment.objects.get(pk=made[0].pk).state == ConsignmentState.AWAITING_PAYMENT
    assert not Event.objects.filter(name="consignment.paid").exists()
