"""From search to collection to the province's figure, in Chinese, on a phone."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from core import invariants
from logistics import tasks as routing
from logistics.models import Collection, Consignment
from logistics.states import ConsignmentState
from marketplace.communication import tasks as messages
from marketplace.communication.models import Message
from marketplace.communication.states import MessageChannel
from marketplace.order.models import Order
from marketplace.statistics import tasks as statistics
from marketplace.storefront import tasks as storefront
from marketplace.users.models import StaffAssignment
from tests.factories import gateways, shop
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import fits
from tests.functional.journeys.conftest import travel

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = "13873601234"
TITLE = "石门柑橘 早熟蜜橘"


@pytest.fixture
def citrus(hunan: Shop):
    """The listing, in the search index."""
    listing = shop.listing(
        hunan.seller,
        title=TITLE,
        price_fen=4500,
        on_hand=20,
        description="当季采摘。",
        harvest_from_month=1,
        harvest_to_month=12,
    )
    storefront.index_listings()
    return listing


def message(name: str) -> str:
    return Message.objects.filter(name=name, channel="SMS").order_by("-pk").first().body


def put_into_basket(page: Page, host: str) -> None:
    page.goto(host)
    page.fill(".search-m [name=q]", "石门柑橘")
    page.press(".search-m [name=q]", "Enter")
    page.click("a.good")
    expect(page.locator("h1")).to_have_text(TITLE)
    assert fits(page)
    page.click(".buybar [data-step='1']")
    page.click(".buybar .btn-go")
    expect(page.locator("h1")).to_have_text("购物篮")
    expect(page.locator(".line .price")).to_have_text("¥90.00")
    assert fits(page)


def choose_point(page: Page) -> None:
    page.click(".buybar .btn-go")
    page.get_by_role("link", name="选择提货点").click()
    page.get_by_role("link", name="常德市").click()
    page.get_by_role("link", name="澧县").click()
    expect(page.locator(".pick")).to_contain_text("澧阳街道提货点")
    assert fits(page)
    page.click("button[name=point]")
    expect(page.locator(".pick input[name=point]:checked")).to_have_count(1)
    expect(page.locator("#checkout")).to_contain_text("可提")


def place(page: Page) -> Order:
    page.fill("[name=name]", "张小满")
    page.fill("[name=phone]", PHONE)
    page.click("button[value=send_code]")
    expect(page.locator(".note.ok")).to_contain_text("验证码")
    page.fill("[name=phone_code]", re.search(r"\d{6}", message("phone_code"))[0])
    assert fits(page)
    page.click(".buybar button[value=place]")
    page.wait_for_url(re.compile(r"/accounts/orders/\d+/"))
    assert fits(page)
    return Order.objects.get()


def order_as_guest(page: Page, host: str) -> Order:
    put_into_basket(page, host)
    choose_point(page)
    return place(page)


def figures(page: Page) -> tuple[list[str], list[str], int]:
    """Return what the map's shapes and the table's rows say, and the table's sum in fen."""
    shapes = [title.rpartition(" ")[2] for title in page.locator(".hn-map a path title").all_text_contents()]
    rows = page.locator(".c5 tbody tr td:nth-child(2)").all_text_contents()
    return shapes, rows, int(page.get_attribute("[data-total]", "data-total"))


def fen(amounts: list[str]) -> int:
    return sum(round(float(amount.replace(",", "")) * 100) for amount in amounts)


