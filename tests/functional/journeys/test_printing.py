"""What is printed from the browser is the paper alone: no bar, no buttons, and all that the paper says."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from logistics.models import Consignment
from marketplace.selling.services import packing
from tests.factories import shop
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHEET = re.compile(rb"/Type\s*/Page\b")
BOX = re.compile(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]")
MM = 72 / 25.4


@pytest.fixture
def consignment(hunan: Shop) -> Consignment:
    """A chilled consignment in two parcels."""
    product = shop.listing(hunan.seller, storage_class="CHILLED")
    (made,) = shop.routed(shop.order(hunan.point, product, quantity=8))
    packing.pack(made, parcels=2, by="test", at=MONDAY)
    return made


@pytest.fixture
def labels(hunan: Shop, consignment: Consignment, visit, live_server) -> Page:
    person = shop.user()
    hunan.seller.users.add(person)
    page = visit(width=1280)
    sign_in(page, live_server.url, person.phone)
    page.goto(live_server.url + reverse("selling:labels", args=[consignment.number]))
    return page


def test_each_label_is_a_sheet_of_its_own_and_there_is_no_other(labels):
    pdf = labels.pdf(prefer_css_page_size=True)

    assert len(SHEET.findall(pdf)) == 2
    sizes = {(round(float(width) / MM), round(float(height) / MM)) for width, height in BOX.findall(pdf)}
    assert sizes == {(100, 75)}


def test_a_printed_label_says_all_that_hubs_and_points_read(labels, consignment):
    expect(labels.locator("h1")).to_be_visible()  # on screen

    labels.emulate_media(media="print")

    for hidden in ("h1", ".cbar", "[data-print]"):
        expect(labels.locator(hidden).first).to_be_hidden()
    expect(labels.locator(".label")).to_have_count(2)
    for number, parcel in enumerate(consignment.parcels.order_by("sequence")):
        label = labels.locator(".label").nth(number)
        sheet = label.bounding_box()
        for text in (
            consignment.seller.display_name,
            f"{consignment.number} · {number + 1}/2",
            consignment.point.name,
            parcel.number,
            consignment.get_storage_class_display(),
        ):
            found = label.get_by_text(text, exact=True)
            expect(found).to_be_visible()
            box = found.bounding_box()
            assert sheet["x"] <= box["x"] and box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1, text
            assert sheet["y"] <= box["y"] and box["y"] + box["height"] <= sheet["y"] + sheet["height"] + 1, text


def test_the_manifest_prints_without_the_bar(hunan, consignment, visit, live_server):
    driver = shop.user()
    departure = consignment.legs.get(sequence=1).departure
    departure.round.driver = driver
    departure.round.save(update_fields=["driver"])
    page = visit(driver)
    page.goto(live_server.url + reverse("network:manifest", args=[departure.pk]))
    expect(page.locator(".cbar")).to_be_visible()

    page.emulate_media(media="print")

    expect(page.locator(".manifest")).to_contain_text(consignment.parcels.first().number[-6:])
    for hidden in (".cbar", ".noprint"):
        expect(page.locator(hidden).first).to_be_hidden()
