"""O1: every success bought goods once or is paid back. M2: our ledger says what our payments say. O2: none hangs."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from core import clock
from core.invariants import Finding, check
from logistics.models import Collection, CollectionLine
from logistics.states import CounterPayment
from marketplace.order.models import Order
from marketplace.payment import queries
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from marketplace.payment.states import CAPTURED, AttemptState, RefundReason, RefundState
from marketplace.settlement.models import Posting
from marketplace.settlement.states import AccountKind

SWEPT_WITHIN = dt.timedelta(minutes=5)


@check("O1")
def every_success_ends_once() -> Iterator[Finding]:
    """A success paid for one collection of its order, the rest of it being owed back, or all of it is."""
    owed = (
        PaymentRefund.objects.filter(attempt=OuterRef("pk"))
        .exclude(reason=RefundReason.CLAIM)
        .order_by()
        .values("attempt")
        .annotate(fen=Sum("amount_fen"))
        .values("fen")
    )
    rows = PaymentAttempt.objects.filter(state__in=CAPTURED).select_related("collection", "order")
    late = clock.now() - dt.timedelta(minutes=settings.PAYMENT_UNSPENT_MINUTES) - SWEPT_WITHIN
    for attempt in rows.annotate(owed=Coalesce(Subquery(owed), 0)).iterator(chunk_size=2000):
        subject = f"payment {attempt.pk} of order {attempt.order.number}"
        if attempt.state == AttemptState.SUCCEEDED and attempt.collection is None:
            if attempt.settled_at < late or attempt.owed:
                yield Finding("O1", subject, f"paid {attempt.settled_at:%F %R}, neither handed over for nor refunded")
            continue
        if attempt.captured_fen != (attempt.spent_fen or 0) + attempt.owed:
            found = f"spent {attempt.spent_fen or 0} and {attempt.owed} to be refunded"
            yield Finding("O1", subject, f"captured {attempt.captured_fen}, {found}")
        bought = attempt.collection
        if bought and (bought.order_id, bought.paid_by) != (attempt.order_id, CounterPayment.PLATFORM_QR):
            yield Finding("O1", subject, f"bound to collection {bought.pk}, which it did not pay for")
    unpaid = Collection.objects.filter(paid_by=CounterPayment.PLATFORM_QR, payment=None)
    for row in CollectionLine.objects.filter(collection__in=unpaid, taken_fen__gt=0).select_related("collection"):
        yield Finding("O1", f"collection {row.collection_id}", "handed over for a QR that nobody paid")


@check("M2")
def ledger_is_what_was_paid() -> Iterator[Finding]:
    """Of each order: what providers took, less what they paid back, is what the ledger says that they hold."""
    ours = Counter()
    postings = Posting.objects.order_by().values_list("order_id")
    for order, fen in postings.filter(debit__kind=AccountKind.PROVIDER).annotate(fen=Sum("amount_fen")):
        ours[order] += fen
    for order, fen in postings.filter(credit__kind=AccountKind.PROVIDER).annotate(fen=Sum("amount_fen")):
        ours[order] -= fen
    theirs = Counter()
    captured = PaymentAttempt.objects.filter(state__in=CAPTURED).order_by().values_list("order_id")
    for order, fen in captured.annotate(fen=Sum("captured_fen")):
        theirs[order] += fen
    done = PaymentRefund.objects.filter(state=RefundState.DONE).order_by().values_list("attempt__order_id")
    for order, fen in done.annotate(fen=Sum("amount_fen")):
        theirs[order] -= fen
    wrong = [order for order in ours.keys() | theirs.keys() if ours[order] != theirs[order]]
    for pk, number in Order.objects.filter(pk__in=wrong).values_list("pk", "number"):
        yield Finding("M2", f"order {number}", f"{ours[pk]} with the provider by the ledger, {theirs[pk]} by payments")
    for attempt in PaymentAttempt.objects.filter(state=AttemptState.SUCCEEDED).exclude(captured_fen=F("amount_fen")):
        yield Finding("M2", f"payment {attempt.pk}", f"asked for {attempt.amount_fen}, captured {attempt.captured_fen}")


@check("O2")
def no_payment_hangs() -> Iterator[Finding]:
    """No attempt is open long after its QR ran out, and no refund waits for people."""
    for attempt in queries.silent_attempts(at=clock.now()):
        yield Finding("O2", f"payment {attempt.pk}", f"open since {attempt.created_at:%F %R}: its provider is silent")
    for refund in PaymentRefund.objects.filter(state=RefundState.REFUSED):
        yield Finding("O2", f"refund {refund.pk}", f"refused by the provider: {refund.last_error}")
