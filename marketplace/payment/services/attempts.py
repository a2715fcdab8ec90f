"""Asking a provider for money: the key is stored first, the provider is called outside of transactions, its word noted.

Where the provider's answer is not known, the attempt stays open and is asked about again with the same key, by the page
that waits for it and by the sweep.
"""

import datetime as dt
import logging
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.services import milestones
from marketplace.order.models import Order
from marketplace.payment import providers, queries
from marketplace.payment.models import PaymentAttempt
from marketplace.payment.providers import Outcome, Seen, UnableToTell, UnableToTransact
from marketplace.payment.states import AttemptState
from marketplace.settlement import ledger
from marketplace.settlement.services import orders as booking
from villages.models import PickupPoint

log = logging.getLogger(__name__)
# The guard that lets a success be noted once. The tests take it off to show the second one.
STILL_OPEN = {"state": AttemptState.OPEN}
LOOK_EVERY = dt.timedelta(seconds=2)
ASKING = dt.timedelta(seconds=15)  # longer than a provider may take to answer
MOST_SILENCES = 3  # in one sweep: who does not answer others will not answer the next


class UnableToAsk(Exception):
    """No QR can be shown now; the sentence says what to do."""


def ask(order: Order, *, point: PickupPoint, amount_fen: int, by, at: dt.datetime) -> PaymentAttempt:
    """Return the order's attempt for an amount: opened, looked at once more, or paid already.

    An open one for another amount is cancelled first; one that was paid is returned whatever its amount.

    :raises UnableToAsk: where no provider is configured, it refuses, or it does not say what became of the one before.
    """
    before = queries.current(order)
    if before is not None and before.state == AttemptState.OPEN:
        if before.amount_fen == amount_fen:
            return look(before, by=by, at=at)[0]
        before = withdraw(before, by=by, at=at)
        if before.state == AttemptState.OPEN:
            raise UnableToAsk(_("The QR for the other amount is not cancelled yet. Please try again in a moment."))
    if before is not None and before.state == AttemptState.SUCCEEDED:
        return before
    begun = _begin(order, point=point, amount_fen=amount_fen, by=by, at=at)
    milestones.passed("paying-stored")
    attempt, _answered = look(begun, by=by, at=at)
    if attempt.state == AttemptState.FAILED:
        raise UnableToAsk(_("The payment provider refuses this payment. Please take cash."))
    return attempt


@transaction.atomic
def _begin(order: Order, *, point: PickupPoint, amount_fen: int, by, at: dt.datetime) -> PaymentAttempt:
    """Store an attempt with its key, before anybody is asked for money; another's that is live goes before."""
    provider = providers.configured()
    if not provider:
        raise UnableToAsk(_("Payment by QR is not available. Please take cash."))
    locks.lock(Order.objects.filter(pk=order.pk), rank=locks.Rank.ORDER).get()
    live = queries.current(order)
    if live is not None:
        return live
    attempt = PaymentAttempt.objects.create(
        order=order,
        point=point,
        operator=by,
        idempotency_key=secrets.token_hex(16),
        provider=provider,
        amount_fen=amount_fen,
        created_at=at,
        next_look_at=at,
    )
    events.append([event("payment.opened", attempt, fen=amount_fen)], by=by, at=at)
    return attempt


def look_if_due(attempt: PaymentAttempt, *, by, at: dt.datetime) -> PaymentAttempt:
    """Ask the provider where nobody has asked in the last seconds, nor asks now; return the attempt as it is then."""
    due = PaymentAttempt.objects.filter(pk=attempt.pk, state=AttemptState.OPEN)
    if not due.filter(Q(next_look_at=None) | Q(next_look_at__lte=at)).update(next_look_at=at + ASKING):
        attempt.refresh_from_db()
        return attempt
    attempt, answered = look(attempt, by=by, at=at)
    if answered:
        PaymentAttempt.objects.filter(pk=attempt.pk).update(next_look_at=at + LOOK_EVERY)
    return attempt


def look(attempt: PaymentAttempt, *, by, at: dt.datetime) -> tuple[PaymentAttempt, bool]:
    """Ask the provider at once; return the attempt, and whether the provider answered."""
    attempt.refresh_from_db()
    if attempt.state != AttemptState.OPEN:
        return attempt, True
    try:
        provider = providers.of(attempt.provider)
        if not attempt.provider_reference:
            _open(attempt, provider)
            return attempt, True  # nobody has seen its QR yet
        seen = provider.look(attempt.provider_reference)
        milestones.passed("paying-looked")
        return note(attempt, seen, by=by, at=at), True
    except UnableToTransact as refusal:
        if attempt.provider_reference:
            log.error("payment %s is not known to its provider: %s", attempt.pk, refusal)
            return attempt, True
        log.warning("payment %s refused: %s", attempt.pk, refusal)
        return note(attempt, Seen(Outcome.FAILED), by=by, at=at), True
    except UnableToTell as silence:
        log.warning("payment %s: %s", attempt.pk, silence)
        return attempt, False


