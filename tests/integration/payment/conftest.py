import datetime as dt
from collections.abc import Iterator

import pytest

from core import clock
from tests.factories import counter as counters
from tests.factories import stripes
from tests.factories.counter import Counter
from tests.factories.stripes import Stripe

NOW = dt.datetime(2026, 3, 3, 4, tzinfo=dt.UTC)  # noon in Beijing on Tuesday


@pytest.fixture
def counter(db) -> Counter:
    return counters.counter()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch):
    """Return a function that moves the clock so many minutes past noon."""

    def move(minutes: float = 0) -> dt.datetime:
        at = NOW + dt.timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda: at)
        return at

    move()
    return move


@pytest.fixture
def stripe(settings) -> Iterator[Stripe]:
    """A Stripe that this deployment pays with."""
    with stripes.running() as made:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_1", made.url
        settings.STRIPE_WEBHOOK_SECRET = "whsec_test"
        yield made
