"""What a person types wrongly: a clear sentence beside the field, what was typed kept, nothing half written."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.storage_class import StorageClass
from marketplace.basket.models import Line
from marketplace.communication.models import Message
from marketplace.context import CHOSEN_POINT
from marketplace.order.models import Order
from marketplace.partner.models import StockRecord
from marketplace.partner.services import stock
from tests.factories import shop, villages
from tests.factories.shop import MONDAY
from villages.models import PickupPoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


class Visitor:
    """A guest with something in the basket, who fills in the checkout."""

    def __init__(self, *, storage_class: str = StorageClass.AMBIENT, on_hand: int = 5):
        self.made = shop.shop()
        self.product = shop.listing(self.made.seller, on_hand=on_hand, storage_class=storage_class, title="石门柑橘")
        self.client = Client()
        self.client.post(reverse("basket:add", args=[self.product.pk]), {"quantity": 1})
        session = self.client.session
        session[CHOSEN_POINT] = self.made.point.pk
        session.save()
        self.phone = "139 0000 0001"

    def post(self, action: str = "place", **changes):
        data = {
            "action": action,
            "point": self.made.point.pk,
            "name": "张小满",
            "phone": self.phone,
            "phone_code": "",
            "payment_method": "AT_POINT",
        } | changes
        return self.client.post(reverse("checkout:index"), data)

    def code(self) -> str:
        """Have a code sent and read it from the message."""
        assert self.post("send_code").status_code == 200
        return re.search(r"\d{6}", Message.objects.latest("pk").body)[0]


def refused(response, *words: str) -> str:
    """Return the page, having seen the sentence, what was typed, and that no order was written."""
    text = response.content.decode()
    assert response.status_code == 422
    for word in words:
        assert word in text, word
    assert 'value="张小满"' in text
    assert Order.objects.count() == 0
    assert set(StockRecord.objects.values_list("num_allocated", flat=True)) == {0}
    return text


def test_a_guest_orders_with_a_code_from_the_phone():
    visitor = Visitor()

    response = visitor.post(phone_code=visitor.code())

    order = Order.objects.get()
    assert response["Location"] == reverse("customer:order", args=[order.number])
    page = visitor.client.get(response["Location"])
    assert "石门柑橘" in page.content.decode()
    assert order.contact_phone == "+8613900000001"


def test_a_second_submit_goes_to_the_same_order():
    visitor = Visitor()
    basket = visitor.client.get(reverse("checkout:index")).context["request"].basket.pk
    code = visitor.code()
    first = visitor.post(phone_code=code, basket=basket)

    second = visitor.post(phone_code=code, basket=basket)

    assert second["Location"] == first["Location"]
    assert Order.objects.count() == 1


def test_an_old_page_of_another_basket_is_explained():
    visitor = Visitor()

    refused(visitor.post(phone_code=visitor.code(), basket=999_999), "购物篮变过了")


def test_an_unknown_point():
    visitor = Visitor()
    refused(visitor.post(phone_code=visitor.code(), point="999999"), "没有这个提货点，请另选一个。")


def test_a_closed_point():
    visitor = Visitor()
    code = visitor.code()
    PickupPoint.objects.filter(pk=visitor.made.point.pk).update(state="CLOSED")
    refused(visitor.post(phone_code=code), visitor.made.point.name)


def test_a_point_without_the_storage_class():
    visitor = Visitor(storage_class=StorageClass.CHILLED)
    warm = villages.point("430723001001", capacities={StorageClass.AMBIENT: 5})
    refused(visitor.post(point=warm.pk, phone_code=visitor.code()), "石门柑橘")


def test_sold_out_between_basket_and_submit():
    visitor = Visitor(on_hand=1)
    code = visitor.code()
    record = StockRecord.objects.get()
    stock.set_on_hand(record, on_hand=0, by="test", at=MONDAY)

    refused(visitor.post(phone_code=code), "石门柑橘")
    for name in ("basket:summary", "checkout:index"):
        page = visitor.client.get(reverse(name)).content.decode().partition("<main")[2]
        assert "后可提" not in page, "there is no day for what nobody has"
        assert "0.00" in page
    text = refused(visitor.post(phone_code=code, expected_fen="0"), "石门柑橘：已售完")
    assert "价格有变化" not in text


@pytest.mark.parametrize("phone", ["nonsense", "1380013", "99999999999", "<script>", "138 0013 80000 11", "０"])
def test_phone_number_nonsense(phone):
    visitor = Visitor()
    text = refused(visitor.post(phone=phone), "11")
    assert "<script>" not in text.replace("<script src", "").replace("<script type", "")
    assert visitor.post("send_code", phone=phone).status_code == 422
    assert Message.objects.count() == 0


def test_a_wrong_code_and_then_the_right_one():
    visitor = Visitor()
    right = visitor.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"

    refused(visitor.post(phone_code=wrong))
    assert visitor.post(phone_code=right).status_code == 302


def test_no_code_at_all():
    refused(Visitor().post(), "验证码")


def test_a_code_is_not_tried_forever(settings):
    visitor = Visitor()
    right = visitor.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(settings.PHONE_CODE_TRIES):
        visitor.post(phone_code=wrong)

    refused(visitor.post(phone_code=right))


def test_nobody_can_bomb_a_phone(settings):
    settings.PHONE_CODES_PER_PHONE_HOUR = 2
    visitor = Visitor()

    statuses = [visitor.post("send_code").status_code for _ in range(4)]

    assert statuses == [200, 200, 422, 422]
    assert Message.objects.count() == 2


def test_nobody_can_send_codes_to_many_phones_from_one_address(settings):
    settings.PHONE_CODES_PER_ADDRESS_HOUR = 3
    visitor = Visitor()

    statuses = [visitor.post("send_code", phone=f"1390000010{n}").status_code for n in range(5)]

    assert statuses == [200, 200, 200, 422, 422]


def test_a_phone_is_sent_so_many_codes_a_day(settings, monkeypatch):
    settings.PHONE_CODES_PER_PHONE_DAY, settings.PHONE_CODES_PER_DEVICE_HOUR = 3, 99
    visitor, now = Visitor(), clock.now()

    statuses = []
    for hours in range(5):
        monkeypatch.setattr(clock, "now", lambda hours=hours: now + dt.timedelta(hours=2 * hours))
        statuses.append(visitor.post("send_code").status_code)

    assert statuses == [200, 200, 200, 422, 422]


def test_one_browser_cannot_send_codes_to_many_phones_from_changing_addresses(settings):
    settings.PHONE_CODES_PER_DEVICE_HOUR = 3
    visitor = Visitor()

    statuses = []
    for n in range(5):
        visitor.client.defaults["REMOTE_ADDR"] = f"203.0.113.{n}"
        statuses.append(visitor.post("send_code", phone=f"1390000020{n}").status_code)

    assert statuses == [200, 200, 200, 422, 422]


def test_an_empty_basket_goes_back_to_the_basket():
    assert Client().post(reverse("checkout:index"), {}).headers["Location"] == reverse("basket:summary")


@pytest.mark.parametrize("quantity", ["0", "-3", "abc", "1.5", "1e9", "100000", "99999999999", "9" * 5000, ""])
def test_a_quantity_that_is_no_quantity_is_refused_beside_what_was_typed(quantity):
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=5)
    client = Client()

    response = client.post(reverse("basket:add", args=[product.pk]), {"quantity": quantity})

    assert response["Location"].startswith(f"{product.get_absolute_url()}?quantity=")
    page = client.get(response["Location"]).content.decode()
    assert "数量请填 1 到 99 的整数。" in page or "现在最多可订 5 件" in page
    assert f'name="quantity" value="{quantity[:12] or 1}"' in page
    assert "已放入购物篮" not in page
    assert "购物篮是空的" in client.get(reverse("basket:summary")).content.decode()


@pytest.mark.parametrize(("on_hand", "most"), [(1000, 99), (20, 20)])
def test_more_than_there_may_be_is_refused_and_never_becomes_less(on_hand, most):
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=on_hand)
    client = Client()

    response = client.post(reverse("basket:add", args=[product.pk]), {"quantity": "300"})

    page = client.get(response["Location"]).content.decode()
    assert f"现在最多可订 {most} 件" in page.split('id="d-quantity-error"')[1][:600]
    assert 'value="300"' in page
    assert not Line.objects.exists()
    client.post(reverse("basket:add", args=[product.pk]), {"quantity": str(most)})
    assert Line.objects.get().quantity == most, "the control: as many as there may be go in"


def test_what_is_in_the_basket_counts_with_what_is_added():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=1000)
    client = Client()
    client.post(reverse("basket:add", args=[product.pk]), {"quantity": "60"})

    response = client.post(reverse("basket:add", args=[product.pk]), {"quantity": "40"})

    assert "现在最多可订 99 件" in client.get(response["Location"]).content.decode()
    assert Line.objects.get().quantity == 60


@pytest.mark.parametrize("quantity", ["300", "21", "-1", "abc"])
def test_a_line_in_the_basket_keeps_its_units_and_says_why(quantity):
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=20)
    client = Client()
    client.post(reverse("basket:add", args=[product.pk]), {"quantity": "2"})
    line = Line.objects.get()

    response = client.post(reverse("basket:change"), {"line": line.pk, "quantity": quantity})

    page = client.get(response["Location"]).content.decode()
    said = page.split(f'id="line-{line.pk}-error"')[1][:600]
    assert "现在最多可订 20 件" in said or "数量请填 1 到 99 的整数。" in said
    assert f'name="quantity" value="{quantity}"' in page
    assert Line.objects.get().quantity == 2
    assert "-error" not in client.get(reverse("basket:summary")).content.decode(), "the control: nothing was typed"


def test_fewer_units_may_always_be_had():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=20)
    client = Client()
    client.post(reverse("basket:add", args=[product.pk]), {"quantity": "20"})
    stock.set_on_hand(StockRecord.objects.get(), on_hand=5, by="test", at=MONDAY)

    client.post(reverse("basket:change"), {"line": Line.objects.get().pk, "quantity": "10"})

    assert Line.objects.get().quantity == 10


def test_a_refused_checkout_begins_with_links_to_what_is_wrong():
    visitor = Visitor()

    page = visitor.post(name="", phone="12").content.decode()

    links = re.findall(r'<a href="#(\w+)">', page.split('class="note bad problems"')[1].split("</ul>")[0])
    assert links == ["id_name", "id_phone", "id_phone_code"]
    assert all(f'id="{link}"' in page for link in links)
    assert 'tabindex="-1" autofocus' in page
    assert page.index("problems") < page.index('id="checkout"')
    shown = visitor.client.get(reverse("checkout:index")).content.decode()
    assert "problems" not in shown, "the control: nothing is wrong before anything is sent"


@pytest.mark.parametrize("query", ["%00", "'; DROP TABLE", "<script>alert(1)</script>", "x" * 5000, "柑橘 " * 50, "[("])
def test_any_search_text_gets_a_page(query, tmp_path, settings):
    response = Client().get(reverse("search:search"), {"q": query})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "9" * 20},
        {"page": "x"},
        {"category": "%"},
        {"place": "43'"},
        {"sort": "x"},
    ],
)
def test_any_list_query_gets_a_page(query):
    made = shop.shop()
    shop.listing(made.seller)
    assert Client().get(reverse("catalogue:index"), query).status_code == 200
