"""Labels are read by a camera, by a scanner that types, and by hand where there is no script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from logistics.models import Departure, Parcel, Round, Scan
from logistics.services import scans
from logistics.states import ParcelState
from marketplace.users.models import User
from tests.factories import shop
from tests.factories.shop import Shop
from tests.functional.browsing import Watch, fits, sign_in
from tests.functional.filming import camera, film

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def driver(hunan: Shop) -> User:
    person = shop.user("向前进")
    Round.objects.filter(hub=hunan.network.county).update(driver=person)
    return person


@pytest.fixture
def parcels(hunan: Shop, time) -> list[Parcel]:
    """Two parcels at the stop, when their round comes."""
    for _ in range(2):
        shop.packed(shop.order(hunan.point, shop.listing(hunan.seller)))
    parcels = list(Parcel.objects.order_by("pk"))
    for parcel in parcels:
        scans.drop(parcel, nonce=f"d{parcel.pk}", by="test", at=time.at)
    time.at = departure_of(parcels[0]).departs_at
    return parcels


def departure_of(parcel: Parcel) -> Departure:
    return parcel.consignment.legs.get(sequence=1).departure


@pytest.fixture
def camera_page(browser: Browser, parcels, driver, live_server, tmp_path) -> Iterator[Page]:
    """A driver's phone whose camera sees the first parcel's label; this Chromium has no reader of its own."""
    film(parcels[0].number, tmp_path / "label.y4m")
    filmed = camera(browser, tmp_path / "label.y4m")
    context = filmed.new_context(locale="zh-CN", viewport={"width": 360, "height": 740}, permissions=["camera"])
    watch = Watch(context, host=live_server.url)
    page = context.new_page()
    sign_in(page, live_server.url, driver.phone)
    yield page
    filmed.close()
    assert watch.complaints == []


def test_a_label_before_the_camera_is_read_and_loaded_once(camera_page: Page, parcels, live_server):
    departure = departure_of(parcels[0])
    camera_page.goto(f"{live_server.url}/network/departures/{departure.pk}/")
    assert camera_page.evaluate("!('BarcodeDetector' in window)"), "the decoder is what this test is about"

    camera_page.get_by_role("button", name="扫码").click()

    expect(camera_page.locator(".messages")).to_contain_text(f"已装车：{parcels[0].number}", timeout=20_000)
    expect(camera_page.locator(".scanbox")).to_be_visible()
    assert fits(camera_page)
    camera_page.wait_for_timeout(1500)
    expect(camera_page.locator(".err")).to_have_count(0)
    assert Scan.objects.filter(kind="LOADED").count() == 1


def test_a_scanner_that_types_finds_the_field_wherever_the_finger_was(driver, parcels, visit, live_server):
    page = visit(driver)
    page.goto(f"{live_server.url}/network/departures/{departure_of(parcels[0]).pk}/")

    for parcel in parcels:
        expect(page.locator("#id_number")).to_be_focused()
        page.locator("h1").click()
        expect(page.locator("#id_number")).not_to_be_focused()
        page.keyboard.type(parcel.number)
        page.keyboard.press("Enter")
        expect(page.locator(".messages")).to_contain_text(parcel.number)

    assert set(Parcel.objects.values_list("state", flat=True)) == {ParcelState.LOADED}


def test_without_a_script_the_number_is_typed(driver, parcels, browser: Browser, live_server):
    context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server.url, driver.phone)
    page.goto(f"{live_server.url}/network/departures/{departure_of(parcels[0]).pk}/")

    expect(page.get_by_role("button", name="扫码")).to_have_count(0)
    page.fill("[name=number]", parcels[0].number[-6:])
    page.get_by_role("button", name="装车").click()

    expect(page.locator(".messages")).to_contain_text("已装车")
    context.close()


def test_where_there_is_no_camera_the_field_is_offered_instead(driver, parcels, visit, live_server):
    page = visit(driver)
    page.goto(f"{live_server.url}/network/departures/{departure_of(parcels[0]).pk}/")

    page.get_by_role("button", name="扫码").click()

    expect(page.locator("[data-scan] [role=status]")).to_be_visible()
    expect(page.locator("#id_number")).to_be_focused()
    expect(page.locator(".scanbox")).to_be_hidden()
