"""Sending what is due: claimed before it is sent, so that a worker that dies in between never sends it twice."""

import datetime as dt
import logging

from django.db.models import Exists, F, OuterRef, Q

from marketplace.communication import gateways
from marketplace.communication.models import Message
from marketplace.communication.services import circuits
from marketplace.communication.states import DeadReason, MessageState

log = logging.getLogger(__name__)
LEASE = dt.timedelta(seconds=60)
MAX_ATTEMPTS = 6
_UNDER_WAY = (MessageState.DUE, MessageState.SENDING)
FIRST_WAIT = dt.timedelta(seconds=20)
# The guard that lets a message be claimed once. The tests take it off to show the second one.
STILL_DUE = {"state": MessageState.DUE}


def send_due(channel: str, *, at: dt.datetime, limit: int = 100) -> int:
    """Send what is due on a channel and return how many were sent; nothing while the channel pauses.

    A message is moved to SENDING, with a lease, before the gateway is called. Where the lease ran out, its worker died
    and nobody knows whether it was sent: it becomes a dead letter that only staff send again.
    """
    bury_unknown(at=at)
    due = Message.objects.filter(channel=channel, state=MessageState.DUE, next_try_at__lte=at)
    due.filter(good_until__lte=at).update(state=MessageState.DEAD, dead_reason=DeadReason.TOO_LATE)
    # What an order's buyer is told comes in the order in which it happened, also after a gateway was silent.
    earlier = Message.objects.filter(
        order_number=OuterRef("order_number"), channel=channel, pk__lt=OuterRef("pk"), state__in=_UNDER_WAY
    )
    due = due.filter(Q(order_number="") | ~Exists(earlier))
    sent = 0
    for pk in list(due.order_by("next_try_at", "pk").values_list("pk", flat=True)[:limit]):
        if not circuits.may_send(channel, at=at):
            break
        taken = Message.objects.filter(pk=pk, **STILL_DUE).update(
            state=MessageState.SENDING, leased_until=at + LEASE, attempts=F("attempts") + 1
        )
        if taken:
            sent += _send(Message.objects.get(pk=pk), at)
        else:
            circuits.let_go(channel)
    return sent


def bury_unknown(*, at: dt.datetime) -> int:
    """Make dead letters of the messages whose sender was lost on the way; return how many."""
    lost = Message.objects.filter(state=MessageState.SENDING, leased_until__lt=at)
    return lost.update(state=MessageState.DEAD, dead_reason=DeadReason.UNKNOWN, leased_until=None)


def _send(message: Message, at: dt.datetime) -> bool:
    try:
        gateways.of(message.channel).send(message.recipient, message.body, key=f"message-{message.pk}")
    except gateways.UnableToSend as error:
        circuits.failed(message.channel, at=at)
        spent = message.attempts >= MAX_ATTEMPTS
        _end(message, error, DeadReason.TRIES if spent else None, at + FIRST_WAIT * 2**message.attempts)
        return False
    except gateways.UnableToSendEver as error:
        circuits.succeeded(message.channel)  # it answers: the fault is the message's
        _end(message, error, DeadReason.REFUSED, at)
        return False
    except gateways.UnableToTellWhetherSent as error:
        circuits.failed(message.channel, at=at)
        _end(message, error, DeadReason.UNKNOWN, at)
        return False
    circuits.succeeded(message.channel)
    # A sender that outlived its lease knows better than the sweep that gave it up.
    unknown = Q(state=MessageState.DEAD, dead_reason=DeadReason.UNKNOWN)
    Message.objects.filter(Q(state=MessageState.SENDING) | unknown, pk=message.pk, attempts=message.attempts).update(
        state=MessageState.SENT, dead_reason=None, sent_at=at, leased_until=None, last_error=""
    )
    return True


def _end(message: Message, error: Exception, reason: DeadReason | None, next_try_at: dt.datetime) -> None:
    log.warning("message %s not sent, try %s: %s", message.pk, message.attempts, error)
    Message.objects.filter(pk=message.pk, state=MessageState.SENDING, attempts=message.attempts).update(
        state=MessageState.DEAD if reason else MessageState.DUE,
        dead_reason=reason,
        next_try_at=next_try_at,
        leased_until=None,
        last_error=str(error)[:255],
    )
