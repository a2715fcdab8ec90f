"""What Stripe's words mean here, and what its errors do."""

from types import SimpleNamespace

import pytest
import stripe as library

from marketplace.payment import providers
from marketplace.payment.providers import Outcome, Seen, UnableToTell, UnableToTransact
from marketplace.payment.providers import stripe as adaptor


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        ("requires_action", Seen(Outcome.OPEN)),
        ("processing", Seen(Outcome.OPEN)),
        ("requires_confirmation", Seen(Outcome.OPEN)),
        ("requires_payment_method", Seen(Outcome.FAILED)),
        ("canceled", Seen(Outcome.FAILED)),
        ("succeeded", Seen(Outcome.SUCCEEDED, 9600)),
    ],
)
def test_a_status_means_an_outcome(status, seen):
    assert adaptor.seen(SimpleNamespace(status=status, amount_received=9600)) == seen


def test_a_status_that_nobody_knows_is_no_outcome():
    with pytest.raises(UnableToTell, match="status something_new"):
        adaptor.seen(SimpleNamespace(status="something_new", amount_received=0))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (library.APIConnectionError("reset"), UnableToTell),
        (library.APIError("oops", http_status=500), UnableToTell),
        (library.RateLimitError("slow", http_status=429), UnableToTell),
        (library.AuthenticationError("who", http_status=401), UnableToTell),
        (library.InvalidRequestError("no", "amount", http_status=400), UnableToTransact),
        (library.CardError("no", "x", "declined", http_status=402), UnableToTransact),
        (library.IdempotencyError("other", http_status=400), UnableToTransact),
    ],
)
def test_an_error_says_whether_something_may_have_happened(error, raised):
    def ask() -> None:
        raise error

    with pytest.raises(raised) as caught:
        adaptor._asked(ask)

    assert str(error.user_message) not in str(caught.value), "what Stripe quotes stays out of our log"


@pytest.mark.parametrize(
    ("key", "rehearses", "name"), [("sk", True, "stripe"), ("", True, "rehearsal"), ("", False, "")]
)
def test_the_provider_is_what_is_configured(settings, key, rehearses, name):
    settings.STRIPE_SECRET_KEY, settings.DEMO_PAYMENTS = key, rehearses

    assert providers.configured() == name
