"""Where the chosen point cannot have all of a basket: what can be chosen instead, and what is said of the total."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from core.storage_class import StorageClass
from logistics.services import tariffs
from logistics.states import FreightFunder
from marketplace.context import CHOSEN_POINT
from marketplace.storefront import choices, quotes
from tests.factories import shop, villages
from tests.factories.shop import MONDAY
from villages.models import PickupPoint, PointCapacity

pytestmark = pytest.mark.django_db
WARM = {StorageClass.AMBIENT: 5}


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def made():
    return shop.shop()


@pytest.fixture
def warm(made) -> PickupPoint:
    """A point without a cold store, and nearer to it than any that has one four others without."""
    chosen, *_others = [villages.point("430723001001", longitude=111.5 + n / 100, capacities=WARM) for n in range(5)]
    return chosen


def visitor(basket, point: PickupPoint, owner) -> Client:
    client = Client()
    client.force_login(owner, backend="marketplace.users.backends.PhoneOrEmailBackend")
    session = client.session
    session[CHOSEN_POINT] = point.pk
    session.save()
    return client


def opened(made, point: PickupPoint, *, name: str = "checkout:index", classes=("AMBIENT", "FROZEN")):
    buyer = shop.user()
    products = [shop.listing(made.seller, storage_class=each) for each in classes]
    client = visitor(shop.basket(*products, owner=buyer), point, buyer)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(reverse(name))
    assert response.status_code == 200
    return response.context, response.content.decode(), len(captured)


def test_the_checkout_offers_the_nearest_points_that_can_have_it(made, warm):
    context, text, _queries = opened(made, warm)

    offered = context["choices"]
    assert offered[0].point == warm
    assert [bool(choice.problem) for choice in offered[:4]] == [True] * 4, "the near ones, with their reason"
    able = [choice for choice in offered if not choice.problem]
    assert made.point in [choice.point for choice in able]
    assert all(choice.promised_at and choice.distance_km for choice in able)
    assert "下面写着日期的提货点都能收" in text


def test_no_point_beyond_the_near_ones_is_offered_where_the_chosen_one_can(made, warm):
    context, text, _queries = opened(made, warm, classes=["AMBIENT"])
    unserved = context["choices"]
    context, text, _queries = opened(made, made.point)

    assert len(unserved) >= choices.SHOWN
    assert context["choices"][0].point == made.point
    assert len(context["choices"]) == choices.SHOWN
    assert "下面写着日期" not in text


def test_that_no_point_can_is_said(made, warm):
    PointCapacity.objects.filter(storage_class=StorageClass.FROZEN).delete()

    context, text, _queries = opened(made, warm)

    assert all(choice.problem for choice in context["choices"])
    assert "附近的提货点都收不下全部商品" in text


@pytest.mark.parametrize("name", ["basket:summary", "checkout:index"])
def test_no_total_is_told_where_something_cannot_come(made, warm, name):
    context, text, _queries = opened(made, made.point, name=name)
    assert context["quote"].total_fen == 10_200, "the control: 2 × ¥45, ¥5 and ¥7"
    assert "¥</i>102.00" in text
    assert "还算不出总价" not in text

    _context, text, _queries = opened(made, warm, name=name)

    assert "免运费" not in text
    assert f"有商品送不到{warm.name}，所以还算不出总价。" in text
    assert 'tot">—' in text
    assert '应付</span> <b class="price">—' in text


def test_nothing_is_called_free_that_cannot_come(made, warm):
    tariffs.offer_free_delivery(funder=FreightFunder.PLATFORM, from_fen=1, seller_id=None, by="test", at=MONDAY)
    basket = shop.basket(shop.listing(made.seller, storage_class="FROZEN"))

    quote = quotes.quote(basket, point=warm, at=MONDAY)

    assert (quote.is_hindered, quote.consignments) == (True, 0)
    assert "免运费" in opened(made, made.point)[1], "the control"
    assert "免运费" not in opened(made, warm)[1]


def test_the_basket_leads_to_the_points_that_can(made, warm):
    link = f'href="{reverse("checkout:index")}#id_point"'

    assert link in opened(made, warm, name="basket:summary")[1]
    assert link not in opened(made, made.point, name="basket:summary")[1]


def test_the_checkout_asks_at_most_23_times_and_no_more_where_more_points_are_near(made, warm):
    opened(made, warm)  # the timetable and the points are read once a process
    assert opened(made, made.point)[2] <= 23
    hindered = opened(made, warm)[2]
    for number in range(12):
        villages.point("430723001001", longitude=111.4 + number / 1000)
    opened(made, warm)

    assert opened(made, warm)[2] <= hindered <= 23
