"""An operator's morning in a real browser: receive, find, hand over, and the neighbour who comes a second time."""

import datetime as dt

import pytest
from django.conf import settings
from django.contrib.sites.models import Site
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from core import clock
from logistics.models import Collection, Consignment, Parcel
from logistics.states import ConsignmentState, ParcelState
from tests.factories import counter as counters
from tests.factories.counter import Counter, code_of
from tests.functional.browsing import fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = dt.datetime(2026, 3, 3, 4, tzinfo=dt.UTC)  # noon in Beijing on Tuesday


@pytest.fixture
def counter(db, monkeypatch) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return counters.counter()


def sign_in(page: Page, live_server, counter: Counter) -> None:
    cookie = counter.client().cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])


def test_an_order_is_received_found_and_handed_over(counter, live_server, page):
    order = counter.coming(phone="+8613874122260")
    Consignment.objects.update(state=ConsignmentState.IN_TRANSIT, planned_at=NOW)
    Parcel.objects.update(state=ParcelState.LOADED)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    sign_in(page, live_server, counter)

    page.goto(f"{live_server.url}{reverse('counter:index')}")
    assert fits(page)
    page.get_by_role("link", name="收货上架").click()
    page.get_by_label("件号，或最后 6 位").fill(Parcel.objects.get().number[-6:])
    page.get_by_role("button", name="查").click()
    page.locator(".shelves label", has_text="其他").click()
    page.get_by_label("另外的货架").fill("b-07")
    assert fits(page)
    page.get_by_role("button", name="放好了").click()
    expect(page.get_by_text("收好了，放在 B-07。")).to_be_visible()

    page.get_by_role("navigation").get_by_role("link", name="交货").click()
    page.get_by_label("手机尾号 4 位、件号或订单号").fill("2260")
    page.get_by_role("button", name="查").click()
    button = page.locator(".footbar button")
    expect(button).to_contain_text("51.00")
    expect(page.get_by_role("button", name="重新算钱")).to_have_count(0)
    page.locator(".seg label", has_text="拒收").click()
    expect(button).to_contain_text("0.00")
    page.locator(".seg label", has_text="拿走").click()
    expect(button).to_contain_text("51.00")
    assert fits(page)
    assert button.bounding_box()["height"] >= 56
    page.get_by_label("提货码").fill("12345678")
    button.click()
    expect(page.locator(".field.bad .err")).to_be_visible()
    page.get_by_label("提货码").fill(code_of(order))
    button.click()

    expect(page.get_by_role("heading", name="今天 12:00 已提走")).to_be_visible()
    assert Collection.objects.get().cash_fen == 5100
    page.goto(f"{live_server.url}{reverse('counter:order', args=[order.number])}")
    expect(page.get_by_role("alert")).to_contain_text("这单已经提过，不要再交。")
    assert wrong == []


def test_without_javascript_the_amount_is_asked_for_and_the_order_handed_over(counter, live_server, browser: Browser):
    order = counter.waiting(quantity=2)
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server, counter)

    page.goto(f"{live_server.url}{reverse('counter:order', args=[order.number])}")
    expect(page.get_by_role("button", name="扫码")).to_have_count(0)
    page.locator(".seg label", has_text="少了").click()
    page.get_by_label("2 份里有几份没拿？").fill("1")
    page.get_by_label("为什么？").select_option(label="箱里没有")
    page.get_by_role("button", name="重新算钱").click()
    expect(page.locator(".footbar button")).to_contain_text("51.00")
    assert not Collection.objects.exists()
    page.get_by_label("提货码").fill(code_of(order))
    page.locator(".footbar button").click()
    expect(page.get_by_text("少了 1：箱里没有")).to_be_visible()

    context.close()
    assert Collection.objects.get().cash_fen == 5100
