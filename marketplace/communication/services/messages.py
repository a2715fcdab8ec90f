"""Messages: written with the change that calls for them, sent by a sweep, dead-lettered in sight."""

import datetime as dt
import logging

from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from core import events, phones
from core.events import NewEvent
from core.nudges import nudge
from core.sealed import digest
from logistics import codes
from marketplace.communication import gateways
from marketplace.communication.models import Message
from marketplace.communication.states import MessageChannel, MessageState
from marketplace.order.models import Order

log = logging.getLogger(__name__)
READER = "messages"
LEASE = dt.timedelta(seconds=60)
MAX_ATTEMPTS = 6
FIRST_WAIT = dt.timedelta(seconds=20)


def enqueue_sms(
    phone: str, *, name: str, body: str, at: dt.datetime, order_number: str = "", event_id: int | None = None
) -> None:
    """Write a text message that is due, in the caller's transaction; the same (order, event) only once."""
    from marketplace.communication.tasks import send_messages  # the task calls this module

    Message.objects.bulk_create(
        [
            Message(
                channel=MessageChannel.SMS,
                recipient=phone,
                recipient_hash=digest(phone),
                recipient_tail=phones.tail(phone),
                body=body,
                name=name,
                order_number=order_number,
                event_id=event_id,
                next_try_at=at,
                created_at=at,
            )
        ],
        ignore_conflicts=event_id is not None,
    )
    nudge(send_messages)


def read_events(*, limit: int = 500) -> int:
    """Turn new events into messages for the buyers they concern; return how many events were read."""
    return events.read(READER, _handle, limit=limit)


def _handle(batch: list[tuple[int, events.Event]]) -> None:
    wanted = {"order.placed", "consignment.arrived", "order.cancelled"}
    concerned = [event for _position, event in batch if event.name in wanted and not event.payload.get("history")]
    numbers = {_order_number(event) for event in concerned}
    orders = {o.number: o for o in Order.objects.filter(number__in=numbers).select_related("pickup_point")}
    for event in concerned:
        order = orders.get(_order_number(event))
        if order is None or not order.contact_phone:
            continue
        with translation.override(order.language):
            enqueue_sms(
                order.contact_phone,
                name=event.name,
                body=_words(event, order),
                at=event.occurred_at,
                order_number=order.number,
                event_id=event.pk,
            )


def _order_number(event) -> str:
    return event.stream_id if event.stream == "order" else event.payload.get("order", "")


def _words(event: NewEvent, order: Order) -> str:
    point = order.pickup_point.name
    if event.name == "order.placed":
        return _("Order %(number)s is placed. We tell you when it can be collected at %(point)s.") % {
            "number": order.number,
            "point": point,
        }
    if event.name == "consignment.arrived":
        code = codes.shown(codes.typed_code(order.number, epoch=order.code_epoch))
        return _("Your order %(number)s is at %(point)s. Your pickup code is %(code)s.") % {
            "number": order.number,
            "point": point,
            "code": code,
        }
    return _("Order %(number)s is cancelled.") % {"number": order.number}


def send_due(*, at: dt.datetime, limit: int = 100) -> int:
    """Send what is due and return how many were sent; a failure waits longer each time and ends as DEAD.

    Each message is taken by a guarded lease, so that two workers never send the same one at once.
    """
    sent = 0
    free = Q(leased_until=None) | Q(leased_until__lt=at)
    due = Message.objects.filter(free, state=MessageState.DUE, next_try_at__lte=at).order_by("next_try_at")
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        taken = Message.objects.filter(free, pk=pk, state=MessageState.DUE).update(
            leased_until=at + LEASE, attempts=F("attempts") + 1
        )
        if taken:
            sent += _send(Message.objects.get(pk=pk), at)
    return sent


def replay(message: Message, *, at: dt.datetime) -> None:
    """Make a dead message due again."""
    Message.objects.filter(pk=message.pk, state=MessageState.DEAD).update(
        state=MessageState.DUE, attempts=0, next_try_at=at, leased_until=None
    )


def _send(message: Message, at: dt.datetime) -> bool:
    try:
        gateways.sms().send(message.recipient, message.body, key=f"message-{message.pk}")
    except gateways.UnableToSend as error:
        dead = message.attempts >= MAX_ATTEMPTS
        log.warning("message %s not sent, try %s: %s", message.pk, message.attempts, error)
        Message.objects.filter(pk=message.pk).update(
            state=MessageState.DEAD if dead else MessageState.DUE,
            next_try_at=at + FIRST_WAIT * 2**message.attempts,
            leased_until=None,
            last_error=str(error)[:255],
        )
        return False
    Message.objects.filter(pk=message.pk).update(state=MessageState.SENT, sent_at=at, leased_until=None)
    return True
