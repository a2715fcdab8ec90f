"""A parcel from the seller's table to the counter, by the consoles alone: every step is somebody's click."""

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from core import invariants
from core.events import Event
from logistics.models import Departure, HubWorker, Leg, Parcel, Round, Scan
from logistics.services import scans
from logistics.states import ConsignmentState, DepartureState, ParcelState, ScanKind
from tests.factories import shop
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import fits, follow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def type_number(page: Page, number: str) -> None:
    """As a hand scanner does: the digits, then Enter."""
    page.locator("[name=number]").fill(number)
    page.locator("[name=number]").press("Enter")


def open_departure(page: Page, host: str, leg: Leg) -> None:
    page.goto(f"{host}/network/")
    assert fits(page)
    follow(page.locator(f"a[href$='/network/departures/{leg.departure_id}/']").first)
    assert fits(page)


def test_the_consoles_alone_carry_an_order_from_packing_to_the_counter(hunan: Shop, time, visit, live_server):
    host, network = live_server.url, hunan.network
    order = shop.order(hunan.point, shop.listing(hunan.seller, title="石门柑橘"))
    consignment = shop.routed(order)[0]
    legs = list(consignment.legs.select_related("departure").order_by("sequence"))
    packer, at_stop, driver, at_point = (shop.user(name) for name in ("覃师傅", "周大姐", "向前进", "李大姐"))
    hunan.seller.users.set([packer])
    shop.operator(network.stop, person=at_stop)
    shop.operator(network.point, person=at_point)
    Round.objects.filter(hub=network.county).update(driver=driver)
    workers = {
        hub.pk: shop.user(f"{hub.name}的人") for hub in (network.county, network.prefecture, network.other_county)
    }
    for hub_id, person in workers.items():
        HubWorker.objects.create(hub_id=hub_id, user=person, since=MONDAY)
    pages = {hub_id: visit(person) for hub_id, person in workers.items()}

    # The seller packs, and the operator of the stop takes it in.
    seller = visit(packer)
    seller.goto(f"{host}/seller/")
    seller.click(f"a[href*='{consignment.number}']")
    seller.click("form[data-once] .btn-go")
    expect(seller.locator(".label")).to_be_visible()
    parcel = Parcel.objects.get()
    stop = visit(at_stop)
    stop.goto(f"{host}/point/")
    stop.get_by_role("navigation").get_by_role("link", name="收寄").click()
    expect(stop.locator("main")).to_contain_text("待交来 1 件")
    assert fits(stop)
    type_number(stop, parcel.number[-6:])
    expect(stop.locator(".messages")).to_contain_text(f"已收寄：{parcel.number}")
    expect(stop.locator("main")).to_contain_text("等车来取 1 件")
    seller.goto(f"{host}/seller/consignments/{consignment.number}/")
    expect(seller.locator("main")).to_contain_text("已交到站点")

    # The driver collects it, and it goes from hub to hub.
    time.at = legs[0].departs_at
    drives = visit(driver)
    open_departure(drives, host, legs[0])
    type_number(drives, parcel.number[-6:])
    expect(drives.locator(".messages")).to_contain_text("已装车")
    hubs = [network.county, network.prefecture, network.other_county]
    for leg, onward, hub in zip(legs, legs[1:], hubs, strict=False):
        time.at = leg.arrives_at
        page = pages[hub.pk]
        open_departure(page, host, leg)
        if leg.departure.round_id:
            page.locator(".seg label", has_text="卸车").click()
        type_number(page, parcel.number)
        expect(page.locator(".messages")).to_contain_text("已卸车")
        time.at = onward.departs_at
        open_departure(page, host, onward)
        type_number(page, parcel.number)
        expect(page.locator(".messages")).to_contain_text("已装车")
        type_number(page, parcel.number)
        expect(page.locator(".err")).to_contain_text("已经装车")

    # The operator receives it.
    time.at = legs[-1].arrives_at + dt.timedelta(minutes=5)
    counter = visit(at_point)
    counter.goto(f"{host}/point/receive/")
    type_number(counter, parcel.number[-6:])
    counter.click("form[data-once] .btn-go")
    expect(counter).to_have_url(f"{host}/point/receive/")
    parcel.refresh_from_db()
    consignment.refresh_from_db()
    assert (parcel.state, consignment.state) == (ParcelState.AT_POINT, ConsignmentState.AT_POINT)
    kinds = [ScanKind.DROPPED, *[ScanKind.LOADED, ScanKind.UNLOADED] * 3, ScanKind.LOADED, ScanKind.RECEIVED]
    assert list(Scan.objects.order_by("pk").values_list("kind", flat=True)) == kinds
    assert invariants.findings() == []


