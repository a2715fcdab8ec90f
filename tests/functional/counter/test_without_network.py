"""The counter without network, in a real browser: leave taken, network cut, goods handed over, all of it sent later."""

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from logistics import label_qr, pickup_qr
from logistics.models import Collection, Consignment, OfflineUpload, Parcel
from logistics.states import ConsignmentState, ParcelState
from tests.factories.counter import code_of, qr_of
from tests.functional.counter.conftest import NOW
from tests.functional.counter.handset import PIN

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


def test_a_parcel_is_received_and_handed_over_without_network(counter, handset):
    order = counter.coming(phone="+8613874122260")
    Consignment.objects.update(state=ConsignmentState.IN_TRANSIT, planned_at=NOW)
    Parcel.objects.update(state=ParcelState.LOADED)
    parcel = Parcel.objects.get()
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    phone.go("scan")
    phone.show_photo(qr_of(order))
    expect(page.get_by_role("alert")).to_contain_text("还没收齐")

    phone.go("receive")
    phone.show_photo(label_qr.text_of(parcel.number))
    page.locator("#shelf").fill("b７")
    page.locator(".footbar button").click()
    expect(page.locator("#q")).to_be_visible()
    phone.go("home")
    expect(page.get_by_role("link", name="B7")).to_be_visible()
    phone.go("scan")
    phone.show_photo(qr_of(order))
    page.locator(".footbar button").click()
    expect(page.locator(".receipt")).to_be_visible()
    phone.connect()
    phone.sync()

    expect(page.locator(".line .badge.b-ok")).to_have_count(2)
    parcel.refresh_from_db()
    assert (parcel.shelf, parcel.state) == ("B7", ParcelState.HANDED_OVER)
    assert Collection.objects.count() == 1


def test_a_parcel_that_is_not_on_the_list_is_received_and_not_handed_over(counter, handset):
    phone = handset()
    page = phone.take_lease()
    order = counter.coming()
    Consignment.objects.update(state=ConsignmentState.IN_TRANSIT, planned_at=NOW)
    Parcel.objects.update(state=ParcelState.LOADED)
    phone.cut()
    phone.go("receive")
    page.locator("#q").fill(Parcel.objects.get().number)
    page.get_by_role("button", name="查").click()
    expect(page.get_by_role("alert")).to_contain_text("手机清单里没有这一件")
    page.locator("#shelf").fill("A-02")
    page.get_by_label("到站时已破损").check()
    page.locator(".footbar button").click()
    expect(page.locator("#q")).to_be_visible()
    phone.go("scan")
    phone.show_photo(qr_of(order))
    expect(page.get_by_role("alert")).to_contain_text("手机清单里没有")

    phone.connect()
    phone.sync()
    expect(page.locator(".line .badge.b-ok")).to_have_count(1)
    parcel = Parcel.objects.get()
    assert (parcel.shelf, parcel.damaged_at is not None) == ("A-02", True)


def test_a_qr_of_another_point_or_of_an_older_issue_opens_nothing(counter, handset):
    order = counter.waiting()
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    phone.go("scan")
    said = {
        pickup_qr.text_of(order.number, point_id=counter.point.pk + 1, epoch=order.code_epoch): "不是本网点的",
        pickup_qr.text_of(order.number, point_id=counter.point.pk, epoch=order.code_epoch - 1): "作废",
        pickup_qr.text_of("123456789018", point_id=counter.point.pk, epoch=1): "手机清单里没有",
        qr_of(order)[:-3] + "AAA": "不是提货码",
    }
    for text, words in said.items():
        phone.show_photo(text)
        expect(page.get_by_role("alert")).to_contain_text(words)

    expect(page.locator(".footbar")).to_have_count(0)


