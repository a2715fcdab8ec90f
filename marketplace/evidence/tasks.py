"""The sweep of photos."""

from celery import shared_task

from core import clock
from marketplace.evidence.services import photos


@shared_task
def forget_unbound() -> None:
    """Delete what came with forms that nobody sent again."""
    photos.forget_unbound(at=clock.now())
