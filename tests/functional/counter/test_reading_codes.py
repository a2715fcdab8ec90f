"""Codes at the counter: before the camera, on a photo, typed; on the ordinary pages and without network."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from logistics.models import Collection
from tests.factories.counter import code_of, qr_of
from tests.functional.filming import camera, film

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def seen(browser, handset, tmp_path):
    """Give out a phone whose camera sees a QR; this Chromium has no reader of its own."""
    opened = []

    def make(text: str):
        film(text, tmp_path / "qr.y4m")
        opened.append(camera(browser, tmp_path / "qr.y4m"))
        return handset(by=opened[-1], permissions=["camera"])

    yield make
    for each in opened:
        each.close()


def test_the_buyers_qr_before_the_camera_opens_the_order_and_proves_it(counter, seen):
    order = counter.waiting()
    phone = seen(qr_of(order))
    page = phone.page
    page.goto(phone.host + reverse("counter:find"))
    assert page.evaluate("!('BarcodeDetector' in window)"), "the decoder is what this test is about"

    page.get_by_role("button", name="扫码").click()

    expect(page.get_by_text("二维码对上了")).to_be_visible()
    page.locator(".footbar button").click()
    expect(page.get_by_role("heading", name="已提走")).to_be_visible()
    assert Collection.objects.get().order == order


def test_the_buyers_qr_on_a_photo_opens_the_order_and_proves_it(counter, handset):
    order = counter.waiting()
    phone = handset()
    page = phone.page
    page.goto(phone.host + reverse("counter:find"))

    phone.show_photo(qr_of(order))

    expect(page.get_by_text("二维码对上了")).to_be_visible()
    assert phone.fits()


def test_a_photo_without_a_code_says_so_and_the_field_is_typed(counter, handset):
    order = counter.waiting(phone="+8613874122260")
    phone = handset()
    page = phone.page
    page.goto(phone.host + reverse("counter:find"))

    for picture in (b"no picture at all", phone.picture_of_nothing()):
        page.locator("[data-scan] input[type=file]").set_input_files(
            {"name": "photo.png", "mimeType": "image/png", "buffer": picture}
        )
        expect(page.get_by_text("照片上没认出二维码")).to_be_visible()
        expect(page.locator("#id_q")).to_be_focused()
    page.locator("#id_q").fill("2260")
    page.get_by_role("button", name="查").click()
    page.get_by_label("提货码").fill(code_of(order))
    page.locator(".footbar button").click()

    expect(page.get_by_role("heading", name="已提走")).to_be_visible()


def test_without_network_two_taps_lead_from_the_camera_to_handed_over(counter, seen):
    order = counter.waiting()
    phone = seen(qr_of(order))
    page = phone.take_lease()
    phone.cut()
    page.reload()
    phone.unlock()
    expect(page.get_by_role("link", name="扫码交货")).to_be_visible()
    page.evaluate("window.taps = 0; addEventListener('click', (event) => event.isTrusted && window.taps++, true)")

    page.get_by_role("link", name="扫码交货").tap()
    expect(page.get_by_text("二维码对上了")).to_be_visible()
    button = page.locator(".footbar button")
    box = button.bounding_box()
    button.tap()

    expect(page.get_by_role("heading", name="已提走")).to_be_visible()
    assert page.evaluate("window.taps") == 2
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 740, "it is on the screen, under the thumb"
    assert box["y"] > 740 / 2
