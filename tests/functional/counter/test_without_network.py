"""The counter without network, in a real browser: leave taken, network cut, goods handed over, all of it sent later."""

import pytest
from playwright.sync_api import expect

from logistics.models import Collection
from tests.factories.counter import code_of, qr_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_order_is_handed_over_without_network_and_booked_once_when_it_is_back(counter, handset):
    order = counter.waiting(phone="+8613874122260")
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    page.reload()
    phone.unlock()
    page.get_by_role("link", name="扫码交货").click()
    phone.show_photo(qr_of(order))
    button = page.locator(".footbar button")
    expect(button).to_contain_text("96.00")
    assert phone.fits()
    button.click()
    expect(page.get_by_role("heading", name="已提走")).to_be_visible()
    assert not Collection.objects.exists()

    phone.connect()
    expect(page.get_by_text("已入账")).to_be_visible()
    page.get_by_role("link", name="看系统里的凭据").click()
    expect(page.get_by_role("heading", name="已提走")).to_be_visible()
    assert Collection.objects.get().cash_fen == 9600


def test_a_typed_code_is_unproved_until_it_is_checked(counter, handset):
    order = counter.waiting(phone="+8613874122260")
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    page.get_by_role("link", name="尾号 2260").click()
    page.get_by_label("提货码").fill("12345678")
    page.locator(".footbar button").click()
    expect(page.locator(".field.bad .err")).to_contain_text("输错")
    page.get_by_label("提货码").fill(code_of(order))
    page.locator(".footbar button").click()
    expect(page.get_by_text("提货码待核对")).to_be_visible()

    phone.connect()
    expect(page.get_by_text("已入账")).to_be_visible()
    assert Collection.objects.count() == 1
