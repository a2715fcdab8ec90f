"""A neighbour pays by the platform's QR: shown, paid on a phone, noticed by the page, handed over."""

import datetime as dt

import pytest
from django.contrib.sites.models import Site
from django.urls import reverse
from playwright.sync_api import Browser, expect

from core import clock, invariants
from logistics.models import Collection
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from tests.factories import counter as counters
from tests.factories.counter import Counter, code_of
from tests.functional.browsing import fits
from tests.functional.counter.test_at_the_counter import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOON = dt.datetime(2026, 3, 3, 4, tzinfo=dt.UTC)  # in Beijing on Tuesday


@pytest.fixture
def counter(db, monkeypatch, settings) -> Counter:
    """A counter whose clock runs on from noon, of a deployment with the demonstration's provider."""
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    settings.DEMO_PAYMENTS = settings.DEMO_MESSAGES_PAGE = True
    begun = dt.datetime.now(dt.UTC)
    monkeypatch.setattr(clock, "now", lambda: NOON + (dt.datetime.now(dt.UTC) - begun))
    return counters.counter()


def test_the_qr_is_shown_paid_and_the_goods_are_handed_over(counter, live_server, page, browser: Browser):
    order = counter.waiting(quantity=2)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    sign_in(page, live_server, counter)
    page.goto(f"{live_server.url}{reverse('counter:order', args=[order.number])}")
    button = page.locator(".footbar button")
    expect(button).to_contain_text("交货 · 收", use_inner_text=True)

    page.locator(".seg label", has_text="平台收款码").click()
    expect(button).to_contain_text("出示收款码", use_inner_text=True)
    expect(button).not_to_contain_text("交货", use_inner_text=True)
    assert fits(page)
    page.get_by_label("提货码").fill(code_of(order))
    button.click()

    expect(page.get_by_role("img", name="付款二维码")).to_be_visible()
    expect(page.locator(".payment")).to_contain_text("96.00")
    expect(button).to_contain_text("查到账，交货", use_inner_text=True)
    expect(page.get_by_label("提货码")).to_have_value(code_of(order))
    assert fits(page)
    button.click()
    refusal = page.get_by_text("还没有收到付款")
    expect(refusal).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="演示：打开顾客的手机").click()
    phone = opened.value
    phone.get_by_role("button", name="付款", exact=True).click()
    expect(phone.get_by_text("付好了")).to_be_visible()
    phone.close()

    expect(page.locator(".payment")).to_contain_text("已付", timeout=10_000)
    expect(refusal).to_have_count(0)
    expect(button).to_contain_text("交货 · 收款码", use_inner_text=True)
    page.locator(".seg label", has_text="少了").click()
    page.get_by_label("2 份里有几份没拿？").fill("1")
    page.get_by_label("为什么？").select_option(label="箱里没有")
    expect(page.locator(".payment")).to_contain_text("多付的 ¥45.00 退回原账户")
    button.click()
    expect(page.locator(".receipt")).to_contain_text("多付的 ¥45.00 退回原账户")
    assert (Collection.objects.get().paid_by, Collection.objects.get().cash_fen) == ("PLATFORM_QR", 0)
    assert PaymentRefund.objects.get().amount_fen == 4500
    assert invariants.findings(["C2", "M1", "M2", "O1"]) == []
    assert wrong == []


def test_without_javascript_the_button_looks_whether_it_is_paid(counter, live_server, browser: Browser):
    order = counter.waiting(quantity=2)
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server, counter)
    page.goto(f"{live_server.url}{reverse('counter:order', args=[order.number])}")
    page.locator(".seg label", has_text="平台收款码").click()
    page.get_by_label("提货码").fill(code_of(order))
    page.locator(".footbar button").click()
    phone = context.new_page()
    phone.goto(f"{live_server.url}{reverse('demo-pay', args=[PaymentAttempt.objects.get().provider_reference])}")
    phone.get_by_role("button", name="付款", exact=True).click()

    page.get_by_role("button", name="看看付了没有").click()
    expect(page.locator(".payment")).to_contain_text("已付")
    assert not Collection.objects.exists()
    expect(page.get_by_label("提货码")).to_have_value(code_of(order))
    page.locator(".footbar button").click()
    expect(page.get_by_text("平台收款码")).to_be_visible()

    context.close()
    assert Collection.objects.get().paid_by == "PLATFORM_QR"
