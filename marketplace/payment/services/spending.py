"""Spending what was paid by the platform's QR on a hand-over: once, inside the hand-over's transaction."""

import datetime as dt

from django.utils.translation import gettext as _

from core import events
from logistics.models import Collection
from logistics.services.collections import UnableToCollect
from marketplace.order.models import Order
from marketplace.payment import queries
from marketplace.payment.models import PaymentAttempt
from marketplace.payment.services import refunds
from marketplace.payment.services.attempts import event
from marketplace.payment.states import RefundReason
from marketplace.wording import yuan_text


class NotPaid(UnableToCollect):
    """Nothing was paid by the platform's QR that could be spent."""


class PaidTooLittle(UnableToCollect):
    """Less was paid than is due now."""


def spend(order: Order, *, collection: Collection, due_fen: int, by, at: dt.datetime) -> PaymentAttempt:
    """Bind what was paid for an order to its hand-over, under the caller's lock on the order; the rest is refunded.

    :param due_fen: what the goods that were taken cost, with their freight; more than 0.
    :raises NotPaid: where there is no success, or another hand-over spent it.
    :raises PaidTooLittle: where it is less than is due.
    """
    attempt = queries.unspent(order)
    if attempt is None:
        raise NotPaid(_("The platform's QR is not paid yet."))
    if attempt.captured_fen < due_fen:
        raise PaidTooLittle(
            _(
                "¥%(paid)s was paid by QR, and ¥%(due)s is due. "
                "Refund it and show a new QR, or let the buyer take as much as was paid for."
            )
            % {"paid": yuan_text(attempt.captured_fen), "due": yuan_text(due_fen)}
        )
    spent = PaymentAttempt.objects.filter(pk=attempt.pk, **queries.UNSPENT)
    if not spent.update(collection=collection, spent_fen=due_fen):
        raise NotPaid(_("The platform's QR is not paid yet."))
    attempt.refresh_from_db()
    events.append([event("payment.spent", attempt, fen=due_fen)], by=by, at=at)
    if attempt.captured_fen > due_fen:
        change = attempt.captured_fen - due_fen
        refunds.owe(attempt, amount_fen=change, reason=RefundReason.CHANGE, by=by, at=at)
    return attempt