def test_a_hub_worker_takes_off_finds_one_missing_and_one_too_many_and_closes(hunan: Shop, time, visit, live_server):
    host, network = live_server.url, hunan.network
    worker = shop.user("彭建国")
    HubWorker.objects.create(hub=network.county, user=worker, since=MONDAY)
    for _ in range(2):
        shop.packed(shop.order(hunan.point, shop.listing(hunan.seller)))
    here, missing = Parcel.objects.order_by("pk")
    shop.packed(shop.order(network.stop, shop.listing(hunan.seller)))
    stray = Parcel.objects.exclude(pk__in=[here.pk, missing.pk]).get()
    leg, onward = here.consignment.legs.select_related("departure").order_by("sequence")[:2]
    for parcel in (here, missing):
        scans.drop(parcel, nonce=f"d{parcel.pk}", by="test", at=MONDAY)
        scans.load(parcel, departure=leg.departure, nonce=f"l{parcel.pk}", by="test", at=leg.departs_at)
    time.at = leg.departure.arrives_at

    page = visit(worker)
    open_departure(page, host, leg)
    expect(page.locator("main")).to_contain_text("还差 2 件")
    type_number(page, here.number[-6:])
    expect(page.locator(".messages")).to_contain_text(f"已卸车：{here.number}")
    type_number(page, stray.number)
    expect(page.locator(".messages")).to_contain_text("多出一件")
    expect(page.locator("main")).to_contain_text("还差 1 件 · 多 1 件")
    assert fits(page)
    page.get_by_role("button", name="清点完毕，差 1 件").click()
    expect(page.locator(".messages")).to_contain_text("少 1 件")
    expect(page.locator("main")).to_contain_text("清点完")
    assert Event.objects.get(name="departure.short").payload["parcels"] == [missing.number]

    time.at = onward.departs_at
    open_departure(page, host, onward)
    type_number(page, here.number[-6:])
    expect(page.locator(".messages")).to_contain_text("已装车")
    page.get_by_role("button", name="发车").click()
    expect(page.locator(".messages")).to_contain_text("车已发出")
    assert fits(page)
    page.get_by_role("link", name="装车清单").click()
    expect(page.locator(".manifest")).to_contain_text(f"{here.number[:7]} {here.number[7:]}")
    assert fits(page)
    page.goto(f"{host}/network/")
    expect(page.locator("main")).to_contain_text("多出")
    stray.refresh_from_db()
    assert (stray.state, stray.hub) == (ParcelState.AT_HUB, network.county)


def test_a_driver_leaves_collects_is_late_and_comes_back(hunan: Shop, time, visit, live_server):
    host, network = live_server.url, hunan.network
    driver = shop.user("向前进")
    Round.objects.filter(hub=network.county).update(driver=driver)
    shop.packed(shop.order(hunan.point, shop.listing(hunan.seller)))
    parcel = Parcel.objects.get()
    scans.drop(parcel, nonce="d", by="test", at=MONDAY)
    leg = parcel.consignment.legs.select_related("departure").get(sequence=1)
    time.at = leg.departure.departs_at

    page = visit(driver)
    open_departure(page, host, leg)
    page.get_by_role("button", name="发车").click()
    expect(page.locator(".badge", has_text="已发车")).to_be_visible()
    time.at = leg.departs_at
    type_number(page, parcel.number[-6:])
    expect(page.locator("main")).to_contain_text("已装 1 / 1 件")
    page.locator("summary", has_text="晚点或故障").click()
    page.get_by_label("晚点多少分钟").fill("20")
    assert fits(page)
    page.get_by_role("button", name="记为晚点").click()
    expect(page.locator("main")).to_contain_text("晚点 20 分钟")
    page.get_by_role("button", name="车到了").click()
    expect(page.locator(".messages")).to_contain_text("车已到达")
    page.wait_for_load_state("load")
    for button in page.locator("main button:visible, main .btn:visible").all():
        assert button.bounding_box()["height"] >= 44
    departure = Departure.objects.get(pk=leg.departure_id)
    assert (departure.state, departure.delay_minutes) == (DepartureState.ARRIVED, 20)
    assert Departure.objects.visible_to(driver).filter(lane__isnull=False).count() == 0
