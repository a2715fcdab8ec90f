"""The adaptor over HTTP, with Stripe's own client: what is sent once, what is looked up first, what has a deadline."""

import pytest

from marketplace.payment import providers
from marketplace.payment.providers import Outcome, Seen, UnableToTell, UnableToTransact
from marketplace.payment.providers import stripe as adaptor


def opened(*, key: str = "k1") -> providers.Opened:
    return adaptor.Stripe().open_qr(9600, idempotency_key=key, description="湘品网上行 1")


def test_a_payment_is_opened_in_fen_by_its_key_and_shows_its_qr(stripe):
    made = opened()

    intent = stripe.only()
    assert made == providers.Opened(intent["id"], "weixin://wxpay/bizpayurl?pr=AbCd1234")
    assert (intent["amount"], intent["currency"]) == (9600, "cny")
    assert opened() == made
    assert len(stripe.intents) == 1


def test_cancelling_what_was_paid_says_that_it_was_paid(stripe):
    made = opened()
    stripe.pay()

    assert adaptor.Stripe().cancel(made.reference) == Seen(Outcome.SUCCEEDED, 9600)


def test_cancelling_what_is_open_ends_it(stripe):
    assert adaptor.Stripe().cancel(opened().reference) == Seen(Outcome.FAILED)


def test_a_refund_is_made_once_although_stripe_has_forgotten_its_key(stripe):
    made = opened()
    stripe.pay()
    for _ in range(3):
        assert adaptor.Stripe().refund(made.reference, 4500, idempotency_key="r1")
        stripe.by_key.clear()

    assert [each["amount"] for each in stripe.refunds] == [4500]
    assert adaptor.Stripe().refund(made.reference, 100, idempotency_key="r2")
    assert [each["amount"] for each in stripe.refunds] == [4500, 100]


def test_a_refund_that_failed_is_made_anew_in_the_next_turn_only(stripe):
    made = opened()
    stripe.pay()
    stripe.refund_status = "failed"
    for _ in range(2):
        with pytest.raises(UnableToTransact, match="refund failed"):
            adaptor.Stripe().refund(made.reference, 4500, idempotency_key="r1")
    stripe.refund_status = "succeeded"

    assert adaptor.Stripe().refund(made.reference, 4500, idempotency_key="r1", turn=1)
    assert [each["status"] for each in stripe.refunds] == ["failed", "succeeded"]


def test_every_call_has_a_deadline_and_is_tried_once(stripe):
    stripe.mood = "fail"

    with pytest.raises(UnableToTell, match="APIError 500"):
        opened()

    assert len(stripe.asked) == 1
    assert adaptor.CONNECT_SECONDS + adaptor.ANSWER_SECONDS < 15
