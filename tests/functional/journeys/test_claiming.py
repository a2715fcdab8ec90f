"""A buyer with a claim, in the browser: the seller answers, the goods go back over the counter, the money is paid."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from core import invariants
from core.storage_class import StorageClass
from logistics.models import ConsignmentLine, Departure, GoodsReturn
from logistics.services import goods_returns
from logistics.states import ReturnState
from marketplace.claims import proofs
from marketplace.claims.models import Claim, Payout
from marketplace.claims.services import claims
from marketplace.claims.states import Answer, ClaimState
from marketplace.order.services import uncollected
from tests.factories import claims as factories
from tests.factories import shop
from tests.factories.claims import COLLECTED
from tests.factories.counter import Counter, qr_of
from tests.factories.photos import jpeg
from tests.factories.shop import Shop
from tests.functional.browsing import fits, follow
from tests.functional.counter.handset import picture_of
from tests.functional.journeys.conftest import Time

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def counter(hunan: Shop, time: Time) -> Counter:
    time.at = COLLECTED + dt.timedelta(hours=1)
    return Counter(hunan, shop.operator(hunan.point, person=shop.user("王桂兰")))


def photo() -> dict:
    return {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(600).read()}


def choose(page: Page, words: str) -> None:
    page.click(f"main label:has-text('{words}')")


def send(page: Page) -> None:
    follow(page.locator("main form .btn-go").first)


def travel_home(back: GoodsReturn, counter: Counter, *, at: dt.datetime) -> None:
    """Let a return that is on its first vehicle come to the county hub of its seller, by the services' scans."""
    network = counter.shop.network
    lane = Departure.objects.filter(lane__origin=network.other_county, departs_at__gt=at).earliest("departs_at")
    home = Departure.objects.filter(lane__destination=network.county, departs_at__gt=at).earliest("departs_at")
    steps = [(network.other_county, lane), (network.prefecture, home), (network.county, None)]
    for hub, departure in steps:
        goods_returns.unload(back, hub=hub, nonce=f"u-{hub.pk}", by="test", at=at)
        if departure is not None:
            goods_returns.load(back, departure=departure, nonce=f"l-{hub.pk}", by="test", at=at)


