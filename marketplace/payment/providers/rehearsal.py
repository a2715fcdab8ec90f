"""The demonstration's provider: a page plays the buyer's phone, and no money moves. Production settings refuse it."""

import secrets

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.urls import reverse

from marketplace.payment.models import RehearsedPayment, RehearsedRefund
from marketplace.payment.providers import Opened, Outcome, Seen, UnableToTransact
from marketplace.payment.states import AttemptState


class Rehearsal:
    """It keeps its payments in a table of its own, so that all processes see the same."""

    def open_qr(self, amount_fen: int, *, idempotency_key: str, description: str) -> Opened:
        made, _new = RehearsedPayment.objects.get_or_create(
            key=idempotency_key,
            defaults={
                "reference": f"re_{secrets.token_hex(12)}",
                "amount_fen": amount_fen,
                "description": description,
            },
        )
        return Opened(made.reference, f"{settings.SITE_URL}{reverse('demo-pay', args=[made.reference])}")

    def look(self, reference: str) -> Seen:
        return _seen(_payment(reference))

    def cancel(self, reference: str) -> Seen:
        answer(reference, paid=False)
        return self.look(reference)

    def refund(self, reference: str, amount_fen: int, *, idempotency_key: str, turn: int = 0) -> bool:
        payment = _payment(reference)
        if RehearsedRefund.objects.filter(key=idempotency_key).exists():
            return True
        refunded = payment.refunds.aggregate(fen=Sum("amount_fen", default=0))["fen"]
        if payment.state != AttemptState.SUCCEEDED or refunded + amount_fen > payment.amount_fen:
            raise UnableToTransact("more than was paid")
        try:
            with transaction.atomic():
                RehearsedRefund.objects.create(payment=payment, key=idempotency_key, amount_fen=amount_fen)
        except IntegrityError:
            pass  # the same was asked for at this very moment
        return True


def answer(reference: str, *, paid: bool) -> bool:
    """Let the buyer pay, or not; tell whether that was still open."""
    state = AttemptState.SUCCEEDED if paid else AttemptState.FAILED
    waiting = RehearsedPayment.objects.filter(reference=reference, state=AttemptState.OPEN)
    return bool(waiting.update(state=state))


def _payment(reference: str) -> RehearsedPayment:
    payment = RehearsedPayment.objects.filter(reference=reference).first()
    if payment is None:
        raise UnableToTransact("no such payment")
    return payment


def _seen(payment: RehearsedPayment) -> Seen:
    if payment.state == AttemptState.SUCCEEDED:
        return Seen(Outcome.SUCCEEDED, payment.amount_fen)
    return Seen(Outcome(payment.state))
