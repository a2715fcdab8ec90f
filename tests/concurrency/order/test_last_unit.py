"""Fifty buyers race for the last unit: one order, 49 clear refusals; without the guard the race is lost."""

import pytest
from django.contrib.sites.models import Site

from marketplace.order.models import Order
from marketplace.order.services import placing
from marketplace.order.services.refusals import UnableToPlace
from marketplace.partner.models import StockRecord
from marketplace.partner.services import stock
from tests.concurrency.racing import race
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
BUYERS = 50


@pytest.fixture
def site(db):
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})


def buyers(made, product, count: int):
    def buyer(basket, contact):
        return lambda: placing.place(basket, point_id=made.point.pk, contact=contact, by=None, at=MONDAY)

    return [buyer(shop.basket(product), shop.contact()) for _ in range(count)]


def test_fifty_buyers_of_the_last_unit_make_one_order():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=1)

    outcomes = race(buyers(made, product, BUYERS))

    orders = [outcome for outcome in outcomes if isinstance(outcome, Order)]
    refusals = [outcome for outcome in outcomes if isinstance(outcome, UnableToPlace)]
    assert (len(orders), len(refusals)) == (1, BUYERS - 1), [o for o in outcomes if not isinstance(o, UnableToPlace)]
    assert {refusal.field for refusal in refusals} == {"lines"}
    assert all(product.title in refusal.message for refusal in refusals)
    assert Order.objects.count() == 1
    assert StockRecord.objects.values_list("num_in_stock", "num_allocated").get(product=product) == (1, 1)


def test_without_the_guard_more_is_promised_than_there_is(monkeypatch):
    """The control: with the guard off more than one buyer gets through, up to the constraint behind it."""
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=1)
    monkeypatch.setattr(stock, "ENOUGH_LEFT", "TRUE")

    outcomes = race(buyers(made, product, 4))

    # The named constraint is the second line of defence: what passes the missing guard fails on it, loudly.
    broken = [outcome for outcome in outcomes if not isinstance(outcome, (Order, UnableToPlace))]
    assert broken
    assert all("stock_allocated" in str(outcome) for outcome in broken)


def test_two_submits_of_one_basket_at_once_make_one_order():
    made = shop.shop()
    basket = shop.basket(shop.listing(made.seller, on_hand=10))
    contact = shop.contact()

    outcomes = race([lambda: placing.place(basket, point_id=made.point.pk, contact=contact, by=None, at=MONDAY)] * 8)

    assert {outcome.pk for outcome in outcomes} == {Order.objects.get().pk}


def test_a_phone_cannot_slip_past_its_limit_at_once(settings):
    settings.MAX_UNPAID_ORDERS_PER_PHONE = 2
    made = shop.shop()
    product = shop.listing(made.seller)
    contact = shop.contact("+8613812345678")
    baskets = [shop.basket(product) for _ in range(8)]

    outcomes = race(
        [
            lambda basket=basket: placing.place(basket, point_id=made.point.pk, contact=contact, by=None, at=MONDAY)
            for basket in baskets
        ]
    )

    assert sum(isinstance(outcome, Order) for outcome in outcomes) == 2
    assert Order.objects.count() == 2