def test_what_is_short_or_rejected_and_who_collects_is_booked_as_it_was_said(counter, handset):
    order = counter.waiting(quantity=3, lines=2)
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    phone.go("scan")
    phone.show_photo(qr_of(order))
    button = page.locator(".footbar button")
    expect(button).to_contain_text("276.00")
    first, second = page.locator(".outcome").all()
    first.locator(".t2").click()
    second.locator(".t3").click()
    second.locator("[type=number]").fill("4")
    button.click()
    expect(page.locator(".err")).to_contain_text("请选一个原因")
    first.locator("[type=number]").fill("1")
    first.locator("select").select_option("MISSING")
    button.click()
    expect(page.locator(".err")).to_contain_text("1 到 3")
    second.locator("[type=number]").fill("2")
    second.locator("select").select_option("MISSING")
    button.click()
    expect(page.locator(".err")).to_contain_text("请选“少了”")
    second.locator("select").select_option("BROKEN")
    expect(second.get_by_text("照片等有网时再补拍")).to_be_visible()
    expect(button).to_contain_text("141.00")
    page.locator("summary", has_text="别人代取").click()
    page.get_by_label("代取人姓名").fill("周小满")
    button.click()
    expect(page.locator(".err")).to_contain_text("11 位手机号")
    page.get_by_label("代取人手机").fill("138 7412 0000")
    page.get_by_text("操作员收款码").click()
    assert phone.fits()
    button.click()
    expect(page.locator(".receipt")).to_contain_text("拒收 2")
    phone.connect()
    phone.sync()

    expect(page.locator(".line .badge.b-ok")).to_have_count(1)
    collection = Collection.objects.get()
    assert (collection.cash_fen, collection.paid_by, collection.collector_name) == (14100, "OPERATOR_SCAN", "周小满")
    rows = collection.lines.order_by("consignment_line").values_list("taken", "short", "rejected", "reason")
    assert list(rows) == [(2, 1, 0, "MISSING"), (1, 0, 2, "BROKEN")]


def test_two_windows_of_a_phone_hand_an_order_over_once(counter, handset):
    order = counter.waiting()
    phone = handset()
    page = phone.take_lease()
    other = phone.context.new_page()
    other.goto(page.url)
    other.get_by_label("PIN 码").fill(PIN)
    other.get_by_role("button", name="打开").click()
    phone.cut()
    for each in (page, other):
        each.evaluate("to => { location.hash = to }", f"order/{order.number}")
        each.get_by_label("提货码").fill(code_of(order))
    page.locator(".footbar button").click()
    expect(page.locator(".receipt")).to_be_visible()
    other.locator(".footbar button").click()

    expect(other.get_by_role("alert")).to_contain_text("这单已经提过，不要再交")
    phone.connect()
    phone.sync()
    assert OfflineUpload.objects.count() == Collection.objects.count() == 1


def test_an_upload_whose_answer_was_lost_is_sent_again_and_booked_once(counter, handset):
    order = counter.waiting()
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    phone.go("scan")
    phone.show_photo(qr_of(order))
    page.locator(".footbar button").click()
    expect(page.locator(".receipt")).to_be_visible()

    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/point/offline/sync/", lose)
    phone.connect()
    phone.sync()
    expect(page.get_by_text("待上传").first).to_be_visible()
    assert Collection.objects.count() == 1
    page.unroute("**/point/offline/sync/")
    page.reload()
    phone.unlock()
    phone.sync()

    expect(page.locator(".line .badge.b-ok")).to_have_count(1)
    assert Collection.objects.count() == 1


def test_whoever_is_signed_out_loses_nothing_and_is_led_to_sign_in(counter, handset):
    order = counter.waiting()
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    phone.go(f"order/{order.number}")
    page.get_by_label("提货码").fill(code_of(order))
    page.locator(".footbar button").click()
    expect(page.locator(".receipt")).to_be_visible()
    session = phone.phone.client.cookies[settings.SESSION_COOKIE_NAME].value
    phone.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    phone.connect()
    phone.sync()

    expect(page.get_by_text("您已退出登录").first).to_be_visible()
    assert page.get_by_role("link", name="登录").get_attribute("href").endswith("?next=%2Fpoint%2Foffline%2F")
    assert not Collection.objects.exists()
    phone.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": phone.host}])
    phone.sync()
    expect(page.locator(".line .badge.b-ok")).to_have_count(1)


def test_any_page_of_the_counter_becomes_this_one_when_the_network_is_gone(counter, handset):
    counter.waiting(phone="+8613874122260")
    phone = handset()
    page = phone.take_lease()
    page.goto(f"{phone.host}{reverse('counter:index')}")
    phone.cut()
    page.goto(f"{phone.host}{reverse('counter:waiting')}")

    phone.unlock()
    expect(page.get_by_role("link", name="尾号 2260")).to_be_visible()


def test_the_page_comes_in_english_without_network_where_that_was_chosen(counter, handset):
    phone = handset()
    phone.open()
    phone.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": phone.host}])
    phone.cut()
    phone.page.goto(phone.host + reverse("counter:offline"))

    expect(phone.page.get_by_role("heading", name="Work without network")).to_be_visible()
