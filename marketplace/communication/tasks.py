"""The sweeps of messages: one reads the log, one for each channel sends, so that a slow channel holds up no other."""

from celery import shared_task

from core import clock, events
from marketplace.communication.services import reading, sending


@shared_task
def read_messages() -> None:
    """Turn new events into messages."""
    events.publish()
    while reading.read_events(at=clock.now()):
        pass


@shared_task
def send_messages(channel: str) -> None:
    """Send what is due on a channel."""
    while sending.send_due(channel, at=clock.now()):
        pass
