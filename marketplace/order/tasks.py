"""The sweep of orders."""

from celery import shared_task

from core import clock
from marketplace.claims.services import claims, counters, goods_back
from marketplace.order.services import cancelling, closing, redirecting, reminding, uncollected
from marketplace.partner.services import stops


@shared_task
def release_overdue() -> None:
    """Give back what unpaid orders hold after their time, remind and end what nobody collected, leave closed points and
    close those that are empty."""
    cancelling.release_overdue(by="task:orders", at=clock.now())
    reminding.keep_together(by="task:orders", at=clock.now())
    reminding.remind_due(by="task:orders", at=clock.now())
    uncollected.expire_overdue(by="task:orders", at=clock.now())
    goods_back.end_overdue(by="task:orders", at=clock.now())
    claims.end_overdue(by="task:orders", at=clock.now())
    redirecting.leave_closed_points(by="task:orders", at=clock.now())
    stops.leave_closing(by="task:orders", at=clock.now())
    closing.close_empty(by="task:orders", at=clock.now())
    counters.leave_closed_points(by="task:orders", at=clock.now())
