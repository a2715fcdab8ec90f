"""What a point sells, in the browser: an operator orders for a neighbour, and a sample leads to an order."""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from core import events, invariants
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.order.models import Line, Order
from marketplace.order.states import Channel
from marketplace.samples.links import path_of
from marketplace.samples.models import Sample
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from marketplace.storefront.services import indexing
from marketplace.users.models import StaffAssignment
from tests.factories import shop
from tests.factories.counter import Counter, code_of
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import fits, follow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = "13912345678"


@pytest.fixture
def counter(hunan: Shop, live_server, settings) -> Counter:
    settings.SITE_URL = live_server.url
    shop.listing(hunan.seller, title="石门蜜橘", price_fen=4500)
    indexing.index_stale()
    return Counter(hunan, shop.operator(hunan.point, person=shop.user("王桂兰")))


def sent(name: str) -> str:
    return Message.objects.filter(name=name, channel="SMS").order_by("-pk").first().body


def tell() -> None:
    events.publish()
    reading.read_events(at=MONDAY)


def broken() -> list[invariants.Finding]:
    """Return what breaks a promise; no sender of messages runs here, so that N1 says nothing."""
    return [finding for finding in invariants.findings() if finding.code != "N1"]


def test_a_neighbour_is_ordered_for_agrees_collects_and_pays(counter: Counter, visit, live_server, time):
    host, desk, buyer = live_server.url, visit(counter.operator), visit()

    # The operator finds the goods, says who they are for, and asks.
    desk.goto(f"{host}/point/")
    follow(desk.locator("main >> text=代客下单"))
    desk.fill("[name=q]", "蜜橘")
    follow(desk.locator("#found button.btn-xl"))
    assert fits(desk)
    follow(desk.locator("button[value^='add:']"))
    follow(desk.locator("button[value$=':2']"))
    expect(desk.locator(".sum .tot").last).to_have_text("¥96.00")
    follow(desk.locator("button[value=ask]"))
    expect(desk.locator(".problems")).to_contain_text("请填写")
    desk.fill("[name=name]", "刘奶奶")
    desk.fill("[name=phone]", PHONE)
    follow(desk.locator("button[value=ask]"))
    expect(desk.locator(".note.ok")).to_contain_text("请他念给您")
    assert fits(desk)

    # The neighbour reads the message, agrees, and the operator orders.
    asked = sent("phone_code")
    for words in ("王桂兰", "澧阳街道提货点", "石门蜜橘", "¥96.00"):
        assert words in asked
    desk.fill("[name=code]", re.search(r"确认码 (\d{6})", asked)[1])
    follow(desk.locator(".footbar button"))
    expect(desk.locator("h1")).to_have_text("代客订单")
    expect(desk.locator("main")).not_to_contain_text(PHONE)
    assert fits(desk)
    order = Order.objects.get()
    assert (order.channel, order.placed_by, order.total_fen) == (Channel.PROXY, counter.operator, 9600)

    # The neighbour opens the link of the message; it says who ordered.
    tell()
    link = re.search(r"http://\S+", sent("order.placed"))[0]
    buyer.goto(link)
    expect(buyer.locator("main")).to_contain_text("王桂兰 · 澧阳街道提货点")
    assert fits(buyer)

    # It comes, the neighbour reads the code out, takes it and pays.
    shop.at_point(order)
    time.at = MONDAY + dt.timedelta(days=1, hours=4)
    desk.goto(f"{host}/point/orders/{order.number}/")
    desk.fill("[name=code]", code_of(order))
    follow(desk.locator(".footbar button"))
    expect(desk.locator("main")).to_contain_text("¥96.00")
    desk.goto(f"{host}/point/earnings/")
    expect(desk.locator("main")).to_contain_text("¥0.80")
    assert fits(desk)
    assert ledger.balance(AccountKind.POINT, party_id=counter.point.pk) == 80
    assert broken() == []


def test_a_sample_is_scanned_ordered_from_and_counted(counter: Counter, visit, live_server, time):
    host, desk, buyer = live_server.url, visit(counter.operator), visit()
    official = shop.user("省里的人")
    StaffAssignment.objects.create(user=official, division_id="430000000000", since=MONDAY)

    # The operator puts goods on display and prints the label.
    desk.goto(f"{host}/point/samples/?q=蜜橘")
    assert fits(desk)
    follow(desk.locator("button[name=product]"))
    expect(desk.locator(".slip")).to_contain_text("扫码下单")
    expect(desk.locator(".slip svg.qr")).to_be_visible()
    assert fits(desk)
    sample = Sample.objects.get()

    # Somebody scans it: the goods open with the point remembered, and are ordered to it.
    buyer.goto(host + path_of(sample))
    expect(buyer.locator(".promisebox")).to_contain_text("澧阳街道提货点 有样品")
    expect(buyer.locator(".promisebox")).to_contain_text("可提")
    assert fits(buyer)
    follow(buyer.locator(".promisebox a"))
    expect(buyer.locator("main")).to_contain_text("您的提货点")
    assert fits(buyer)
    with buyer.expect_navigation():
        buyer.go_back()
    follow(buyer.locator(".buybar .btn-go"))
    buyer.goto(f"{host}/checkout/")
    buyer.fill("[name=name]", "张小满")
    buyer.fill("[name=phone]", PHONE)
    follow(buyer.locator("button[value=send_code]"))
    buyer.fill("[name=phone_code]", re.search(r"\d{6}", sent("phone_code"))[0])
    follow(buyer.locator(".buybar button[value=place]"))
    line = Line.objects.get()
    assert (line.channel, line.sample) == (Channel.SAMPLE, f"{counter.point.pk}:{sample.pk}")

    # It is collected; the point and the province count it.
    order = shop.at_point(line.order)
    time.at = MONDAY + dt.timedelta(days=1, hours=4)
    desk.goto(f"{host}/point/orders/{order.number}/")
    desk.fill("[name=code]", code_of(order))
    follow(desk.locator(".footbar button"))
    assert broken() == []  # the readers have read
    desk.goto(f"{host}/point/samples/")
    expect(desk.locator(".kpis")).to_contain_text("¥45.00")
    board = visit(official, width=1280)
    board.goto(f"{host}/province/")
    expect(board.locator("tr", has_text="网上看样")).to_contain_text("45.00")
    assert fits(board)
