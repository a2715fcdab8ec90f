"""The page of an order says what the buyer owes."""

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.order.services import cancelling
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


def test_nothing_is_asked_for_a_cancelled_order():
    made, buyer = shop.shop(), shop.user()
    order = shop.order(made.point, shop.listing(made.seller), by=buyer)
    client = Client()
    client.force_login(buyer, backend="marketplace.users.backends.PhoneOrEmailBackend")
    page = reverse("customer:order", args=[order.number])
    assert "到点付款" in client.get(page).content.decode(), "the control: before, it is to be paid at the point"

    cancelling.cancel(order, by=buyer, at=MONDAY)

    text = client.get(page).content.decode()
    assert "到点付款" not in text
    assert "您不用付钱" in text


def test_what_a_broken_vehicle_carries_has_no_day_on_the_page_and_says_so():
    made, buyer = shop.shop(), shop.user()
    order = shop.order(made.point, shop.listing(made.seller), by=buyer)
    shop.packed(order)
    client = Client()
    client.force_login(buyer, backend="marketplace.users.backends.PhoneOrEmailBackend")
    page = reverse("customer:order", args=[order.number])
    order.consignments.update(state="IN_TRANSIT")
    assert "新的日子定了就告诉您" not in client.get(page).content.decode(), "the control: its promise stands"

    order.consignments.update(expected_at=None, planned_at=None)

    text = client.get(page).content.decode()
    assert "新的日子定了就告诉您" in text
    assert "日子待定" in text
