"""The leave on a phone: its PIN, its time, its end; what it keeps is nobody else's."""

import datetime as dt

import pytest
from django.templatetags.static import static
from playwright.sync_api import Page, expect

from logistics.models import Collection, OfflineLease, OfflineUpload, Parcel
from logistics.services import leases
from logistics.states import LeaseState, UploadState
from tests.factories.counter import code_of, qr_of
from tests.functional.browsing import comes_true
from tests.functional.counter.conftest import NOW
from tests.functional.counter.handset import PIN
from villages.services import devices

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What stands in the phone's database under "kept", and how many entries in the outbox.
KEPT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("counter");
  opening.onsuccess = () => {
    const [kept, outbox] = ["kept", "outbox"].map((name) => opening.result.transaction(name).objectStore(name));
    const keys = kept.getAllKeys();
    keys.onsuccess = () => {
      const count = opening.result.transaction("outbox").objectStore("outbox").count();
      count.onsuccess = () => resolve({ kept: keys.result, outbox: count.result });
    };
  };
})"""


def kept(page: Page) -> dict:
    return page.evaluate(KEPT)


def hand_over_by_code(phone, order) -> None:
    phone.go(f"order/{order.number}")
    phone.page.get_by_label("提货码").fill(code_of(order))
    phone.page.locator(".footbar button").click()
    expect(phone.page.locator(".receipt")).to_be_visible()


def test_a_pin_that_is_guessed_first_or_typed_differently_is_refused(counter, handset):
    phone = handset()
    page = phone.open()
    take = page.get_by_role("button", name="带到这部手机")
    for pin, again, said in (
        ("12345", "12345", "6 位数"),
        ("111111", "111111", "太好猜"),
        ("123456", "123456", "太好猜"),
        (PIN, "204817", "不一样"),
    ):
        page.get_by_label("设一个 6 位 PIN 码").fill(pin)
        page.get_by_label("再输一遍 PIN 码").fill(again)
        take.click()
        expect(page.locator(".err")).to_contain_text(said)

    assert not OfflineLease.objects.exists()


def test_five_wrong_pins_erase_the_list_and_not_what_was_done(counter, handset):
    order = counter.waiting()
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    hand_over_by_code(phone, order)
    page.reload()
    for left in (4, 3, 2, 1):
        phone.unlock(pin="999998")
        expect(page.get_by_text(f"还能试 {left} 次")).to_be_visible()
        page.reload()  # and no try is given back by it
    phone.unlock(pin="999998")

    expect(page.get_by_text("输错 5 次，清单已从手机里抹掉")).to_be_visible()
    assert comes_true(page, lambda: "sealed" not in kept(page)["kept"])
    assert kept(page)["outbox"] == 1
    phone.connect()
    expect(page.get_by_text("已入账")).to_be_visible()
    assert Collection.objects.get().order == order


def test_the_right_pin_gives_the_tries_back(counter, handset):
    phone = handset()
    page = phone.take_lease()
    for _ in range(2):
        page.reload()
        phone.unlock(pin="999998")
        expect(page.get_by_text("还能试 4 次")).to_be_visible()
        phone.unlock()
        expect(page.get_by_role("link", name="扫码交货")).to_be_visible()


def test_past_its_end_the_page_refuses_and_erases_what_it_held(counter, handset):
    order = counter.waiting()
    phone = handset()
    phone.page.clock.install()
    page = phone.take_lease()
    phone.cut()
    phone.go(f"order/{order.number}")
    expect(page.locator(".footbar button")).to_be_visible()

    page.clock.fast_forward("24:00:30")

    expect(page.get_by_text("时间到了，清单已从手机里抹掉")).to_be_visible()
    assert comes_true(page, lambda: "sealed" not in kept(page)["kept"])
    expect(page.locator(".footbar button")).to_have_count(0)


def test_what_falls_due_without_network_is_said_to_have_been_due(counter, handset):
    counter.waiting().consignments.update(collect_by=NOW + dt.timedelta(hours=2))
    phone = handset()
    phone.page.clock.install()
    page = phone.take_lease()
    phone.cut()
    page.get_by_role("link", name="货架").click()
    line = page.locator("main .line")
    expect(line).to_contain_text("到期")
    expect(line).not_to_contain_text("已到期")

    page.clock.fast_forward("02:30:00")
    phone.unlock()  # after half an hour untouched

    expect(line).to_contain_text("14:00 已到期")


def test_a_clock_that_is_put_back_opens_nothing_until_the_network_sets_it(counter, handset):
    order = counter.waiting()
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    page.evaluate("() => { const real = Date.now; Date.now = () => real() - 3600_000; }")
    phone.go(f"order/{order.number}")

    expect(page.get_by_text("手机的时间被调早了")).to_be_visible()
    expect(page.locator(".footbar button")).to_have_count(0)
    phone.connect()
    expect(page.get_by_text("手机的时间被调早了")).to_have_count(0)
    hand_over_by_code(phone, order)
    phone.sync()
    assert Collection.objects.get().order == order


def test_what_a_phone_did_after_another_took_over_is_left_to_people(counter, handset, time):
    order = counter.waiting()
    phone = handset()
    page = phone.take_lease()
    phone.cut()
    hand_over_by_code(phone, order)
    other = handset(name="里屋手机")
    time.at = NOW + dt.timedelta(hours=1)
    leases.take_over(counter.point, device=other.phone.device, by=counter.operator, at=time.at)

    phone.connect()

    expect(page.get_by_text("可能已由别的手机接手")).to_be_visible()
    expect(page.get_by_text("未入账")).to_be_visible()
    assert not Collection.objects.exists()
    assert OfflineUpload.objects.get().state == UploadState.EXCEPTION
    assert comes_true(page, lambda: "sealed" not in kept(page)["kept"])
    page.get_by_role("button", name="知道了").click()
    assert comes_true(page, lambda: kept(page)["outbox"] == 0)


def test_a_second_phone_is_told_who_has_it_and_how_to_take_it_over(counter, handset):
    handset().take_lease()
    second = handset(name="里屋手机")
    page = second.open()
    for label in ("设一个 6 位 PIN 码", "再输一遍 PIN 码"):
        page.get_by_label(label).fill(PIN)
    page.get_by_role("button", name="带到这部手机").click()

    expect(page.get_by_role("alert")).to_contain_text("柜台手机")
    assert page.get_by_role("link", name="接管").get_attribute("href").startswith("/point/offline/take-over/?next=")
    assert OfflineLease.objects.count() == 1


def test_a_revoked_phone_erases_its_list_when_it_meets_the_server(counter, handset, time):
    phone = handset()
    page = phone.take_lease()
    devices.revoke(phone.phone.device, by=counter.operator, at=time.at)

    page.reload()

    expect(page.get_by_text("这部手机还没有和网点配对")).to_be_visible()
    assert comes_true(page, lambda: "sealed" not in kept(page)["kept"])


def test_an_answer_that_was_lost_is_asked_for_again(counter, handset):
    counter.waiting(phone="+8613874122260")
    phone = handset()

    def lose(route):
        route.fetch()
        route.abort()

    phone.page.route(
        "**/point/offline/lease/", lambda route: lose(route) if route.request.method == "POST" else route.continue_()
    )
    page = phone.open()
    for label in ("设一个 6 位 PIN 码", "再输一遍 PIN 码"):
        page.get_by_label(label).fill(PIN)
    page.get_by_role("button", name="带到这部手机").click()
    expect(page.get_by_text("现在没网，手机里也没带清单")).to_be_visible()
    assert OfflineLease.objects.get().state == LeaseState.LIVE
    page.unroute("**/point/offline/lease/")

    page.get_by_role("button", name="再试一次").click()
    for label in ("设一个 6 位 PIN 码", "再输一遍 PIN 码"):
        page.get_by_label(label).fill(PIN)
    page.get_by_role("button", name="带到这部手机").click()

    expect(page.get_by_role("link", name="尾号 2260")).to_be_visible()
    assert OfflineLease.objects.get(state=LeaseState.LIVE).epoch == 2


def test_renewing_brings_the_new_list_under_the_same_pin_and_handing_back_ends_it(counter, handset):
    phone = handset()
    page = phone.take_lease()
    counter.waiting(phone="+8613874122260")
    phone.go("outbox")
    page.get_by_label("多长时间？").select_option("72")
    page.get_by_role("button", name="续期").click()
    expect(page.get_by_text("3月6日 12:00").first).to_be_visible()
    phone.cut()
    page.reload()
    phone.unlock()
    page.get_by_role("link", name="货架").click()
    expect(page.get_by_role("link", name="尾号 2260")).to_be_visible()

    phone.connect()
    phone.go("outbox")
    page.get_by_role("button", name="交还").click()

    expect(page.get_by_role("button", name="带到这部手机")).to_be_visible()
    assert set(OfflineLease.objects.values_list("epoch", "state")) == {(1, "ENDED"), (2, "ENDED")}
    assert comes_true(page, lambda: kept(page) == {"kept": ["clock", "device"], "outbox": 0})


def test_what_was_handed_over_on_the_ordinary_page_is_gone_from_the_list(counter, handset):
    order = counter.waiting(phone="+8613874122260")
    phone = handset()
    page = phone.take_lease()
    page.goto(f"{phone.host}/point/orders/{order.number}/")
    page.get_by_label("提货码").fill(code_of(order))
    page.locator(".footbar button").click()
    expect(page.get_by_role("heading", name="已提走")).to_be_visible()

    phone.open()
    expect(page.get_by_text("都传好了")).to_be_visible()
    phone.cut()
    phone.unlock()

    expect(page.get_by_text("货架上没有待提的货")).to_be_visible()


def test_the_phone_keeps_nobodys_data_in_the_clear(counter, handset):
    order = counter.waiting(phone="+8613874122260")
    phone = handset()
    page = phone.take_lease()
    page.goto(f"{phone.host}/point/waiting/")
    page.goto(f"{phone.host}/point/orders/{order.number}/")
    phone.open()
    phone.unlock()
    phone.go("scan")
    phone.show_photo(qr_of(order))
    page.locator("summary", has_text="别人代取").click()
    page.get_by_label("代取人姓名").fill("周小满")
    page.get_by_label("代取人手机").fill("13874120000")
    phone.cut()
    page.locator(".footbar button").click()
    expect(page.locator(".receipt")).to_be_visible()

    cached = page.evaluate(
        """async () => {
          const said = [];
          for (const name of await caches.keys())
            for (const request of await (await caches.open(name)).keys())
              said.push(
                new URL(request.url).pathname,
                request.url.includes("jsQR") ? "" : await (await caches.match(request)).text(),
              );
          return said.join("\\n");
        }"""
    )
    stored = page.evaluate(
        """() => new Promise((resolve) => {
          const opening = indexedDB.open("counter");
          opening.onsuccess = async () => {
            const said = [];
            const write = (value) =>
              value instanceof ArrayBuffer || ArrayBuffer.isView(value)
                ? new TextDecoder().decode(value)
                : value && typeof value === "object" && !(value instanceof CryptoKey)
                  ? Object.entries(value).map(([name, each]) => `${name}: ${write(each)}`).join("\\n")
                  : String(value);
            for (const name of opening.result.objectStoreNames) {
              const all = opening.result.transaction(name).objectStore(name).getAll();
              await new Promise((done) => (all.onsuccess = done));
              said.push(...all.result.map(write));
            }
            resolve(said.join("\\n"));
          };
        })"""
    )
    assert "/point/offline/" in cached
    assert "lease: " in stored
    title = order.lines.get().title
    parcel = Parcel.objects.get().number
    for personal in (
        order.number,
        "2260",
        parcel,
        title,
        "周小满",
        "13874120000",
        counter.point.name,
        qr_of(order)[:12],
    ):
        assert personal not in cached
        assert personal not in stored
    assert "/point/waiting/" not in cached
    kinds = page.evaluate(
        """async (vault) => {
          const { keys } = await import(vault);
          return Object.values(await keys()).map((key) => key.extractable);
        }""",
        static("marketplace/js/offline/vault.js"),
    )
    assert kinds == [False, False]
