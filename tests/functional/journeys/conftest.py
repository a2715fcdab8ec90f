"""A small Hunan with the names that people know, a clock that the test moves, and people with browsers of their own."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalogue import search
from core import clock
from logistics.models import Consignment
from logistics.services import scans
from marketplace.users.models import User
from tests.factories import shop, villages
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import Watch, sign_in
from villages import known_names
from villages.states import Level

DIVISIONS = (
    ("430000000000", "湖南省", Level.PROVINCE),
    ("430700000000", "常德市", Level.PREFECTURE),
    ("430726000000", "石门县", Level.COUNTY),
    ("430723000000", "澧县", Level.COUNTY),
    ("430726001000", "楚江街道", Level.TOWNSHIP),
    ("430723001000", "澧阳街道", Level.TOWNSHIP),
)

# A journey has many browsers open at once; on a busy machine a page can take longer than the usual five seconds.
expect.set_options(timeout=15_000)


class Time:
    """What every part of the site in this process takes for the time."""

    def __init__(self) -> None:
        self.at = MONDAY

    def now(self) -> dt.datetime:
        return self.at


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def hunan(transactional_db: None, time: Time) -> Iterator[Shop]:
    """A seller in 石门 and a point in 澧县, both with their names, and nothing in the search index."""
    search.engine().clear()
    for code, name, level in DIVISIONS:
        villages.division(code, name=name, level=level)
    known_names.forget()
    made = shop.shop()
    made.point.name = "澧阳街道提货点"
    made.point.save(update_fields=["name"])
    made.seller.name = "石门柑橘合作社"
    made.seller.save(update_fields=["name"])
    yield made
    known_names.forget()


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open a browser of a person's own; nothing may have gone wrong in any of them."""
    opened: list[tuple] = []

    def make(person: User | None = None, *, width: int = 360) -> Page:
        context = browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": 800}
        )
        context.set_default_timeout(10_000)
        watch = Watch(context, host=live_server.url)
        opened.append((context, watch))
        page = context.new_page()
        if person is not None:
            sign_in(page, live_server.url, person.phone)
        return page

    yield make
    for context, _watch in opened:
        context.close()
    assert [complaint for _context, watch in opened for complaint in watch.complaints] == []


def travel(consignment: Consignment, *, time: Time) -> None:
    """Let a packed consignment travel until it is on the vehicle that reaches its point, by the services' scans."""
    legs = list(consignment.legs.select_related("departure__lane", "departure__round").order_by("sequence"))
    parcels = list(consignment.parcels.all())
    time.at = legs[0].departs_at - dt.timedelta(minutes=10)
    for parcel in parcels:
        scans.drop(parcel, nonce=f"drop-{parcel.pk}", by="test", at=time.at)
    for leg in legs:
        time.at = leg.departs_at
        for parcel in parcels:
            scans.load(parcel, departure=leg.departure, nonce=f"load-{parcel.pk}-{leg.pk}", by="test", at=time.at)
        time.at = leg.arrives_at
        if leg is not legs[-1]:
            hub = leg.departure.lane.destination if leg.departure.lane else leg.departure.round.hub
            for parcel in parcels:
                scans.unload(parcel, hub=hub, nonce=f"unload-{parcel.pk}-{leg.pk}", by="test", at=time.at)
