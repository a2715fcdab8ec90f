"""Questions to the messages."""

import datetime as dt

from django.db.models import QuerySet

from marketplace.communication.models import Message
from marketplace.communication.states import MessageChannel, MessageState


def on_page_of(order_number: str, *, at: dt.datetime) -> QuerySet[Message]:
    """Return what an order's page tells its buyer, newest first. Reading needs no sender: it may be down."""
    told = Message.objects.filter(order_number=order_number, channel=MessageChannel.PAGE, next_try_at__lte=at)
    return told.exclude(state=MessageState.DEAD).order_by("-next_try_at", "-pk")


def as_phones_show() -> QuerySet[Message]:
    """Return the messages of the demonstration, newest first, without what order pages show anyway."""
    return Message.objects.exclude(channel=MessageChannel.PAGE).order_by("-pk")
