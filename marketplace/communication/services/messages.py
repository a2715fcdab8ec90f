"""Messages as rows: written in the transaction of what calls for them, made due again by staff."""

import datetime as dt
from collections.abc import Iterable

from core import phones
from core.nudges import nudge
from core.sealed import digest
from marketplace.communication.models import Message
from marketplace.communication.states import MessageChannel, MessageState


def enqueue_sms(phone: str, *, name: str, body: str, at: dt.datetime, good_until: dt.datetime | None = None) -> None:
    """Write a text message that is due, in the caller's transaction, beside any order.

    :param phone: E.164.
    :param good_until: after it the message helps nobody any more and is not sent.
    """
    enqueue([sms(phone, name=name, body=body, next_try_at=at, created_at=at, good_until=good_until)])


def enqueue(rows: Iterable[Message]) -> None:
    """Write messages that are due; of the same (order, event, channel) the first one stays."""
    from marketplace.communication.tasks import send_messages  # the task calls this module

    rows = list(rows)
    Message.objects.bulk_create([row for row in rows if row.event_id is None])
    Message.objects.bulk_create([row for row in rows if row.event_id is not None], ignore_conflicts=True)
    for channel in sorted({row.channel for row in rows}):
        nudge(send_messages, channel=channel)


def sms(phone: str, **fields) -> Message:
    """Return a text message, not yet written."""
    return Message(
        channel=MessageChannel.SMS,
        recipient=phone,
        recipient_hash=digest(phone),
        recipient_tail=phones.tail(phone),
        **fields,
    )


def email(address: str, **fields) -> Message:
    """Return an e-mail, not yet written."""
    return Message(channel=MessageChannel.EMAIL, recipient=address, recipient_hash=digest(address.lower()), **fields)


def on_page(**fields) -> Message:
    """Return a message for the order's page, not yet written: it needs no address."""
    return Message(channel=MessageChannel.PAGE, **fields)


def replay(message: Message, *, at: dt.datetime) -> bool:
    """Make a dead message due again; return whether it was dead."""
    return bool(_replay(Message.objects.filter(pk=message.pk), at))


def replay_all(*, at: dt.datetime) -> int:
    """Make every dead message due again that can still be of use; return how many."""
    return _replay(Message.objects.exclude(good_until__lte=at), at)


def _replay(found, at: dt.datetime) -> int:
    return found.filter(state=MessageState.DEAD).update(
        state=MessageState.DUE, dead_reason=None, attempts=0, next_try_at=at, leased_until=None
    )
