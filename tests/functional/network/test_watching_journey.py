"""Watching on a phone: what was not loaded is found from the board by a planner and by the hub's worker."""

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from core import clock
from logistics.models import HubWorker
from logistics.services import routing
from logistics.services.ways import GRACE
from tests.factories import logistics, shop
from tests.factories.logistics import MONDAY
from tests.functional.browsing import Watch, fits, follow, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLANNER, WORKER = "+8613900000078", "+8613900000079"


@pytest.mark.parametrize("phone", [PLANNER, WORKER])
def test_what_was_not_loaded_is_found_from_the_board(
    phone: str, live_server: LiveServer, browser_context: BrowserContext, page: Page, monkeypatch: pytest.MonkeyPatch
):
    watch = Watch(browser_context, host=live_server.url)
    network = logistics.small_network()
    logistics.planner("430700000000", person=shop.user("调度", phone=PLANNER))
    HubWorker.objects.create(hub=network.county, user=shop.user("彭建国", phone=WORKER), since=MONDAY)
    consignment = logistics.consignment(network.stop, network.point)
    routing.route_waiting(limit=10, at=MONDAY)
    late = consignment.legs.get(sequence=1).departs_at + GRACE + dt.timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: late)
    sign_in(page, live_server.url, phone)

    page.goto(live_server.url + reverse("network:board"))
    assert fits(page)
    page.get_by_role("link", name="没装车").click()

    expect(page.get_by_text(consignment.number)).to_be_visible()
    assert fits(page)
    for tab in ("装载", "干线", "晚点"):
        follow(page.get_by_role("link", name=tab, exact=True).first)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert fits(page), tab
    assert watch.complaints == []
