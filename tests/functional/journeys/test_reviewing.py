"""A county's reviewer on a phone: an application with its papers, then the point's whole life until it is closed."""

import pytest
from playwright.sync_api import Page, expect

from marketplace.applying.services import applications
from marketplace.applying.states import ApplicationState
from marketplace.order.services import closing
from marketplace.partner.services import stops
from marketplace.users.models import StaffAssignment
from tests.factories import applying, shop
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import fits, follow
from tests.functional.journeys.test_points import confirm_by_code
from villages.models import PickupPoint
from villages.states import PointState

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(hunan: Shop, visit) -> Page:
    county = shop.user("唐县办")
    StaffAssignment.objects.create(user=county, division_id="430723000000", since=MONDAY)
    return visit(county)


def decide(page: Page, words: str, *, note: str = "", reason: str = "") -> None:
    page.click(f"main label:has-text('{words}') >> nth=0")
    if note:
        page.fill("[name=note]", note)
    if reason:
        page.select_option("[name=reason]", label=reason)
    follow(page.locator("main form .btn-go"))


def test_an_application_is_looked_at_refused_with_a_word_and_accepted_when_it_comes_again(desk, hunan, live_server):
    host, person = live_server.url, shop.user("陈店主")
    made = applying.submitted("430723001001", by=person)
    other = applying.submitted("430726001001", by=shop.user("别县店主"))

    desk.goto(f"{host}/province/points/")
    expect(desk.locator("main")).to_contain_text(made.name)
    assert fits(desk)
    desk.click("main .line")
    confirm_by_code(desk)
    expect(desk.locator(".photo-proof")).to_have_count(2)
    for photo in desk.locator(".photo-proof").all():
        expect(photo).to_have_js_property("naturalWidth", 300)
    assert fits(desk)
    assert desk.request.get(f"{host}/province/points/{other.pk}/").status == 404

    # Who refuses says why, and keeps what was chosen.
    decide(desk, "不通过")
    expect(desk.locator(".problems, .messages").first).to_contain_text("请写一句")
    expect(desk.locator("[value=REFUSED]")).to_be_checked()
    assert fits(desk)
    decide(desk, "要求修改", note="门面照片太暗，请重拍。")
    expect(desk.locator(".messages")).to_be_visible()
    assert fits(desk)
    made.refresh_from_db()
    assert (made.state, made.note) == (ApplicationState.CHANGE_ASKED, "门面照片太暗，请重拍。")

    applications.submit(made, stated=applying.stated("430723001001"), by=person, at=MONDAY)
    desk.goto(f"{host}/province/points/{made.pk}/")
    desk.check("[value=ACCEPTED]", force=True)
    follow(desk.locator("main form .btn-go"))
    made.refresh_from_db()
    assert made.state == ApplicationState.ACCEPTED
    assert made.point.state == PointState.APPLIED


def test_a_point_is_suspended_with_a_reason_opened_again_and_closed_once_nothing_is_left(desk, hunan, live_server):
    host, point = live_server.url, hunan.point
    shop.operator(point, person=shop.user("王桂兰"))
    buyers = shop.at_point(shop.order(point, shop.listing(hunan.seller)))

    desk.goto(f"{host}/province/points/all/")
    desk.fill("[name=q]", "澧阳")
    desk.press("[name=q]", "Enter")
    expect(desk.locator("main .line")).to_have_count(1)
    assert fits(desk)
    follow(desk.locator("main .line"))
    assert fits(desk)
    desk.click("main label:has-text('暂停')")
    desk.click("main form .btn-go")
    confirm_by_code(desk)
    expect(desk.locator("[value=SUSPENDED]")).to_be_checked()
    follow(desk.locator("main form .btn-go"))
    expect(desk.locator(".problems")).to_be_visible()
    assert fits(desk)
    assert state(point) == PointState.OPEN
    decide(desk, "暂停", reason="食品安全")
    expect(desk.locator("main")).to_contain_text("原因：食品安全")
    assert fits(desk)
    assert state(point) == PointState.SUSPENDED

    decide(desk, "恢复")
    assert state(point) == PointState.OPEN
    decide(desk, "关停", reason="本人申请")
    expect(desk.locator("main")).to_contain_text("原因：本人申请")
    assert closing.close_empty(by="test", at=MONDAY) == 0, "a parcel waits there"
    assert state(point) == PointState.CLOSING
    buyers.consignments.update(state="COLLECTED")
    stops.leave_closing(by="test", at=MONDAY)
    assert closing.close_empty(by="test", at=MONDAY) == 1
    desk.reload()
    expect(desk.locator("h1 + .badge")).to_have_text("已关闭")
    expect(desk.locator("main form")).to_have_count(0)
    assert fits(desk)


def state(point: PickupPoint) -> str:
    point.refresh_from_db()
    return point.state
