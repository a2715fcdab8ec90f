"""Stripe: WeChat Pay by a QR on our screen. Every call has a deadline; what is tried again is tried by our sweeps."""

from collections.abc import Callable
from typing import Any

import stripe
from django.conf import settings

from marketplace.payment.providers import Opened, Outcome, Seen, UnableToTell, UnableToTransact

CURRENCY = "cny"  # its smallest unit is the fen
CONNECT_SECONDS, ANSWER_SECONDS = 3, 8
OPEN = frozenset({"requires_confirmation", "requires_action", "requires_capture", "processing"})
OVER = frozenset({"canceled", "requires_payment_method"})  # the buyer said no, or the QR has run out
UNDER_WAY = frozenset({"pending", "requires_action"})
REFUSALS = (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError)


class Stripe:
    """The adaptor; one for each call, as the key is a setting."""

    def __init__(self) -> None:
        base = settings.STRIPE_API_BASE
        self._client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": base.rstrip("/")} if base else {},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
        )

    def open_qr(self, amount_fen: int, *, idempotency_key: str, description: str) -> Opened:
        intents = self._client.v1.payment_intents
        params = {
            "amount": amount_fen,
            "currency": CURRENCY,
            "description": description,
            "payment_method_types": ["wechat_pay"],
            "payment_method_data": {"type": "wechat_pay"},
            "payment_method_options": {"wechat_pay": {"client": "web"}},
            "confirm": True,
            "metadata": {"key": idempotency_key},
        }
        intent = _asked(lambda: intents.create(params, {"idempotency_key": idempotency_key}))
        action = getattr(intent, "next_action", None)
        shown = getattr(action, "wechat_pay_display_qr_code", None)
        return Opened(intent.id, getattr(shown, "data", "") or "")

    def look(self, reference: str) -> Seen:
        return seen(_asked(lambda: self._client.v1.payment_intents.retrieve(reference)))

    def cancel(self, reference: str) -> Seen:
        try:
            return seen(_asked(lambda: self._client.v1.payment_intents.cancel(reference)))
        except UnableToTransact:
            return self.look(reference)  # it is over: paid meanwhile, or cancelled before

    def refund(self, reference: str, amount_fen: int, *, idempotency_key: str, turn: int = 0) -> bool:
        """Look first whether it was paid back: Stripe forgets a key after a day, and a refusal sticks to it."""
        refunds = self._client.v1.refunds
        before = _asked(lambda: refunds.list({"payment_intent": reference, "limit": 100})).data
        states = [each.status for each in before if _key(each) == idempotency_key]
        if live := [state for state in states if state in (*UNDER_WAY, "succeeded")]:
            return "succeeded" in live
        if len(states) > turn:
            raise UnableToTransact(f"refund {states[0]}")
        params = {"payment_intent": reference, "amount": amount_fen, "metadata": {"key": idempotency_key}}
        made = _asked(lambda: refunds.create(params, {"idempotency_key": f"{idempotency_key}.{turn}"}))
        if made.status not in (*UNDER_WAY, "succeeded"):
            raise UnableToTransact(f"refund {made.status}")
        return made.status == "succeeded"


def seen(intent: Any) -> Seen:
    """Return what a PaymentIntent's status means here."""
    if intent.status == "succeeded":
        return Seen(Outcome.SUCCEEDED, intent.amount_received)
    if intent.status in OVER:
        return Seen(Outcome.FAILED)
    if intent.status in OPEN:
        return Seen(Outcome.OPEN)
    raise UnableToTell(f"status {intent.status}")


def _key(refund: Any) -> str:
    metadata = refund.metadata.to_dict() if refund.metadata else {}
    return metadata.get("key", "")


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except REFUSALS as error:
        raise UnableToTransact(_words(error)) from error
    except stripe.StripeError as error:
        raise UnableToTell(_words(error)) from error


def _words(error: stripe.StripeError) -> str:
    """Return an error without what it quotes: its message may hold what was sent."""
    return " ".join(filter(None, (type(error).__name__, str(error.http_status or ""), error.code or "")))
