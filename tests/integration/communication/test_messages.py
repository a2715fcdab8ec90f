"""Messages: once each, from the log; a silent gateway stops nothing and is seen."""

import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import connection

from core import events
from marketplace.communication.models import Message
from marketplace.communication.services import messages
from marketplace.communication.states import MessageState
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


class Gateway(BaseHTTPRequestHandler):
    """A gateway over HTTP that keeps what it was sent, and answers as it is told."""

    status, kept = 200, []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).kept.append((self.headers["Idempotency-Key"], self.headers["Authorization"], body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def gateway(settings):
    Gateway.status, Gateway.kept = 200, []
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{server.server_port}/"
    settings.SMS_GATEWAY_KEY = "key"
    yield Gateway
    server.shutdown()
    thread.join()
    server.server_close()


def read() -> None:
    events.publish()
    while messages.read_events():
        pass


def test_an_order_and_its_arrival_are_told_once_in_the_buyers_language(gateway):
    made = shop.shop()
    order = shop.order(made.point, shop.listing(made.seller), phone="+8613812345678")

    read()
    read()

    message = Message.objects.get()
    assert (message.name, message.order_number, message.recipient) == ("order.placed", order.number, "+8613812345678")
    assert order.number in message.body
    assert "提货" in message.body or "订单" in message.body


def test_a_message_is_sealed_at_rest():
    made = shop.shop()
    shop.order(made.point, shop.listing(made.seller), phone="+8613812345678")
    read()

    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient, body FROM communication_message")
        recipient, body = cursor.fetchone()

    assert "13812345678" not in recipient
    assert made.point.name not in body


def test_what_is_due_goes_out_over_http_once(gateway):
    messages.enqueue_sms("+8613812345678", name="test", body="您好", at=MONDAY)

    assert messages.send_due(at=MONDAY) == 1
    assert messages.send_due(at=MONDAY + dt.timedelta(days=1)) == 0

    message = Message.objects.get()
    assert message.state == MessageState.SENT
    assert gateway.kept == [(f"message-{message.pk}", "Bearer key", {"to": "+8613812345678", "text": "您好"})]


def test_a_failing_gateway_is_tried_later_and_ends_as_a_dead_letter_that_can_be_replayed(gateway):
    gateway.status = 500
    messages.enqueue_sms("+8613812345678", name="test", body="您好", at=MONDAY)
    at = MONDAY

    for _ in range(messages.MAX_ATTEMPTS):
        assert messages.send_due(at=at) == 0
        at += dt.timedelta(hours=2)

    message = Message.objects.get()
    assert (message.state, message.attempts) == (MessageState.DEAD, messages.MAX_ATTEMPTS)
    assert "500" in message.last_error
    assert messages.send_due(at=at) == 0
    assert len(gateway.kept) == messages.MAX_ATTEMPTS

    gateway.status = 200
    messages.replay(message, at=at)
    assert messages.send_due(at=at) == 1
    assert len({key for key, *_rest in gateway.kept}) == 1


def test_a_gateway_that_is_not_there_stops_nothing(settings):
    settings.SMS_GATEWAY_URL = "http://127.0.0.1:9/"
    made = shop.shop()
    order = shop.order(made.point, shop.listing(made.seller))
    read()

    assert messages.send_due(at=MONDAY) == 0

    assert shop.routed(order)[0].state == "ROUTED"
    assert Message.objects.get().state == MessageState.DUE


def test_production_without_a_gateway_fails_in_sight(settings):
    settings.SMS_GATEWAY_URL, settings.DEMO_MESSAGES_PAGE = "", False
    messages.enqueue_sms("+8613812345678", name="test", body="您好", at=MONDAY)

    assert messages.send_due(at=MONDAY) == 0

    assert "SMS_GATEWAY_URL" in Message.objects.get().last_error


def test_a_message_that_another_worker_holds_is_left_alone(gateway):
    messages.enqueue_sms("+8613812345678", name="test", body="您好", at=MONDAY)
    Message.objects.update(leased_until=MONDAY + dt.timedelta(seconds=30))

    assert messages.send_due(at=MONDAY) == 0
    assert messages.send_due(at=MONDAY + dt.timedelta(seconds=61)) == 1
