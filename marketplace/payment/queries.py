"""Questions to payment attempts and refunds."""

import datetime as dt

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from logistics.models import Consignment
from logistics.states import ConsignmentState
from marketplace.order.models import Order
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from marketplace.payment.states import AttemptState, RefundState

# A success that bought nothing yet. The tests take the guard off to show it spent twice.
UNSPENT = {"state": AttemptState.SUCCEEDED, "collection": None}
TRIES_BEFORE_SHOWN = 3


def current(order: Order) -> PaymentAttempt | None:
    """Return the order's attempt that is paid and buys something yet, else the open one, else None."""
    live = Q(**UNSPENT) | Q(state=AttemptState.OPEN)
    found = {each.state: each for each in PaymentAttempt.objects.filter(live, order=order)}
    return found.get(AttemptState.SUCCEEDED) or found.get(AttemptState.OPEN)


def unspent(order: Order) -> PaymentAttempt | None:
    """Return what was paid for the order and bought nothing yet."""
    return PaymentAttempt.objects.filter(order=order, **UNSPENT).first()


def that_bought(consignment_line_id: int) -> PaymentAttempt | None:
    """Return the payment by QR for the hand-over of a consignment line; None where it was paid in another way."""
    return PaymentAttempt.objects.filter(collection__lines__consignment_line=consignment_line_id).first()


def without_goods(attempts: QuerySet[PaymentAttempt]) -> QuerySet[PaymentAttempt]:
    """Keep the attempts of orders of which nothing waits at a counter: nothing can be handed over for them."""
    waits = Consignment.objects.filter(order=OuterRef("order"), state=ConsignmentState.AT_POINT)
    return attempts.filter(~Exists(waits))


def unfit(*, at: dt.datetime) -> QuerySet[PaymentAttempt]:
    """Return the open attempts that are to be cancelled: nobody paid in time, or there is nothing to pay for."""
    waiting = PaymentAttempt.objects.filter(state=AttemptState.OPEN)
    late = waiting.filter(created_at__lte=at - dt.timedelta(minutes=settings.PAYMENT_QR_MINUTES))
    return late | without_goods(waiting)


def forgotten(*, at: dt.datetime) -> QuerySet[PaymentAttempt]:
    """Return the successes that are to be refunded."""
    paid = PaymentAttempt.objects.filter(**UNSPENT)
    late = paid.filter(settled_at__lte=at - dt.timedelta(minutes=settings.PAYMENT_UNSPENT_MINUTES))
    return late | without_goods(paid)


def troubled_refunds() -> QuerySet[PaymentRefund]:
    """Return the refunds that the provider refuses, or that it did not confirm in several tries."""
    stuck = Q(state=RefundState.DUE, tries__gte=TRIES_BEFORE_SHOWN) | Q(state=RefundState.REFUSED)
    return PaymentRefund.objects.filter(stuck)


def silent_attempts(*, at: dt.datetime) -> QuerySet[PaymentAttempt]:
    """Return the open attempts that should be over, and of which the provider says nothing."""
    late = at - dt.timedelta(minutes=settings.PAYMENT_QR_MINUTES + 5)
    return PaymentAttempt.objects.filter(state=AttemptState.OPEN, created_at__lte=late)