def test_a_buyer_gives_goods_back_and_is_paid_at_the_counter(counter: Counter, visit, live_server, time):
    host, network = live_server.url, counter.shop.network
    buyer, farmer = shop.user("李小满"), shop.user("陈社长")
    counter.shop.seller.users.set([farmer])
    stop_operator = shop.operator(network.stop, person=shop.user("周站长"))
    line = factories.collected(counter, by=buyer)
    mine, theirs, desk = visit(buyer), visit(farmer, width=1280), visit(counter.operator)

    # The buyer claims two of three, without a reason.
    mine.goto(f"{host}/accounts/orders/{line.consignment.order.number}/")
    follow(mine.locator("text=申请售后").first)
    send(mine)
    expect(mine.locator(".problems")).to_contain_text("请选择一项")
    assert fits(mine)
    mine.fill("[name=units]", "2")
    choose(mine, "7 天无理由退货")
    choose(mine, "退货退款")
    mine.fill("[name=words]", "买多了，没有拆封。")
    mine.set_input_files("[name=photos]", [photo()])
    assert fits(mine)
    send(mine)
    expect(mine.locator(".badge").first).to_have_text("待卖家答复")
    assert fits(mine)
    claim = Claim.objects.get()
    assert (claim.units, claim.amount_fen) == (2, 2000)

    # The seller sees it first thing, and agrees.
    theirs.goto(f"{host}/seller/")
    follow(theirs.locator("text=1 个售后待您答复").first)
    expect(theirs.locator("main")).to_contain_text(claim.number)
    assert fits(theirs)
    follow(theirs.locator("main .btn-line >> text=答复").first)
    expect(theirs.locator(".photo-proof")).to_have_count(1)
    expect(theirs.locator("main")).to_contain_text("买多了，没有拆封。")
    choose(theirs, "同意")
    assert fits(theirs)
    send(theirs)
    expect(theirs.locator(".messages")).to_contain_text("已答复")

    # At the counter the goods are taken in by the claim's number, labelled, and given to the driver.
    mine.reload()
    expect(mine.locator(".ticket")).to_contain_text(claim.number)
    assert fits(mine)
    desk.goto(f"{host}/point/")
    assert fits(desk)
    follow(desk.locator("main >> text=退回").first)
    desk.fill("[name=number]", claim.number)
    assert fits(desk)
    follow(desk.locator("main form .btn-line >> text=识别").first)
    assert fits(desk)
    send(desk)
    expect(desk.locator(".messages")).to_contain_text("已收下")
    back = GoodsReturn.objects.get()
    follow(desk.locator("text=打印面单、交给司机").first)
    assert fits(desk)
    follow(desk.locator("text=打印面单").first)
    expect(desk.locator(".label")).to_contain_text(network.stop.name)
    assert fits(desk)
    with desk.expect_navigation():
        desk.go_back()
    send(desk)
    expect(desk.locator(".messages")).to_contain_text("已交给司机")
    back.refresh_from_db()
    assert back.state == ReturnState.LOADED

    # It travels; the seller's stop takes it in, the seller counts it.
    travel_home(back, counter, at=time.at + dt.timedelta(hours=2))
    assert invariants.findings() == []
    stop = visit(stop_operator)
    stop.goto(f"{host}/point/returns/")
    expect(stop.locator("main")).to_contain_text("将退回本站的卖家货品")
    stop.fill("[name=number]", back.number[-6:])
    assert fits(stop)
    follow(stop.locator("main form .btn-line >> text=识别").first)
    expect(stop.locator("main")).to_contain_text("在本站等卖家来取")
    theirs.goto(f"{host}/seller/")
    follow(theirs.locator("text=1 个退回件在您的交货点").first)
    assert fits(theirs)
    follow(theirs.locator("text=清点收回").first)
    theirs.fill("main input[inputmode=numeric] >> nth=1", "1")
    assert fits(theirs)
    send(theirs)
    expect(theirs.locator(".messages")).to_contain_text("已收回")
    line.order_line.stockrecord.refresh_from_db()
    assert line.order_line.stockrecord.num_in_stock == 18

    # The money waits at the counter, against the code on the claim's page.
    mine.reload()
    expect(mine.locator(".badge").first).to_have_text("待柜台退款")
    code = re.sub(r"\D", "", mine.locator(".ticket .code").inner_text())
    assert fits(mine)
    desk.goto(f"{host}/point/returns/")
    assert fits(desk)
    follow(desk.locator(f"main >> text={claim.number}").first)
    desk.fill("[name=code]", "12345678")
    send(desk)
    expect(desk.locator(".field.bad")).to_be_visible()
    assert fits(desk)
    desk.fill("[name=code]", code)
    send(desk)
    expect(desk.locator(".messages")).to_contain_text("已付 ¥20.00")
    assert Payout.objects.get().cash_fen == 2000
    desk.goto(f"{host}/point/cash/")
    expect(desk.locator("main")).to_contain_text("已减去售后退款")
    assert fits(desk)
    mine.reload()
    expect(mine.locator(".badge").first).to_have_text("已退款")
    assert fits(mine)
    mine.goto(f"{host}/accounts/orders/{line.consignment.order.number}/")
    assert fits(mine)
    assert ConsignmentLine.objects.filter(pk=line.pk, returned=2, refunded=2).exists()
    assert invariants.findings() == []


