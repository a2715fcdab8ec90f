"""The sweeps of messages."""

from celery import shared_task

from core import clock, events
from marketplace.communication.services import messages


@shared_task
def read_messages() -> None:
    """Turn new events into messages."""
    events.publish()
    while messages.read_events():
        pass


@shared_task
def send_messages() -> None:
    """Send what is due."""
    while messages.send_due(at=clock.now()):
        pass
