"""A paired phone's browser at a point, an operator signed in; its network can be cut."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.sites.models import Site
from playwright.sync_api import Browser, BrowserContext, expect
from pytest_django.live_server_helper import LiveServer

from core import clock
from marketplace.counter.middleware import COOKIE
from tests.factories import counter as counters
from tests.factories.counter import Counter
from tests.factories.leases import Phone
from tests.functional.counter.handset import Handset

NOW = dt.datetime(2026, 3, 3, 4, tzinfo=dt.UTC)  # noon in Beijing on Tuesday

# A PIN is stretched 600,000 times and a machine may be busy with other things.
expect.set_options(timeout=15_000)


class Time:
    """What the server takes for the time."""

    at = NOW

    def now(self) -> dt.datetime:
        return self.at


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def counter(transactional_db: None, time: Time) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    return counters.counter()


@pytest.fixture
def handset(browser: Browser, live_server: LiveServer, counter: Counter) -> Iterator[Callable[..., Handset]]:
    """Give out phones of the point; nothing may have gone wrong in any of their browsers."""
    given: list[Handset] = []

    def make(*, operator=None, name: str = "柜台手机", by: Browser = browser, **options) -> Handset:
        phone = Phone(counter, operator=operator, name=name)
        context = by.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": 360, "height": 740},
            has_touch=True,
            **options,
        )
        sign_in(context, live_server, phone)
        given.append(Handset(context, live_server.url, phone))
        return given[-1]

    yield make
    for each in given:
        each.context.close()
    assert [complaint for each in given for complaint in each.complaints] == []


def sign_in(context: BrowserContext, live_server: LiveServer, phone: Phone) -> None:
    for name in (settings.SESSION_COOKIE_NAME, COOKIE):
        context.add_cookies([{"name": name, "value": phone.client.cookies[name].value, "url": live_server.url}])
