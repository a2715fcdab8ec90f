"""A parcel from the seller's table to the counter, by the consoles alone: every step is somebody's click."""

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from core import invariants
from logistics.models import HubWorker, Leg, Parcel, Round, Scan
from logistics.states import ConsignmentState, ParcelState, ScanKind
from tests.factories import shop
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def type_number(page: Page, number: str) -> None:
    """As a hand scanner does: the digits, then Enter."""
    page.locator("[name=number]").fill(number)
    page.locator("[name=number]").press("Enter")


def open_departure(page: Page, host: str, leg: Leg) -> None:
    page.goto(f"{host}/network/")
    assert fits(page)
    page.click(f"a[href$='/network/departures/{leg.departure_id}/'] >> nth=0")
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
