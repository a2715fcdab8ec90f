"""Sending: once each, tried later, dead in sight; a silent gateway stops nothing."""

import datetime as dt
import smtplib
import time

import pytest
from django.core import mail

from marketplace.communication import gateways
from marketplace.communication.models import Circuit, Message
from marketplace.communication.services import circuits, messages, sending
from marketplace.communication.states import DeadReason, MessageChannel, MessageState
from tests.factories import gateways as outside
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db
PHONE = "+8613812345678"
SMS, EMAIL = MessageChannel.SMS, MessageChannel.EMAIL


def due(**fields) -> Message:
    messages.enqueue_sms(PHONE, name="test", body="您好", at=MONDAY, **fields)
    return Message.objects.latest("pk")


def mail_due(address: str = "zhang@example.cn") -> Message:
    row = messages.email(address, body="订单\n\n您好", name="test", created_at=MONDAY, next_try_at=MONDAY)
    messages.enqueue([row])
    return Message.objects.latest("pk")


def later(minutes: float) -> dt.datetime:
    return MONDAY + dt.timedelta(minutes=minutes)


def test_what_is_due_goes_out_over_http_once(gateway):
    message = due()

    assert sending.send_due(SMS, at=MONDAY) == 1
    assert sending.send_due(SMS, at=later(1440)) == 0

    message.refresh_from_db()
    assert (message.state, message.sent_at) == (MessageState.SENT, MONDAY)
    assert gateway.kept == [(f"message-{message.pk}", "Bearer key", {"to": PHONE, "text": "您好"})]


def test_a_failing_gateway_is_tried_later_and_ends_as_a_dead_letter_that_can_be_replayed(gateway):
    gateway.status = 500
    message, at = due(), MONDAY

    for _ in range(sending.MAX_ATTEMPTS):
        assert sending.send_due(SMS, at=at) == 0
        at += dt.timedelta(hours=2)

    message.refresh_from_db()
    assert (message.state, message.dead_reason, message.attempts) == (MessageState.DEAD, DeadReason.TRIES, 6)
    assert message.last_error == "HTTP 500"
    assert sending.send_due(SMS, at=at) == 0
    assert len(gateway.kept) == sending.MAX_ATTEMPTS

    gateway.status = 200
    assert messages.replay(message, at=at)
    assert sending.send_due(SMS, at=at) == 1
    assert len({key for key, *_rest in gateway.kept}) == 1, "the gateway knows it again by its key"


def test_a_try_waits_longer_each_time(gateway):
    gateway.status = 503
    message, waits = due(), []

    at = MONDAY
    for _ in range(4):
        sending.send_due(SMS, at=at)
        message.refresh_from_db()
        waits.append((message.next_try_at - at).total_seconds())
        at += dt.timedelta(hours=1)

    assert waits == [40, 80, 160, 320]


@pytest.mark.parametrize("status", sorted(gateways.REFUSED_FOR_GOOD))
def test_a_message_that_is_refused_for_good_is_dead_at_once_and_pauses_nothing(gateway, status):
    gateway.status = status
    for _ in range(circuits.FAILURES_ALLOWED + 1):
        due()

    sending.send_due(SMS, at=MONDAY)

    states = set(Message.objects.values_list("state", "dead_reason"))
    assert states == {(MessageState.DEAD, DeadReason.REFUSED)}
    assert circuits.paused_until(SMS, at=MONDAY) is None


def test_a_silent_gateway_times_out_pauses_its_channel_and_the_others_go_on(settings, monkeypatch):
    monkeypatch.setattr(gateways, "TIMEOUT_SECONDS", 0.2)
    for _ in range(10):
        due()
    letter = mail_due()
    with outside.silent() as (address, taken):
        settings.SMS_GATEWAY_URL = address
        began = time.monotonic()

        assert sending.send_due(SMS, at=MONDAY) == 0
        assert sending.send_due(SMS, at=MONDAY) == 0
        assert sending.send_due(EMAIL, at=MONDAY) == 1

        assert time.monotonic() - began < 3
        assert len(taken) == circuits.FAILURES_ALLOWED, "the rest was not tried at all"
    letter.refresh_from_db()
    assert letter.state == MessageState.SENT
    assert Message.objects.filter(channel=SMS, state=MessageState.DUE).count() == 10
    assert "Timeout" in Message.objects.filter(attempts=1).first().last_error
    assert circuits.paused_until(SMS, at=MONDAY) == MONDAY + circuits.FIRST_PAUSE


def test_a_channel_that_answers_again_sends_what_waited(gateway):
    gateway.status = 500
    for _ in range(5):
        due()
    sending.send_due(SMS, at=MONDAY)
    assert len(gateway.kept) == 3

    gateway.status = 200
    assert sending.send_due(SMS, at=later(0.4)) == 0, "it still pauses"
    assert sending.send_due(SMS, at=later(30)) == 5
    assert Circuit.objects.get().failures == 0


