"""What a seller wrote is Chinese on every page; pages in English say so, for those who are read to."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import shop

pytestmark = pytest.mark.django_db
MARK = ' lang="zh-Hans"'


def reader(language: str) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


@pytest.mark.parametrize(("language", "mark"), [("en", MARK), ("zh-hans", "")])
def test_the_orders_page_marks_what_a_seller_wrote(language, mark):
    made, buyer = shop.shop(), shop.user()
    order = shop.order(made.point, shop.listing(made.seller, title="石门柑橘", pack="5斤/箱"), by=buyer)
    client = reader(language)
    client.force_login(buyer, backend="marketplace.users.backends.PhoneOrEmailBackend")

    text = client.get(reverse("customer:order", args=[order.number])).content.decode()

    assert f'<p class="strong"{mark}>石门柑橘</p>' in text
    assert f'<p class="small dim"{mark}>5斤/箱</p>' in text
    assert f'<b class="strong"{mark}>{made.seller.display_name}</b>' in text


@pytest.mark.parametrize(("language", "mark"), [("en", MARK), ("zh-hans", "")])
def test_the_line_of_the_season_marks_the_name_of_the_goods(language, mark):
    made = shop.shop()
    shop.listing(made.seller, title="石门柑橘", harvest_from_month=1, harvest_to_month=12)

    text = reader(language).get(reverse("home")).content.decode()

    assert f"<span{mark}>石门柑橘</span>" in text
