"""Stripe's webhook: signed, and a nudge to look only."""

import hashlib
import hmac
import json
import time

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.payment.models import PaymentAttempt
from marketplace.payment.services import attempts
from marketplace.payment.states import AttemptState

ADDRESS = reverse("stripe-webhook")


@pytest.fixture
def attempt(counter, stripe, now) -> PaymentAttempt:
    """An attempt of ¥96 that waits for its buyer."""
    order = counter.waiting()
    return attempts.ask(order, point=counter.point, amount_fen=9600, by=counter.operator, at=now())


def told(about: object, *, secret: str = "whsec_test", at: float | None = None):
    """Return the answer to an event, sent as Stripe sends it: no cookie, no CSRF token."""
    text = json.dumps({"type": "payment_intent.succeeded", "data": {"object": about}})
    stamp = int(at or time.time())
    signed = hmac.new(secret.encode(), f"{stamp}.{text}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={signed}"}
    return Client(enforce_csrf_checks=True).post(ADDRESS, text, content_type="application/json", headers=headers)


def paid(attempt: PaymentAttempt) -> dict:
    """Return the object of an event that says that an attempt was paid."""
    return {
        "object": "payment_intent",
        "id": attempt.provider_reference,
        "status": "succeeded",
        "amount_received": 9600,
    }


def test_a_signed_word_has_the_payment_looked_at(attempt, stripe):
    stripe.pay()

    assert told(paid(attempt)).status_code == 204

    attempt.refresh_from_db()
    assert (attempt.state, attempt.captured_fen) == (AttemptState.SUCCEEDED, 9600)


def test_a_charge_names_its_payment(attempt, stripe):
    stripe.pay()

    assert told({"object": "charge", "id": "ch_1", "payment_intent": attempt.provider_reference}).status_code == 204

    attempt.refresh_from_db()
    assert attempt.state == AttemptState.SUCCEEDED


def test_the_bodys_word_is_not_taken(attempt):
    assert told(paid(attempt)).status_code == 204

    attempt.refresh_from_db()
    assert attempt.state == AttemptState.OPEN


def test_without_the_right_signature_nothing_is_looked_at(attempt, stripe):
    stripe.pay()
    asked = len(stripe.asked)

    assert told(paid(attempt), secret="whsec_other").status_code == 400
    assert told(paid(attempt), at=time.time() - 3600).status_code == 400
    assert Client().post(ADDRESS, "{}", content_type="application/json").status_code == 400
    assert Client().post(ADDRESS, b"\xff", content_type="application/json").status_code == 400

    assert len(stripe.asked) == asked
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.OPEN


@pytest.mark.parametrize("about", [None, [], "x", {"object": "payment_intent", "id": 7}, {"object": "event"}])
def test_a_signed_word_about_nothing_of_ours_changes_nothing(attempt, about):
    assert told(about).status_code in (204, 400)

    attempt.refresh_from_db()
    assert attempt.state == AttemptState.OPEN


def test_it_is_told_again_where_stripe_does_not_answer_us(attempt, stripe):
    stripe.mood = "fail"

    assert told(paid(attempt)).status_code == 503


def test_without_a_secret_it_is_not_there(attempt, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""

    assert told(paid(attempt)).status_code == 404
