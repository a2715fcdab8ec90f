"""The sweep of orders."""

from celery import shared_task

from core import clock
from marketplace.order.services import cancelling, uncollected


@shared_task
def release_overdue() -> None:
    """Give back what unpaid orders hold after their time, and end what nobody collected."""
    cancelling.release_overdue(by="task:orders", at=clock.now())
    uncollected.expire_overdue(by="task:orders", at=clock.now())
