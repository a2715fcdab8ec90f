"""Ordering for somebody: consent by a code, what the buyer is told, what the operator never sees, cancelling."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from core import clock, events
from logistics import codes
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.counter.services import ordering
from marketplace.order.models import Order
from marketplace.order.services.refusals import UnableToPlace
from marketplace.order.states import Channel, OrderState
from marketplace.users.services import phone_codes
from tests.factories import counter as counters
from tests.factories import shop, villages
from tests.factories.counter import Counter
from tests.factories.shop import MONDAY
from villages.models import PickupPoint
from villages.states import PointState

pytestmark = pytest.mark.django_db

BUYER = "+8613912345678"


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def counter() -> Counter:
    return counters.counter()


def code_sent(phone: str = BUYER) -> str:
    body = Message.objects.filter(name="phone_code").order_by("-pk").first().body
    return re.search(r"确认码 (\d{6})", body).group(1)


def ask(counter: Counter, basket, *, total_fen: int = 5100, phone: str = BUYER) -> None:
    ordering.ask(
        basket, point=counter.point, total_fen=total_fen, phone=phone, by=counter.operator, network_address="1.2.3.4",
        at=MONDAY,
    )  # fmt: skip


def place(counter: Counter, basket, *, code: str = "", total_fen: int = 5100, phone: str = BUYER) -> Order:
    return ordering.place(
        basket, point=counter.point, name="刘奶奶", phone=phone, code=code or code_sent(), total_fen=total_fen,
        by=counter.operator, at=MONDAY,
    )  # fmt: skip


def ordered(counter: Counter, *, phone: str = BUYER) -> Order:
    basket = shop.basket(shop.listing(counter.shop.seller))
    ask(counter, basket, phone=phone)
    return place(counter, basket, phone=phone)


def test_the_operator_is_the_actor_and_the_buyer_owns_the_order(counter):
    order = ordered(counter)

    assert (order.channel, order.placed_by, order.user) == (Channel.PROXY, counter.operator, None)
    assert (order.pickup_point, order.payment_method, order.language) == (counter.point, "AT_POINT", "zh-hans")
    assert order.lines.get().channel_point == counter.point
    assert order.contact_phone_tail == "5678"
    placed = shop_event(order, "order.placed")
    assert placed.actor == f"user:{counter.operator.pk}"
    assert BUYER not in str(placed.payload)


def shop_event(order: Order, name: str):
    return events.Event.objects.get(stream="order", stream_id=order.number, name=name)


def test_the_message_names_goods_price_point_and_who_asks(counter):
    basket = shop.basket(shop.listing(counter.shop.seller, title="石门柑橘"), quantity=2)

    ask(counter, basket, total_fen=9600)

    body = Message.objects.get(name="phone_code").body
    for words in ("石门柑橘", "2 件", "¥96.00", counter.point.name, counter.operator.get_full_name()):
        assert words in body


def test_consent_is_to_these_goods_and_this_total_only(counter):
    basket = shop.basket(shop.listing(counter.shop.seller))
    ask(counter, basket)
    code = code_sent()
    shop.baskets.add(basket, product=shop.listing(counter.shop.seller), quantity=1)

    with pytest.raises(phone_codes.UnableToVerify):
        place(counter, basket, code=code, total_fen=9600)
    with pytest.raises(phone_codes.UnableToVerify):
        place(counter, basket, code=code)

    assert not Order.objects.exists()


def test_a_code_of_the_checkout_is_no_consent(counter):
    basket = shop.basket(shop.listing(counter.shop.seller))
    phone_codes.send(BUYER, purpose="checkout", network_address="", at=MONDAY)
    code = re.search(r"\d{6}", Message.objects.get(name="phone_code").body).group()

    with pytest.raises(phone_codes.UnableToVerify):
        place(counter, basket, code=code)

    assert not Order.objects.exists()


def test_nobody_orders_for_their_own_phone(counter):
    basket = shop.basket(shop.listing(counter.shop.seller))

    with pytest.raises(ordering.UnableToAsk, match="自己的手机号"):
        ask(counter, basket, phone=counter.operator.phone)
    with pytest.raises(UnableToPlace, match="自己的手机号"):
        place(counter, basket, phone=counter.operator.phone, code="123456")

    assert not Message.objects.exists()


def test_an_operator_orders_so_often_a_day_and_goes_on_the_next(counter, settings, monkeypatch):
    settings.MAX_PROXY_ORDERS_PER_DAY = 2
    for number in range(2):
        ordered(counter, phone=f"+861391234567{number}")
    basket = shop.basket(shop.listing(counter.shop.seller))
    ask(counter, basket)

    with pytest.raises(UnableToPlace, match="代客下单 2 次"):
        place(counter, basket)

    Order.objects.update(date_placed=MONDAY - dt.timedelta(days=1))
    assert place(counter, basket).channel == Channel.PROXY


def test_a_phone_has_no_more_unpaid_orders_by_proxy_than_by_itself(counter, settings):
    settings.MAX_UNPAID_ORDERS_PER_PHONE = 1
    ordered(counter)
    basket = shop.basket(shop.listing(counter.shop.seller))
    ask(counter, basket)

    with pytest.raises(UnableToPlace) as refused:
        place(counter, basket)

    assert refused.value.field == "phone"


def test_the_buyer_gets_the_link_and_opens_cancels_and_sees_who_ordered(counter):
    order = ordered(counter)
    events.publish()
    reading.read_events(at=MONDAY)
    told = Message.objects.get(name="order.placed", channel="SMS")
    link = re.search(r"http://\S+", told.body).group()
    buyer = Client()

    opened = buyer.get(link.removeprefix("http://localhost:8000"), follow=True).content.decode()
    buyer.post(reverse("customer:order-cancel", args=[order.number]))

    assert counter.operator.get_full_name() in told.body
    assert counter.operator.get_full_name() in opened
    order.refresh_from_db()
    assert order.status == OrderState.CANCELLED


def test_the_operator_sees_no_code_and_no_link_and_cannot_open_the_buyers_page(counter):
    order = ordered(counter)
    shop.at_point(order)
    client = counter.client()

    seen = client.get(reverse("counter:proxy-order", args=[order.number])).content.decode()
    listed = client.get(reverse("counter:proxy")).content.decode()

    assert client.get(reverse("customer:order", args=[order.number])).status_code == 404
    for page in (seen, listed):
        assert codes.typed_code(order.number, epoch=1) not in page.replace(" · ", "")
        assert "orders/link" not in page
        assert BUYER.removeprefix("+86") not in page
        assert "刘奶奶" not in page


def test_the_operator_cancels_for_the_buyer_until_it_is_packed(counter):
    order, packed = ordered(counter), ordered(counter, phone="+8613912345679")
    shop.packed(packed)
    client = counter.client()

    for each in (order, packed):
        client.post(reverse("counter:proxy-order", args=[each.number]))

    states = [Order.objects.get(pk=each.pk).status for each in (order, packed)]
    assert states == [OrderState.CANCELLED, OrderState.OPEN]
    assert shop_event(order, "order.cancelled").actor == f"user:{counter.operator.pk}"


def test_the_page_keeps_what_was_typed_and_lands_twice_on_the_same_order(counter):
    product, client = shop.listing(counter.shop.seller), counter.client()
    url, typed = reverse("counter:proxy"), {"name": "刘奶奶", "phone": "139 1234 5678"}

    added = client.post(url, typed | {"do": f"add:{product.pk}"})
    client.post(url, typed | {"do": f"add:{product.pk}"})
    asked = client.post(url, typed | {"do": "ask"})
    wrong = client.post(url, typed | {"do": "place", "code": "12"})
    basket = re.search(r'name="basket" value="(\d+)"', asked.content.decode()).group(1)
    place = typed | {"do": "place", "code": code_sent(), "basket": basket}
    first, second = client.post(url, place), client.post(url, place)

    for page in (added, asked, wrong):
        assert "刘奶奶" in page.content.decode()
        assert "139 1234 5678" in page.content.decode()
    assert wrong.status_code == 422
    assert "51.00" in asked.content.decode()
    order = Order.objects.get()
    assert order.lines.get().quantity == 1
    assert first.headers["Location"] == second.headers["Location"] == f"/point/ordering/{order.number}/"


def test_another_points_operator_sees_nothing_of_it(counter):
    order = ordered(counter)
    stranger = shop.operator(villages.point("430723001001"))

    response = counter.client(stranger).post(reverse("counter:proxy-order", args=[order.number]))

    assert response.status_code == 404
    assert Order.objects.get().status == OrderState.OPEN


@pytest.mark.parametrize("state", [PointState.SUSPENDED, PointState.CLOSING, PointState.CLOSED])
def test_nobody_is_asked_to_agree_where_nothing_can_come(counter, state):
    PickupPoint.objects.filter(pk=counter.point.pk).update(state=state)
    counter.point.refresh_from_db()
    client, page = counter.client(), reverse("counter:proxy")

    shown = client.get(page)
    asked = client.post(page, {"do": "ask", "name": "刘奶奶", "phone": BUYER})

    assert (shown.status_code, asked.status_code) == (200, 422)
    for response in (shown, asked):
        assert "暂时不收件，不能往这里下单" in response.content.decode()
        assert 'name="phone"' not in response.content.decode()
    with pytest.raises(ordering.UnableToAsk, match="暂时不收件"):
        ask(counter, shop.basket(shop.listing(counter.shop.seller)))
    assert not Message.objects.exists()