def test_a_claim_of_fresh_goods_that_the_seller_refuses_is_decided_by_the_platform(
    counter: Counter, visit, live_server, time
):
    host = live_server.url
    buyer, farmer, staff = shop.user("李小满"), shop.user("陈社长"), shop.user("平台客服", is_staff=True)
    counter.shop.seller.users.set([farmer])
    line = factories.collected(counter, by=buyer, path="水果/柑橘", quantity=1)
    mine, theirs, board = visit(buyer), visit(farmer), visit(staff, width=1280)

    mine.goto(f"{host}/accounts/orders/{line.consignment.order.number}/")
    assert fits(mine)
    follow(mine.locator("text=申请售后").first)
    assert fits(mine)
    choose(mine, "变质")
    choose(mine, "仅退款")
    send(mine)
    expect(mine.locator(".problems")).to_contain_text("照片")
    mine.set_input_files("[name=photos]", [photo()])
    send(mine)
    claim = Claim.objects.get()
    theirs.goto(f"{host}/seller/claims/{claim.number}/")
    choose(theirs, "拒绝")
    send(theirs)
    expect(theirs.locator(".problems")).to_contain_text("拒绝要说明原因")
    assert fits(theirs)
    theirs.fill("[name=words]", "发货时完好。")
    send(theirs)
    expect(theirs.locator(".messages")).to_contain_text("已答复")
    assert fits(theirs)
    mine.reload()
    expect(mine.locator("main")).to_contain_text("发货时完好。")
    assert fits(mine)
    send(mine)
    expect(mine.locator(".badge").first).to_have_text("平台处理中")

    board.goto(f"{host}/dashboard/claims/")
    assert fits(board)
    follow(board.locator(f"text={claim.number}").first)
    choose(board, "退一部分")
    board.fill("[name=offered]", "6.50")
    board.fill("[name=words]", "照片可见霉变，按比例退。")
    assert fits(board)
    send(board)
    expect(board.locator(".messages")).to_contain_text("已处理")
    claim.refresh_from_db()
    assert (claim.state, claim.refund_fen) == (ClaimState.TO_PAY, 650)
    mine.reload()
    expect(mine.locator("main")).to_contain_text("照片可见霉变，按比例退。")
    assert fits(mine)


def test_a_seller_who_is_silent_loses_the_word_and_perishables_are_written_off(
    counter: Counter, visit, live_server, time
):
    host = live_server.url
    factories.claim(factories.collected(counter), at=time.at)
    chilled = shop.listing(counter.shop.seller, storage_class=StorageClass.CHILLED)
    shop.at_point(shop.order(counter.point, chilled))
    time.at += dt.timedelta(days=8)
    assert uncollected.expire_overdue(by="test", at=time.at) == 1
    assert claims.end_overdue(by="test", at=time.at) == 1
    desk = visit(counter.operator)

    desk.goto(f"{host}/point/returns/")
    assert fits(desk)
    follow(desk.locator("main .line >> text=逾期未提").first)
    assert fits(desk)
    desk.set_input_files("[name=photos]", [photo()])
    send(desk)
    expect(desk.locator(".messages")).to_contain_text("已报损")
    back = GoodsReturn.objects.get()
    assert back.state == ReturnState.WRITTEN_OFF
    desk.goto(f"{host}/point/returns/{back.number}/")
    expect(desk.locator(".photo-proof")).to_have_count(1)
    assert fits(desk)
    assert Claim.objects.get().state == ClaimState.ESCALATED


def test_the_claims_qr_on_a_photo_proves_it_and_one_tap_pays(counter: Counter, visit, live_server, time):
    line = factories.collected(counter)
    mine, farmer = factories.claim(line, at=time.at), shop.user("陈社长")
    counter.shop.seller.users.set([farmer])
    claims.answer(mine, answer=Answer.ACCEPT, by=farmer, at=time.at)
    desk = visit(counter.operator)
    desk.goto(f"{live_server.url}/point/claims/{mine.number}/")

    for text, words in (
        (qr_of(line.consignment.order), "这不是本网点售后的二维码"),
        (proofs.qr_of(mine.number), "二维码与售后相符"),
    ):
        with desk.expect_navigation():
            desk.set_input_files(
                "[data-scan] input[type=file]",
                {"name": "qr.png", "mimeType": "image/png", "buffer": picture_of(text)},
            )
        expect(desk.locator("body")).to_contain_text(words)
        assert not Payout.objects.exists()
    assert fits(desk)
    send(desk)
    expect(desk.locator(".messages")).to_contain_text("已付 ¥10.00")

    assert Payout.objects.get().claim == mine
    assert invariants.findings() == []