def test_one_sender_at_a_time_tries_a_channel_that_failed():
    assert circuits.may_send(SMS, at=MONDAY)
    assert circuits.may_send(SMS, at=MONDAY), "a healthy channel takes any number"
    circuits.failed(SMS, at=MONDAY)

    assert circuits.may_send(SMS, at=MONDAY)
    assert not circuits.may_send(SMS, at=MONDAY), "somebody tries it already"
    assert circuits.may_send(EMAIL, at=MONDAY)
    assert circuits.may_send(SMS, at=later(2)), "that one was lost"

    circuits.succeeded(SMS)
    assert circuits.may_send(SMS, at=later(2))
    assert circuits.may_send(SMS, at=later(2))


def test_a_pause_grows_while_the_gateway_stays_silent(gateway):
    gateway.status = 500
    for _ in range(3):
        circuits.failed(SMS, at=MONDAY)
    circuits.failed(SMS, at=later(1))

    assert circuits.paused_until(SMS, at=later(1)) == later(1) + 2 * circuits.FIRST_PAUSE


def test_a_worker_killed_between_send_and_mark_sends_nothing_twice(gateway, monkeypatch):
    message = due()
    with monkeypatch.context() as killed:
        killed.setattr(circuits, "succeeded", lambda channel: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            sending.send_due(SMS, at=MONDAY)
    message.refresh_from_db()
    assert message.state == MessageState.SENDING

    for minutes in (0.5, 2, 60):
        assert sending.send_due(SMS, at=later(minutes)) == 0

    message.refresh_from_db()
    assert (message.state, message.dead_reason) == (MessageState.DEAD, DeadReason.UNKNOWN)
    assert len(gateway.kept) == 1


def test_without_the_claim_before_the_send_it_would_be_sent_twice(gateway, monkeypatch):
    """The control: had the message stayed DUE while it was sent, the next worker would send it again."""
    message = due()
    with monkeypatch.context() as killed:
        killed.setattr(circuits, "succeeded", lambda channel: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            sending.send_due(SMS, at=MONDAY)
    Message.objects.filter(pk=message.pk).update(state=MessageState.DUE)

    sending.send_due(SMS, at=later(2))

    assert len(gateway.kept) == 2


def test_a_message_that_another_worker_sends_is_left_alone(gateway):
    message = due()
    Message.objects.update(state=MessageState.SENDING, leased_until=later(1))

    assert sending.send_due(SMS, at=MONDAY) == 0

    message.refresh_from_db()
    assert (message.state, gateway.kept) == (MessageState.SENDING, [])


def test_a_code_that_has_run_out_is_not_sent(gateway):
    message = due(good_until=later(10))

    assert sending.send_due(SMS, at=later(10)) == 0

    message.refresh_from_db()
    assert (message.state, message.dead_reason) == (MessageState.DEAD, DeadReason.TOO_LATE)
    assert messages.replay_all(at=later(11)) == 0
    assert gateway.kept == []


def test_production_without_a_gateway_fails_in_sight(settings):
    settings.SMS_GATEWAY_URL, settings.DEMO_MESSAGES_PAGE = "", False
    due()

    assert sending.send_due(SMS, at=MONDAY) == 0

    assert "SMS_GATEWAY_URL" in Message.objects.get().last_error


def test_an_email_has_its_subject_and_a_key_of_its_own(settings):
    settings.EMAIL_URL = "smtp://mail.example.cn"
    message = mail_due()

    assert sending.send_due(EMAIL, at=MONDAY) == 1

    (sent,) = mail.outbox
    assert (sent.subject, sent.body, sent.to) == ("订单", "您好", ["zhang@example.cn"])
    assert sent.extra_headers["Message-ID"].startswith(f"<message-{message.pk}@")


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (smtplib.SMTPRecipientsRefused({"zhang@example.cn": (550, b"no")}), "DEAD", "REFUSED"),
        (smtplib.SMTPRecipientsRefused({"zhang@example.cn": (451, b"later")}), "DUE", None),
        (smtplib.SMTPDataError(554, b"no"), "DEAD", "REFUSED"),
        (smtplib.SMTPServerDisconnected("gone"), "DEAD", "UNKNOWN"),
        (TimeoutError(), "DEAD", "UNKNOWN"),
    ],
)
def test_a_mail_servers_word_is_understood(settings, monkeypatch, error, state, reason):
    settings.EMAIL_URL = "smtp://mail.example.cn"
    message = mail_due()

    def refuse(self):
        raise error

    monkeypatch.setattr(mail.EmailMessage, "send", refuse)

    assert sending.send_due(EMAIL, at=MONDAY) == 0

    message.refresh_from_db()
    assert (message.state, message.dead_reason) == (state, reason)


def test_a_mail_server_that_cannot_be_reached_is_tried_again(settings, monkeypatch):
    settings.EMAIL_URL = "smtp://mail.example.cn"
    message = mail_due()

    def refuse(**options):
        raise ConnectionRefusedError

    monkeypatch.setattr(mail, "get_connection", lambda **options: type("Gone", (), {"open": staticmethod(refuse)}))

    assert sending.send_due(EMAIL, at=MONDAY) == 0

    message.refresh_from_db()
    assert message.state == MessageState.DUE
