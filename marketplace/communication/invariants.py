"""N1: every message due is sent or visibly dead-lettered, at most once per (order, event, channel)."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count

from core import clock
from core.invariants import Finding, check
from core.models import Bookmark, Event, EventPosition
from marketplace.communication.models import Circuit, Message
from marketplace.communication.services import reading
from marketplace.communication.states import MessageChannel, MessageState
from marketplace.order.models import Order

OVERDUE = dt.timedelta(minutes=15)
LOOKS_BACK = dt.timedelta(days=2)


@check("N1")
def nothing_due_is_forgotten() -> Iterator[Finding]:
    """What was due a while ago is sent, dead, or waits for a channel that pauses in sight."""
    now = clock.now()
    paused = Circuit.objects.filter(failures__gt=0).values("channel")
    stale = Message.objects.filter(state=MessageState.DUE, next_try_at__lt=now - OVERDUE).exclude(channel__in=paused)
    lost = Message.objects.filter(state=MessageState.SENDING, leased_until__lt=now - OVERDUE)
    for message in stale.iterator(chunk_size=2000):
        yield Finding("N1", f"message {message.pk}", f"due since {message.next_try_at:%Y-%m-%d %H:%M} and not sent")
    for message in lost.iterator(chunk_size=2000):
        yield Finding("N1", f"message {message.pk}", "its sender was lost and nobody buried it")


@check("N1")
def nobody_is_told_twice() -> Iterator[Finding]:
    """An event is told to an order's buyer once on each channel."""
    told = Message.objects.exclude(event_id=None).values("order_number", "event_id", "channel")
    for row in told.annotate(count=Count("pk")).filter(count__gt=1):
        yield Finding("N1", f"order {row['order_number']}", f"event {row['event_id']} told {row['count']} times")


@check("N1")
def what_was_read_is_told() -> Iterator[Finding]:
    """An event of the last days that the reader has passed, and that concerns a buyer, has its message."""
    mark = Bookmark.objects.filter(reader=reading.READER).values_list("position", flat=True).first() or 0
    since = clock.now() - LOOKS_BACK
    names = reading.TOLD | reading.CHANGES
    recent = Event.objects.filter(name__in=names, recorded_at__gte=since).order_by("pk")
    for start in _chunks([event for event in recent.iterator(chunk_size=2000) if reading.concerns_buyer(event)]):
        passed = set(
            EventPosition.objects.filter(event_id__in=[event.pk for event in start], position__lte=mark).values_list(
                "event_id", flat=True
            )
        )
        numbers = {reading.order_of(event) for event in start}
        known = set(Order.objects.filter(number__in=numbers).values_list("number", flat=True))
        latest: dict[str, int] = {}
        rows = Message.objects.filter(order_number__in=numbers, channel=MessageChannel.PAGE)
        for number, event_id in rows.values_list("order_number", "event_id"):
            latest[number] = max(latest.get(number, 0), event_id or 0)
        for event in start:
            number = reading.order_of(event)
            # News of one order at a time are told by the last of them.
            if event.pk in passed and number in known and latest.get(number, 0) < event.pk:
                yield Finding("N1", f"order {number}", f"{event.name} (event {event.pk}) was not told")


def _chunks(events: list[Event], size: int = 400) -> Iterator[list[Event]]:
    for start in range(0, len(events), size):
        yield events[start : start + size]
