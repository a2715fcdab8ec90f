"""Dead letters and paused channels stand in sight of platform staff, without any words of the messages; N1 speaks."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from core import clock, events, invariants
from marketplace.communication.models import Circuit, Message
from marketplace.communication.services import circuits, messages, reading, sending
from marketplace.communication.states import DeadReason, MessageState
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(
        shop.user(is_staff=True, is_superuser=True), backend="marketplace.users.backends.PhoneOrEmailBackend"
    )
    return client


def dead(reason: str = DeadReason.TRIES, **fields) -> Message:
    messages.enqueue_sms("+8613812345678", name="consignment.arrived", body="提货码 482 3917 5", at=MONDAY, **fields)
    message = Message.objects.latest("pk")
    Message.objects.filter(pk=message.pk).update(state=MessageState.DEAD, dead_reason=reason, attempts=6)
    return message


def n1() -> list[str]:
    return [finding.message for finding in invariants.findings(["N1"])]


def test_staff_see_what_died_and_why_but_no_words_and_no_number(staff):
    dead(DeadReason.UNKNOWN)

    text = staff.get(reverse("dashboard:dead-letters")).content.decode()

    assert "可提货" in text
    assert "不知道发出去没有" in text
    assert "…5678" in text
    assert "482" not in text
    assert "13812345678" not in text


def test_one_or_all_are_sent_again(staff):
    first, second, third = dead(), dead(), dead(good_until=MONDAY)

    staff.post(reverse("dashboard:replay", args=[first.pk]))
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {first.pk: MessageState.DUE, second.pk: MessageState.DEAD, third.pk: MessageState.DEAD}

    answer = staff.post(reverse("dashboard:replay-all"), follow=True)
    assert "1 条消息会重新发送" in answer.content.decode()
    assert Message.objects.filter(state=MessageState.DEAD).get() == third
    assert sending.send_due("SMS", at=MONDAY) == 2


def test_a_paused_channel_is_told(staff):
    for _ in range(circuits.FAILURES_ALLOWED):
        circuits.failed("SMS", at=MONDAY)

    text = staff.get(reverse("dashboard:dead-letters")).content.decode()

    assert "短信没有回应" in text


def test_the_order_page_tells_what_was_told(client):
    made = shop.shop()
    buyer = shop.user()
    order = shop.order(made.point, shop.listing(made.seller), by=buyer)
    events.publish()
    reading.read_events(at=MONDAY)
    client.force_login(buyer, backend="marketplace.users.backends.PhoneOrEmailBackend")

    text = client.get(reverse("customer:order", args=[order.number])).content.decode()

    assert "给您的消息" in text
    assert f"订单 {order.number} 已确认" in text


def test_n1_is_silent_where_all_is_told():
    made = shop.shop()
    shop.order(made.point, shop.listing(made.seller))
    assert n1() == [], "what the reader has not come to yet is not late"
    events.publish()
    reading.read_events(at=MONDAY)

    assert n1() == []


def test_n1_names_what_was_read_and_not_told():
    made = shop.shop()
    shop.order(made.point, shop.listing(made.seller))
    events.publish()
    reading.read_events(at=MONDAY)
    Message.objects.all().delete()

    assert [message for message in n1() if "order.placed" in message]


def test_n1_names_what_is_due_and_forgotten_unless_its_channel_pauses():
    messages.enqueue_sms("+8613812345678", name="test", body="x", at=MONDAY - dt.timedelta(hours=1))
    assert len(n1()) == 1

    Circuit.objects.create(channel="SMS", failures=3)
    assert n1() == []


def test_n1_names_a_sender_that_was_lost():
    messages.enqueue_sms("+8613812345678", name="test", body="x", at=MONDAY)
    Message.objects.update(state=MessageState.SENDING, leased_until=MONDAY - dt.timedelta(hours=1))
    assert n1() == ["its sender was lost and nobody buried it"]

    sending.bury_unknown(at=MONDAY)
    assert n1() == []


def test_n1_names_an_event_that_was_told_twice():
    made = shop.shop()
    shop.order(made.point, shop.listing(made.seller))
    events.publish()
    reading.read_events(at=MONDAY)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX message_once")
        row = Message.objects.filter(channel="SMS").get()
        row.pk = None
        row.save(force_insert=True)

        assert [message for message in n1() if "told 2 times" in message]
        transaction.set_rollback(True)
