"""Goods that are sold out: grey with a strip, and no day promised, on their page and on every list."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue import search
from catalogue.search import SearchUnavailable
from core import clock
from marketplace.context import CHOSEN_POINT
from marketplace.partner.models import StockRecord
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db

PROMISE, WAITING, STRIP = "后可提", "等卖家补货", 'class="out-l"'


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture(autouse=True)
def _without_search_engine(monkeypatch):
    """The page then searches the titles, which needs no index."""

    def unavailable():
        raise SearchUnavailable

    monkeypatch.setattr(search, "engine", unavailable)


@pytest.fixture
def made():
    return shop.shop()


@pytest.fixture
def listing(made):
    return shop.listing(made.seller, on_hand=0, title="石门柑橘", harvest_from_month=1, harvest_to_month=12)


def page(made, url: str) -> str:
    client = Client()
    session = client.session
    session[CHOSEN_POINT] = made.point.pk
    session.save()
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def pages(listing) -> list[str]:
    return [listing.get_absolute_url(), reverse("catalogue:index"), reverse("search:search") + f"?q={listing.title}"]


def restock(listing) -> None:
    StockRecord.objects.filter(product=listing).update(num_in_stock=5)


@pytest.mark.parametrize("number", range(3), ids=["product", "list", "search"])
def test_what_is_sold_out_promises_no_day(number, made, listing):
    url = pages(listing)[number]
    sold_out = page(made, url)
    restock(listing)
    on_sale = page(made, url)

    assert (PROMISE in sold_out, WAITING in sold_out, STRIP in sold_out) == (False, True, True)
    assert (PROMISE in on_sale, WAITING in on_sale, STRIP in on_sale) == (True, False, False)


def test_the_page_of_sold_out_goods_greys_the_picture_and_has_nothing_to_buy(made, listing):
    sold_out = page(made, listing.get_absolute_url())

    assert 'class="gallery out"' in sold_out
    assert reverse("basket:add", args=[listing.pk]) not in sold_out


def test_sold_out_goods_stand_last_at_home_and_never_at_the_head(made, listing):
    assert PROMISE not in page(made, reverse("home"))
    shop.listing(made.seller, on_hand=5, title="炎陵黄桃", harvest_from_month=1, harvest_to_month=12)

    at_home = page(made, reverse("home"))

    assert at_home.index('h-display">炎陵黄桃') < at_home.index(">石门柑橘<")
    assert PROMISE in at_home