def _open(attempt: PaymentAttempt, provider: providers.Provider) -> None:
    """Open the payment at the provider, by the same key as ever, and keep its name and QR."""
    description = f"湘品网上行 {attempt.order.number}"
    opened = provider.open_qr(attempt.amount_fen, idempotency_key=attempt.idempotency_key, description=description)
    milestones.passed("paying-opened")
    attempt.provider_reference, attempt.qr_text = opened.reference, opened.qr_text
    PaymentAttempt.objects.filter(pk=attempt.pk).update(provider_reference=opened.reference, qr_text=opened.qr_text)
    milestones.passed("paying-kept")


def withdraw(attempt: PaymentAttempt, *, by, at: dt.datetime) -> PaymentAttempt:
    """Cancel an open attempt at the provider; where that says it was paid, it was paid.

    One of which the provider never answered is asked for once more by its key: it may be known there, and payable.
    """
    if not attempt.provider_reference:
        attempt, _answered = look(attempt, by=by, at=at)
    if attempt.state != AttemptState.OPEN or not attempt.provider_reference:
        return attempt
    try:
        seen = providers.of(attempt.provider).cancel(attempt.provider_reference)
    except (UnableToTell, UnableToTransact) as error:
        log.warning("payment %s is not cancelled: %s", attempt.pk, error)
        return attempt
    return note(attempt, seen, by=by, at=at)


def note(attempt: PaymentAttempt, seen: Seen, *, by, at: dt.datetime) -> PaymentAttempt:
    """Note the provider's word on an open attempt, once; a success is booked."""
    if seen.outcome != Outcome.OPEN:
        _end(attempt, seen, by=by, at=at)
        milestones.passed("paying-noted")
    attempt.refresh_from_db()
    return attempt


@transaction.atomic
def _end(attempt: PaymentAttempt, seen: Seen, *, by, at: dt.datetime) -> None:
    locks.lock(Order.objects.filter(pk=attempt.order_id), rank=locks.Rank.ORDER).get()
    captured = seen.captured_fen if seen.outcome == Outcome.SUCCEEDED else None
    moved = PaymentAttempt.objects.filter(pk=attempt.pk, **STILL_OPEN).update(
        state=AttemptState(seen.outcome), captured_fen=captured, settled_at=at
    )
    if moved and captured:
        reference = f"payment:{attempt.pk}"
        paid = booking.paid_online(order_id=attempt.order_id, amount_fen=captured, reference=reference)
        ledger.book([paid], by=by, at=at)
    if moved:
        events.append([event(f"payment.{seen.outcome.lower()}", attempt, fen=captured or 0)], by=by, at=at)


def sweep(*, by, at: dt.datetime, limit: int = 100) -> int:
    """Ask about open attempts, cancel those that nobody pays any more, and return how many ended."""
    ended = silences = 0
    unfit = set(queries.unfit(at=at).values_list("pk", flat=True))
    waiting = PaymentAttempt.objects.filter(Q(next_look_at=None) | Q(next_look_at__lte=at), state=AttemptState.OPEN)
    for attempt in waiting.select_related("order").order_by("next_look_at", "pk")[:limit]:
        if silences >= MOST_SILENCES:
            break
        due = PaymentAttempt.objects.filter(pk=attempt.pk, next_look_at=attempt.next_look_at)
        if not due.update(next_look_at=at + ASKING):
            continue
        attempt, answered = look(attempt, by=by, at=at)
        if answered and attempt.pk in unfit and attempt.state == AttemptState.OPEN:
            attempt = withdraw(attempt, by=by, at=at)
        if answered:  # the page that waits for it need not wait for this sweep's turn to be over
            PaymentAttempt.objects.filter(pk=attempt.pk, next_look_at=at + ASKING).update(next_look_at=at + LOOK_EVERY)
        silences += not answered
        ended += attempt.state != AttemptState.OPEN
    return ended


def event(name: str, attempt: PaymentAttempt, *, fen: int) -> NewEvent:
    """Return an event of an attempt, with an amount in fen."""
    payload = {"order": attempt.order.number, "point": attempt.point_id, "provider": attempt.provider, "fen": fen}
    return NewEvent("payment", attempt.pk, name, payload)


def lasts_until(attempt: PaymentAttempt) -> dt.datetime:
    """Return until when a QR is paid at the latest."""
    return attempt.created_at + dt.timedelta(minutes=settings.PAYMENT_QR_MINUTES)
