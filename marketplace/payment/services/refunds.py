"""Paying back: decided and booked in one transaction, sent by the sweep with a key of its own until it is confirmed."""

import datetime as dt
import logging

from django.db import transaction
from django.db.models import F, Sum

from core import events, locks
from logistics.services import milestones
from marketplace.order.models import Order
from marketplace.payment import providers, queries
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from marketplace.payment.providers import UnableToTell, UnableToTransact
from marketplace.payment.services.attempts import event
from marketplace.payment.states import AttemptState, RefundReason, RefundState
from marketplace.settlement import ledger
from marketplace.settlement.services import orders as booking

log = logging.getLogger(__name__)
SENDING = dt.timedelta(seconds=60)
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=20), dt.timedelta(hours=1)
MOST_SILENCES = 3  # in one sweep
# The guard that lets a refund be noted as done once. The tests take it off to show the second one.
STILL_DUE = {"state": RefundState.DUE}


class UnableToRefund(Exception):
    """More would be paid back than was paid."""


def give_back(attempt: PaymentAttempt, *, by, at: dt.datetime) -> bool:
    """Decide that all of a success is paid back which nothing was handed over for; tell whether it was so still."""
    with transaction.atomic():
        locks.lock(Order.objects.filter(pk=attempt.order_id), rank=locks.Rank.ORDER).get()
        unspent = PaymentAttempt.objects.filter(pk=attempt.pk, **queries.UNSPENT)
        if not unspent.update(state=AttemptState.REFUNDING):
            return False
        attempt.refresh_from_db()
        owe(attempt, amount_fen=attempt.captured_fen, reason=RefundReason.UNUSED, by=by, at=at)
    milestones.passed("refunding-decided")
    return True


def give_back_forgotten(*, by, at: dt.datetime, limit: int = 200) -> int:
    """Pay back what found no hand-over in its time, or can find none any more; return how many it were."""
    found = queries.forgotten(at=at).select_related("order").order_by("pk")[:limit]
    return sum(give_back(attempt, by=by, at=at) for attempt in found)


def owe(
    attempt: PaymentAttempt, *, amount_fen: int, reason: RefundReason, by, at: dt.datetime, reference: str = ""
) -> PaymentRefund:
    """Note, inside the caller's transaction and under its lock on the order, that the provider is to pay back.

    A claim's part is owed by the claim's own posting; the others are booked here.

    :param reference: names the claim. :raises UnableToRefund: when it were more than was paid.
    """
    before = attempt.refunds.aggregate(fen=Sum("amount_fen", default=0))["fen"]
    if before + amount_fen > (attempt.captured_fen or 0):
        raise UnableToRefund(f"payment {attempt.pk}: {before} + {amount_fen} of {attempt.captured_fen}")
    refund = PaymentRefund.objects.create(
        attempt=attempt,
        key=":".join(filter(None, (attempt.idempotency_key, reason.lower(), reference))),
        reason=reason,
        amount_fen=amount_fen,
        next_try_at=at,
        created_at=at,
    )
    if reason != RefundReason.CLAIM:
        owed = booking.refund_owed(order_id=attempt.order_id, amount_fen=amount_fen, reference=f"refund:{refund.pk}")
        ledger.book([owed], by=by, at=at)
    # Of a claim's money the buyer is told by the claim.
    name = "payment.claim_owed" if reason == RefundReason.CLAIM else "payment.refund_owed"
    events.append([event(name, attempt, fen=amount_fen)], by=by, at=at)
    return refund


def send_due(*, by, at: dt.datetime, limit: int = 100) -> int:
    """Have the provider pay back what is due, and return how many refunds it confirmed.

    A refund is taken for a minute by a guarded update before the provider is called. Where a worker dies in between,
    it is sent again with the same key, which pays once.
    """
    done = silences = 0
    due = PaymentRefund.objects.filter(state=RefundState.DUE, next_try_at__lte=at)
    for pk in list(due.order_by("next_try_at", "pk").values_list("pk", flat=True)[:limit]):
        if silences >= MOST_SILENCES:
            break
        if not due.filter(pk=pk).update(next_try_at=at + SENDING, tries=F("tries") + 1):
            continue
        refund = PaymentRefund.objects.select_related("attempt__order").get(pk=pk)
        attempt = refund.attempt
        milestones.passed("refunding-taken")
        try:
            confirmed = providers.of(attempt.provider).refund(
                attempt.provider_reference, refund.amount_fen, idempotency_key=refund.key, turn=refund.turn
            )
        except UnableToTransact as refusal:
            log.error("refund %s refused: %s", pk, refusal)
            PaymentRefund.objects.filter(pk=pk, **STILL_DUE).update(
                state=RefundState.REFUSED, last_error=str(refusal)[:255]
            )
            continue
        except UnableToTell as silence:
            log.warning("refund %s: %s", pk, silence)
            silences += 1
            _wait(refund, str(silence), at)
            continue
        milestones.passed("refunding-sent")
        if confirmed:
            done += confirm(refund, by=by, at=at)
            milestones.passed("refunding-confirmed")
        else:
            _wait(refund, "", at)
    return done


@transaction.atomic
def confirm(refund: PaymentRefund, *, by, at: dt.datetime) -> bool:
    """Note and book that the provider paid back; tell whether this was the first to say so."""
    attempt = refund.attempt
    locks.lock(Order.objects.filter(pk=attempt.order_id), rank=locks.Rank.ORDER).get()
    moved = PaymentRefund.objects.filter(pk=refund.pk, **STILL_DUE).update(
        state=RefundState.DONE, done_at=at, last_error=""
    )
    if not moved:
        return False
    PaymentAttempt.objects.filter(pk=attempt.pk, state=AttemptState.REFUNDING).update(state=AttemptState.REFUNDED)
    paid = booking.paid_back(
        order_id=attempt.order_id, amount_fen=refund.amount_fen, reference=f"payment-refund:{refund.pk}"
    )
    ledger.book([paid], by=by, at=at)
    events.append([event("payment.refunded", attempt, fen=refund.amount_fen)], by=by, at=at)
    return True


def try_again(refund: PaymentRefund, *, at: dt.datetime) -> bool:
    """Let a refund in trouble be sent at once; a refused one as a new request, for the refusal sticks to its key."""
    refused = PaymentRefund.objects.filter(pk=refund.pk, state=RefundState.REFUSED)
    stuck = queries.troubled_refunds().filter(pk=refund.pk, state=RefundState.DUE)
    return bool(
        refused.update(state=RefundState.DUE, turn=F("turn") + 1, next_try_at=at) or stuck.update(next_try_at=at)
    )


def _wait(refund: PaymentRefund, error: str, at: dt.datetime) -> None:
    wait = min(FIRST_WAIT * 2 ** min(refund.tries, 10), LONGEST_WAIT)
    PaymentRefund.objects.filter(pk=refund.pk, **STILL_DUE).update(next_try_at=at + wait, last_error=error[:255])
