"""A planner's day on a phone: the map, a round with one stop more, days off, and a spreadsheet out and in."""

import datetime as dt
from pathlib import Path

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from core import clock
from logistics.models import Closure, Departure, Hub, Lane, Round
from logistics.services import routing
from logistics.states import DepartureState
from tests.factories import logistics, shop, villages
from tests.factories.logistics import MONDAY, SmallNetwork
from tests.functional.browsing import Watch, fits, follow, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = "+8613900000077"
TOMORROW, FRIDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 6)


@pytest.fixture
def network(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings) -> SmallNetwork:
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    settings.DEPARTURE_HORIZON_DAYS = 5
    made = logistics.small_network()
    logistics.planner("430700000000", person=shop.user("调度", phone=PHONE))
    return made


@pytest.fixture
def watch(browser_context: BrowserContext, live_server: LiveServer) -> Watch:
    return Watch(browser_context, host=live_server.url)


def test_a_planner_adds_a_stop_closes_days_and_sends_a_sheet(
    network: SmallNetwork, live_server: LiveServer, watch: Watch, page: Page, tmp_path: Path
):
    consignment = logistics.consignment(network.stop, network.point, ready_from=MONDAY + dt.timedelta(days=4))
    routing.route_waiting(limit=10, at=MONDAY)
    fresh = villages.point("430726001001", name="新村提货点")
    round_ = Round.objects.filter(hub=network.county).order_by("departs").first()
    sign_in(page, live_server.url, PHONE)

    # The map: the county's hub, its rounds with their stops.
    page.goto(live_server.url + reverse("network:planning-map"))
    assert fits(page)
    page.locator("table").get_by_role("link", name=network.county.name).click()
    page.get_by_text(round_.name, exact=True).click()
    expect(page.locator(".calls").get_by_text(network.stop.name).first).to_be_visible()
    page.get_by_role("link", name=f"班线详情 {round_.code}").click()
    follow(page.get_by_role("link", name="修改"))

    # One stop more, ten minutes before the other; what follows is said first.
    assert fits(page)
    page.get_by_label("第 2 站的网点").fill(f"{fresh.code} {fresh.name}")
    page.get_by_label("第 2 站的分钟数").fill("50")
    page.get_by_role("button", name="看看会改什么").first.click()
    expect(page.get_by_role("heading", name="随之而来")).to_be_visible()
    expect(page.get_by_text("新村提货点 +50")).to_be_visible()
    assert fits(page)
    assert Round.objects.filter(code=round_.code).count() == 1
    page.get_by_role("button", name="返回修改").click()
    page.get_by_label("第 2 站的分钟数").fill("40")
    page.get_by_role("button", name="看看会改什么").first.click()
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("从 2026-03-03 起生效。")).to_be_visible()
    made = Round.objects.get(code=round_.code, valid_from=TOMORROW)
    assert [stop.offset_minutes for stop in made.stops.order_by("sequence")] == [40, 60]

    # Days off: the consignment that was to ride on Friday is counted.
    page.get_by_role("link", name="日历").click()
    page.get_by_label("名称").fill("大雪封路")
    page.get_by_label("第一天").fill("2026-03-06")
    page.get_by_label("最后一天").fill("2026-03-06")
    page.get_by_role("button", name="看看会改什么").click()
    expect(page.get_by_text("有 1 票运单原要坐这些班次")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("已记入日历：大雪封路。")).to_be_visible()
    expect(page.get_by_text("1 票运单将重新排路线。")).to_be_visible()
    assert not Departure.objects.filter(day=FRIDAY, state=DepartureState.SCHEDULED).exists()
    assert consignment.legs.filter(departure__state=DepartureState.CANCELLED).exists()
    assert fits(page)
    page.get_by_role("button", name="撤下").click()
    expect(page.get_by_text("已从日历撤下")).to_be_visible()
    assert Closure.objects.get().lifted_at == MONDAY

    # The spreadsheet: out, a wrong cell and back, a right one and applied.
    follow(page.get_by_role("link", name="表格", exact=True))
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="全部导出为 XLSX").click()
    file = tmp_path / "时刻表.xlsx"
    download.value.save_as(file)
    book = load_workbook(file)
    book["干线"]["H2"] = "viele"
    book.save(file)
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_text("请填 0 到 999999 的整数，不带正负号。")).to_be_visible()
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载带错误列的文件").click()
    download.value.save_as(file)
    book = load_workbook(file)
    assert book["干线"]["K2"].value == "筐数: 请填 0 到 999999 的整数，不带正负号。"
    book["干线"]["H2"] = 66
    book.save(file)
    page.get_by_role("link", name="表格", exact=True).first.click()
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_text("改动或新增的线路")).to_be_visible()
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("已于")).to_be_visible()
    assert Lane.objects.get(valid_from=TOMORROW).crates == 66

    # Another hub, pointed at on the map; what goods need there is to change, and is not after all.
    follow(page.get_by_role("link", name="地图", exact=True))
    follow(page.locator("main").get_by_role("link", name="分拨中心", exact=True))
    assert fits(page)
    page.get_by_label("地区").select_option(label=network.county.division.name)
    page.get_by_label("名称").fill("第二分拨中心")
    page.get_by_label("中转时间").fill("15")
    page.locator("[data-place-map] svg").click()
    expect(page.get_by_label("经度")).not_to_have_value("")
    follow(page.get_by_role("button", name="新增"))
    expect(page.get_by_text("已新增第二分拨中心。")).to_be_visible()
    assert 110 < Hub.objects.get(name="第二分拨中心").longitude < 113, "in the middle of the prefecture's map"
    assert fits(page)
    page.get_by_label("中转时间").fill("25")
    page.locator("form[action$='/transfer/'] button").click()
    follow(page.get_by_role("button", name="确认"))
    expect(page.get_by_text("25 分钟")).to_be_visible()
    follow(page.get_by_role("button", name="撤回"))
    expect(page.get_by_text("25 分钟")).to_have_count(0)

    assert watch.complaints == []
