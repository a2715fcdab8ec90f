import datetime as dt

import pytest

from core import clock
from tests.factories import counter as counters
from tests.factories import shop
from tests.factories.counter import Counter

NOW = dt.datetime(2026, 3, 3, 4, tzinfo=dt.UTC)  # noon in Beijing on Tuesday


@pytest.fixture
def counter(db) -> Counter:
    return counters.counter()


@pytest.fixture
def elsewhere(db, counter) -> Counter:
    """The operator of the seller's stop, who has nothing to do with what waits at the counter's point."""
    return Counter(counter.shop, shop.operator(counter.shop.network.stop))


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return NOW
