"""The floor's own task."""

from celery import shared_task

from core import events


@shared_task
def publish_events() -> None:
    """Give committed events their positions until none waits."""
    while events.publish():
        pass
