"""How often each page asks the database, pinned, and that it does not ask more when there is more to show."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock, events
from logistics.states import CollectionProof
from marketplace.context import CHOSEN_POINT
from marketplace.counter.services import handover
from marketplace.statistics.services import rollups
from marketplace.users.models import StaffAssignment
from tests.factories import shop, villages
from tests.factories.counter import qr_of
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def made():
    return shop.shop()


def visitor(made, *, person=None, point=True) -> Client:
    client = Client()
    if person:
        client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    if point:
        session = client.session
        session[CHOSEN_POINT] = made.point.pk
        session.save()
    return client


def queries(client: Client, url: str) -> int:
    client.get(url)  # names of divisions and the timetable are read once a process
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return len(captured)


def pinned(client: Client, url: str, grow, *, limit: int) -> None:
    """See that a page stays within its limit, and asks as often after ``grow`` has added rows."""
    before = queries(client, url)
    grow()
    after = queries(client, url)
    assert before <= limit
    assert after == before


def add_listings(made, count: int = 12) -> None:
    for number in range(count):
        shop.listing(made.seller, path=f"水果/种类{number % 4}", harvest_from_month=1, harvest_to_month=12)


@pytest.mark.parametrize(("name", "limit"), [("home", 8), ("catalogue:index", 10)])
def test_home_and_lists_ask_a_fixed_number_of_times(name, limit, made):
    add_listings(made, 3)
    client = visitor(made, person=shop.user())
    pinned(client, reverse(name), lambda: add_listings(made), limit=limit)


def test_a_category_asks_at_most_10_times(made):
    product = shop.listing(made.seller)
    category = product.categories.get()
    client = visitor(made, person=shop.user())
    url = reverse("catalogue:category", args=[category.slug, category.pk])
    pinned(client, url, lambda: [shop.listing(made.seller) for _ in range(6)], limit=10)


def test_a_product_asks_at_most_13_times(made):
    product = shop.listing(made.seller)
    client = visitor(made, person=shop.user())
    shop.listing(made.seller)
    url = reverse("catalogue:detail", args=[product.slug, product.pk])
    pinned(client, url, lambda: add_listings(made), limit=13)


def test_the_basket_asks_at_most_12_times(made):
    person = shop.user()
    basket = shop.basket(shop.listing(made.seller), owner=person)
    client = visitor(made, person=person)

    def grow():
        for _ in range(6):
            shop.baskets.add(basket, product=shop.listing(shop.seller(made.network.stop)), quantity=1)

    pinned(client, reverse("basket:summary"), grow, limit=12)


def test_the_operators_list_asks_at_most_8_times(made):
    shop.at_point(shop.order(made.point, shop.listing(made.seller)))
    client = visitor(made, person=shop.operator(made.point), point=False)

    def grow():
        for _ in range(5):
            shop.at_point(shop.order(made.point, shop.listing(made.seller)))

    pinned(client, reverse("counter:waiting"), grow, limit=8)


@pytest.mark.parametrize("place", ["", "?place=430700000000", "?place=430726000000"])
def test_the_province_page_asks_at_most_7_times(made, place):
    """And once more each for the demonstration's clock and the names of the divisions, now and then."""
    person = shop.user()
    villages.division()
    StaffAssignment.objects.create(user=person, division_id="430000000000", since=MONDAY)

    def sell(count):
        operator = shop.operator(made.point)
        for number in range(count):
            product = shop.listing(made.seller, path=f"水果/种类{number}")
            order = shop.at_point(shop.order(made.point, product), at=MONDAY)
            handover.hand_over(
                order, point=made.point, outcomes={}, proof=CollectionProof.QR,
                code=qr_of(order), nonce=order.number, by=operator,
                at=MONDAY - dt.timedelta(days=number),
            )  # fmt: skip
        events.publish()
        rollups.read_events()

    sell(1)
    pinned(visitor(made, person=person, point=False), reverse("statistics:index") + place, lambda: sell(5), limit=7)
