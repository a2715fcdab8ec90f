"""Several senders at once, and a sender that is killed with SIGKILL: nobody gets a message twice."""

import datetime as dt
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from marketplace.communication.models import Message
from marketplace.communication.services import messages, sending
from marketplace.communication.states import DeadReason, MessageState
from tests.concurrency.racing import race
from tests.factories import gateways
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
TOTAL = 12

WORKER = """
import datetime as dt, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
settings.SMS_GATEWAY_URL = sys.argv[3]
from marketplace.communication import gateways
from marketplace.communication.services import sending
gateways.TIMEOUT_SECONDS = 60
sending.send_due("SMS", at=dt.datetime.fromisoformat(sys.argv[2]))
"""


def due(count: int = TOTAL) -> None:
    for number in range(count):
        messages.enqueue_sms(f"+861380000{number:04d}", name="test", body="您好", at=MONDAY)


def test_four_senders_at_once_send_each_message_once(settings):
    due()
    with gateways.answering() as (settings.SMS_GATEWAY_URL, gateway):
        counts = race([partial(sending.send_due, "SMS", at=MONDAY)] * 4)

    assert sum(counts) == TOTAL
    assert Counter(key for key, *_rest in gateway.kept).most_common(1)[0][1] == 1
    assert set(Message.objects.values_list("state", "attempts")) == {(MessageState.SENT, 1)}


def test_without_the_guard_of_the_claim_some_are_sent_twice(settings, monkeypatch):
    """The control: a claim that does not ask whether the message is still due."""
    due()
    monkeypatch.setattr(sending, "STILL_DUE", {})
    with gateways.answering() as (settings.SMS_GATEWAY_URL, gateway):
        race([partial(sending.send_due, "SMS", at=MONDAY)] * 4)

    assert len(gateway.kept) > TOTAL


def test_a_sender_killed_while_the_gateway_is_silent_leaves_a_letter_for_staff(settings):
    due(1)
    with gateways.silent() as (address, taken):
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(connection.settings_dict["NAME"]), MONDAY.isoformat(), address], cwd=ROOT
        )
        _until(lambda: taken)
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=30)
    assert Message.objects.get().state == MessageState.SENDING

    with gateways.answering() as (settings.SMS_GATEWAY_URL, gateway):
        for minutes in (0.5, 2, 600):
            assert sending.send_due("SMS", at=MONDAY + dt.timedelta(minutes=minutes)) == 0
        message = Message.objects.get()
        assert (message.state, message.dead_reason) == (MessageState.DEAD, DeadReason.UNKNOWN)
        assert gateway.kept == []

        messages.replay(message, at=MONDAY)
        assert sending.send_due("SMS", at=MONDAY) == 1


def _until(happened, *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
