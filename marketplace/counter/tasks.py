"""The sweep of offline leases."""

from celery import shared_task

from core import clock
from logistics.services import leases
from marketplace.counter.services import syncing


@shared_task
def end_leases() -> None:
    """Note which leases are over, and leave to people what a phone uploaded that could not be booked in their time."""
    leases.end_overdue(by="task:leases", at=clock.now())
    syncing.give_up(by="task:leases", at=clock.now())
