"""One form sent many times at once, with one code from the phone: one order, and every answer leads to it."""

import re

import pytest
from django.conf import settings
from django.contrib.sites.models import Site
from django.test import Client
from django.urls import reverse

from core import clock
from marketplace.communication.models import Message
from marketplace.context import CHOSEN_POINT
from marketplace.order.models import Order
from tests.concurrency.racing import race
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_submit_at_once_lands_on_the_one_order(monkeypatch):
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=50)
    buyer = Client()
    buyer.post(reverse("basket:add", args=[product.pk]), {"quantity": 1})
    session = buyer.session
    session[CHOSEN_POINT] = made.point.pk
    session.save()
    data = {"point": made.point.pk, "name": "张小满", "phone": "13900000001", "payment_method": "AT_POINT"}
    page = buyer.post(reverse("checkout:index"), data | {"action": "send_code"})
    code = re.search(r"\d{6}", Message.objects.get().body)[0]
    data |= {"action": "place", "phone_code": code, "basket": page.context["request"].basket.pk}

    def submit():
        tab = Client()
        for name in (settings.SESSION_COOKIE_NAME, settings.OSCAR_BASKET_COOKIE_OPEN):
            if name in buyer.cookies:
                tab.cookies[name] = buyer.cookies[name].value
        response = tab.post(reverse("checkout:index"), data)
        return response.status_code, response.headers.get("Location", response.content.decode()[:0])

    answers = race([submit] * 6)

    order = Order.objects.get()
    assert set(answers) == {(302, reverse("customer:order", args=[order.number]))}


def test_anothers_basket_in_the_form_leads_nowhere():
    made = shop.shop()
    order = shop.order(made.point, shop.listing(made.seller))
    stranger = Client()

    response = stranger.post(reverse("checkout:index"), {"action": "place", "basket": order.basket_id})

    assert response.headers["Location"] == reverse("basket:summary")
    assert stranger.get(reverse("customer:order", args=[order.number])).status_code == 404
