"""Taking listings off sale and letting them back: only what was asked for, only from where it can be."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import Product
from catalogue.states import ListingState
from tests.factories import shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing():
    seller = shop.user()
    made = shop.shop()
    made.seller.users.add(seller)
    product = shop.listing(made.seller)
    product.test_seller = seller
    return product


def post(person, name: str, product: Product, to: str | None) -> int:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client.post(reverse(name, args=[product.pk]), {"to": to} if to is not None else {}).status_code


def state(product: Product) -> str:
    return Product.objects.values_list("state", flat=True).get(pk=product.pk)


@pytest.mark.parametrize("to", [None, "", "x", "release", "off"])
def test_staff_take_nothing_off_sale_by_anything_but_blocking(listing, to):
    staff = shop.user(is_staff=True)

    post(staff, "dashboard:listing-move", listing, to)

    assert state(listing) == ListingState.LISTED


def test_staff_block_and_release(listing):
    staff = shop.user(is_staff=True)

    post(staff, "dashboard:listing-move", listing, "block")
    assert state(listing) == ListingState.BLOCKED
    post(staff, "dashboard:listing-move", listing, "release")
    assert state(listing) == ListingState.WITHDRAWN


@pytest.mark.parametrize("to", [None, "", "x", "release"])
def test_a_seller_takes_nothing_off_sale_by_an_empty_form(listing, to):
    assert post(listing.test_seller, "selling:listing-move", listing, to) == 302

    assert state(listing) == ListingState.LISTED


def test_a_seller_takes_off_sale_and_puts_back(listing):
    post(listing.test_seller, "selling:listing-move", listing, "off")
    assert state(listing) == ListingState.WITHDRAWN
    post(listing.test_seller, "selling:listing-move", listing, "on")
    assert state(listing) == ListingState.LISTED
