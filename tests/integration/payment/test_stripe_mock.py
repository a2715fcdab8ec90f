"""The adaptor against Stripe's own mock, which checks each request against Stripe's description of its API."""

import os

import pytest

from marketplace.payment.providers import Outcome, UnableToTransact
from marketplace.payment.providers.stripe import Stripe

pytestmark = pytest.mark.stripe


@pytest.fixture
def provider(settings) -> Stripe:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_123", os.environ["STRIPE_API_BASE"]
    return Stripe()


def test_a_payment_is_a_valid_request(provider):
    opened = provider.open_qr(9600, idempotency_key="k1", description="湘品网上行 123456789012")

    assert opened.reference.startswith("pi_")
    assert provider.look(opened.reference).outcome in Outcome
    assert provider.cancel(opened.reference).outcome in Outcome


def test_a_refund_is_a_valid_request(provider):
    assert provider.refund("pi_1", 4500, idempotency_key="r1") in (True, False)


def test_a_request_that_stripe_does_not_know_is_refused(provider):
    """Without this the mock might take anything."""
    with pytest.raises(UnableToTransact):
        provider.open_qr("ninety-six", idempotency_key="k2", description="x")