def test_a_citrus_order_is_placed_packed_collected_and_counted(hunan, citrus, time, visit, live_server, settings):
    host = live_server.url
    packer, operator, official = shop.user("覃师傅"), shop.user("李大姐"), shop.user("省里的人")
    hunan.seller.users.set([packer])
    shop.operator(hunan.point, person=operator)
    StaffAssignment.objects.create(user=official, division_id="430000000000", since=MONDAY)

    # A guest orders.
    buyer = visit()
    order = order_as_guest(buyer, host)
    expect(buyer.locator("main")).to_contain_text("张小满 · 138")
    expect(buyer.locator("main")).not_to_contain_text(PHONE)
    assert (order.goods_fen, order.freight_fen, order.total_fen) == (9000, 600, 9600)

    # The worker plans the way, and the seller packs.
    routing.route_waiting()
    time.at += dt.timedelta(hours=1)
    consignment = Consignment.objects.get()
    assert consignment.state == ConsignmentState.ROUTED
    seller = visit(packer)
    expect(seller).to_have_url(f"{host}/seller/")
    assert fits(seller)
    seller.click(f"a[href*='{consignment.number}']")
    seller.click("form[data-once] .btn-go")
    expect(seller.locator(".label, a[href$='labels/']").first).to_be_visible()
    seller.goto(f"{host}/seller/consignments/{consignment.number}/labels/")
    parcel = consignment.parcels.get()
    expect(seller.locator(".label")).to_contain_text(parcel.number)
    expect(seller.locator(".label")).not_to_contain_text(PHONE)

    # It travels, and the operator receives it.
    travel(consignment, time=time)
    buyer.reload()
    expect(buyer.locator("main")).to_contain_text("在路上")
    expect(buyer.locator(".ticket")).to_have_count(0)
    time.at += dt.timedelta(minutes=10)
    counter = visit(operator)
    expect(counter).to_have_url(f"{host}/point/")
    counter.goto(f"{host}/point/receive/")
    assert fits(counter)
    counter.fill("[name=number]", parcel.number[-6:])
    counter.press("[name=number]", "Enter")
    expect(counter.locator("main")).to_contain_text(TITLE)
    counter.click("form[data-once] .btn-go")
    expect(counter).to_have_url(f"{host}/point/receive/")
    consignment.refresh_from_db()
    assert consignment.state == ConsignmentState.AT_POINT

    # The buyer sees the ticket, and is told.
    buyer.reload()
    expect(buyer.locator(".badge.b-ok").first).to_have_text("可提货")
    code = buyer.locator(".ticket .code").inner_text()
    assert fits(buyer)
    messages.read_messages()
    told = Message.objects.get(order_number=order.number, name="consignment.arrived", channel="SMS")
    assert re.sub(r"\D", "", code) in re.sub(r"\D", "", told.body)
    with gateways.answering() as (address, _handler):
        settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_KEY = address, "key"
        for channel in MessageChannel.values:
            messages.send_messages(channel=channel)
    told.refresh_from_db()
    assert told.state == "SENT"
    assert set(Message.objects.values_list("state", flat=True)) <= {"SENT", "DEAD"}  # what came too late to be of use
    buyer.reload()
    expect(buyer.get_by_role("heading", name="给您的消息")).to_be_visible()

    # The operator finds the order by the phone's tail, and hands it over against the code.
    time.at += dt.timedelta(hours=2)
    counter.goto(f"{host}/point/")
    search = counter.get_by_label("手机尾号 4 位")
    search.fill(PHONE[-4:])
    search.press("Enter")
    expect(counter.locator(".plate").first).to_have_text(PHONE[-4:])
    expect(counter.locator("main")).not_to_contain_text("张小满")
    assert fits(counter)
    counter.fill("[name=code]", "00000000")
    counter.click("button[value=hand-over]")
    expect(counter.locator(".err").first).to_be_visible()
    assert not Collection.objects.exists()
    counter.fill("[name=code]", code)
    expect(counter.locator("button[value=hand-over]")).to_contain_text("96.00")
    counter.click("button[value=hand-over]")
    expect(counter.locator(".receipt")).to_contain_text("96.00")
    expect(counter.locator(".receipt")).to_contain_text(order.number)
    assert Collection.objects.get().cash_fen == 9600
    counter.goto(f"{host}/point/orders/{order.number}/")
    expect(counter.locator("[role=alert]")).to_be_visible()
    assert Collection.objects.count() == 1
    buyer.reload()
    expect(buyer.locator(".ticket")).to_have_count(0)
    expect(buyer.locator(".badge.b-tea").first).to_be_visible()

    # The province counts it.
    statistics.read_sales()
    province = visit(official, width=1280)
    province.goto(f"{host}/province/?period=today")
    expect(province.locator(".kpi", has_text="今天").locator(".v")).to_have_text("¥90.00")
    shapes, rows, total = figures(province)
    assert fen(shapes) == fen(rows) == total == 9000
    assert fits(province)
    province.click("td a:has-text('常德市')")
    expect(province.locator("tbody tr", has_text="石门县").locator("td").nth(1)).to_have_text("90.00")
    shapes, rows, total = figures(province)
    assert fen(shapes) == fen(rows) == total == 9000
    assert invariants.findings() == []


def test_a_guest_cancels_an_order_and_owes_nothing(hunan, citrus, visit, live_server):
    buyer = visit()
    order = order_as_guest(buyer, live_server.url)
    assert citrus.stockrecords.get().num_allocated == 2

    buyer.click("details summary:has-text('取消订单')")
    buyer.click("details .btn-bad")

    expect(buyer.locator("h1")).to_have_text("订单已取消")
    assert fits(buyer)
    assert order.consignments.get().state == ConsignmentState.CANCELLED
    assert citrus.stockrecords.get().num_allocated == 0
    assert invariants.findings() == []


def test_the_language_is_switched_on_a_page_that_keeps_its_address(citrus, visit, live_server):
    page = visit()
    address = f"{live_server.url}/search/?q=%E7%9F%B3%E9%97%A8%E6%9F%91%E6%A9%98"
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")

    page.click(".lang button")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("main")).to_contain_text("1 good")
    assert page.url == address

    page.click(".lang button")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    assert page.url == address
