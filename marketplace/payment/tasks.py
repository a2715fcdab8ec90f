"""The sweep of payments."""

from celery import shared_task

from core import clock
from marketplace.payment.services import attempts, refunds

BY = "task:payments"


@shared_task
def settle_payments() -> None:
    """Ask about open payments, cancel what nobody paid, decide what is paid back, and have it paid back."""
    attempts.sweep(by=BY, at=clock.now())
    refunds.give_back_forgotten(by=BY, at=clock.now())
    refunds.send_due(by=BY, at=clock.now())
