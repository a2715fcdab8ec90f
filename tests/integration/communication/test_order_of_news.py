"""News of one order come in the order in which they happened, and none that newer news have made untrue."""

import datetime as dt

import pytest
from django.db.models import F

from marketplace.communication import invariants
from marketplace.communication.models import Message
from marketplace.communication.services import messages, sending
from marketplace.communication.states import MessageChannel, MessageState
from tests.factories import shop
from tests.factories.shop import MONDAY
from tests.integration.communication.test_reading import THURSDAY, change, ordered, read, texts

pytestmark = pytest.mark.django_db
SMS, PAGE = MessageChannel.SMS, MessageChannel.PAGE
LATER = MONDAY + dt.timedelta(minutes=30)


@pytest.fixture
def made():
    return shop.shop()


def sent(channel: str, *, at: dt.datetime = LATER) -> None:
    """Let everything that is due on a channel go out."""
    while sending.send_due(channel, at=at):
        pass


def tried(channel: str = SMS) -> None:
    """Let the gateway have failed once for all that is due."""
    due = Message.objects.filter(channel=channel, state=MessageState.DUE)
    due.update(attempts=F("attempts") + 1, next_try_at=LATER)


def test_a_text_waits_for_the_earlier_one_of_its_order_and_for_no_other():
    for number, event in (("1", 1), ("1", 2), ("2", 3)):
        row = messages.sms("+8613812345678", name="t", body=f"{number}-{event}", order_number=number, event_id=event,
                           created_at=MONDAY, next_try_at=MONDAY)  # fmt: skip
        messages.enqueue([row])
    Message.objects.filter(event_id=1).update(next_try_at=LATER, attempts=1)

    assert sending.send_due(SMS, at=MONDAY) == 1

    states = dict(Message.objects.values_list("event_id", "state"))
    assert states == {1: MessageState.DUE, 2: MessageState.DUE, 3: MessageState.SENT}
    assert sending.send_due(SMS, at=LATER) == 1, "the first one"
    assert sending.send_due(SMS, at=LATER) == 1, "then the second"


def test_a_dead_letter_holds_up_nothing():
    for event in (1, 2):
        row = messages.sms("+8613812345678", name="t", body="b", order_number="1", event_id=event, created_at=MONDAY,
                           next_try_at=MONDAY)  # fmt: skip
        messages.enqueue([row])
    Message.objects.filter(event_id=1).update(state=MessageState.DEAD, dead_reason="TRIES")

    assert sending.send_due(SMS, at=MONDAY) == 1


def test_that_a_point_is_looked_for_is_not_told_after_one_is_found(made):
    order = ordered(made)
    read()
    change(order, name="order.point_closed", point=order.pickup_point_id)
    read()
    tried()

    change(order, name="order.point_changed", reason="point-closed", promised=THURSDAY)
    read()

    waiting = texts()[1:]
    assert len(waiting) == 1
    assert "暂时不收件" in waiting[0]
    assert "11月26日" in waiting[0]
    assert list(invariants.what_was_read_is_told()) == []


def test_a_day_that_could_not_be_told_is_not_told_after_the_next(made):
    order = ordered(made)
    read()
    sent(SMS)
    change(order, promised=THURSDAY)
    read()
    tried()
    change(order, before=THURSDAY, promised=THURSDAY + dt.timedelta(days=1))
    read()

    assert [("11月26日" in text, "11月27日" in text) for text in texts()[1:]] == [(False, True)]
    assert list(invariants.what_was_read_is_told()) == []


def test_a_route_to_the_point_for_which_another_closed_keeps_the_apology(made):
    order = ordered(made)
    read()
    change(order, name="order.point_changed", reason="point-closed", promised=THURSDAY)
    read()
    change(order, name="consignment.rerouted", before=THURSDAY, promised=THURSDAY + dt.timedelta(days=1))
    read()

    text = texts()[-1]
    assert "暂时不收件" in text
    assert "11月27日" in text


def test_a_channel_on_which_the_move_was_told_is_told_the_day_alone(made):
    order = ordered(made)
    read()
    change(order, name="order.point_changed", promised=THURSDAY)
    read()
    sent(PAGE)
    change(order, name="consignment.late", before=THURSDAY, promised=THURSDAY + dt.timedelta(days=1))
    read()

    page, text = texts(PAGE)[-1], texts(SMS)[-1]
    assert "改到" not in page
    assert "11月27日" in page
    assert "改到" in text, "the phone was not told of the move so far"
    assert len(texts(SMS)) == 2
