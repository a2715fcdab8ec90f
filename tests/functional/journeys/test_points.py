"""The owner of a point in the browser: pairing another phone, revoking it."""

import re

import pytest
from playwright.sync_api import Page, expect

from marketplace.applying.models import PointApplication
from marketplace.applying.services import applications
from marketplace.applying.states import ApplicationState
from marketplace.communication.models import Message
from marketplace.users.models import StaffAssignment
from tests.factories import applying, shop, villages
from tests.factories.photos import jpeg
from tests.factories.shop import MONDAY, Shop
from tests.functional.browsing import fits, follow
from villages.models import Device, PickupPoint
from villages.states import OperatorRole, PointState

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def confirm_by_code(page: Page) -> None:
    """Give the second factor that the page asks for."""
    expect(page).to_have_url(re.compile("/accounts/confirm/"))
    page.click("[value=send_code]")
    expect(page.locator(".note.ok")).to_be_visible()
    page.fill("[name=phone_code]", re.search(r"\d{6}", Message.objects.latest("pk").body)[0])
    page.click("[value=confirm]")


def test_the_owner_pairs_a_second_phone_and_revokes_it(hunan: Shop, visit, live_server):
    host = live_server.url
    owner = shop.operator(hunan.point, person=shop.user("王桂兰"), role=OperatorRole.OWNER)
    phone, mine = visit(), visit(owner)

    phone.goto(f"{host}/point/pair/")
    phone.click("main form .btn-go")
    number, compare = (each.replace("·", "") for each in phone.locator(".code").all_inner_texts())
    assert fits(phone)
    mine.goto(f"{host}/point/")
    mine.click(".menu summary")
    mine.click("text=设备")
    mine.fill("[name=number]", number)
    mine.click("text=下一步")
    confirm_by_code(mine)
    expect(mine.locator(".plate")).to_have_text(f"{compare[:3]} {compare[3:]}")
    assert fits(mine)
    mine.fill("[name=name]", "柜台手机")
    mine.click("text=一样，绑定")
    expect(mine.locator("main")).to_contain_text("柜台手机")
    assert fits(mine)

    # The new phone notices by itself.
    expect(phone.locator(".note.ok")).to_contain_text("已绑定澧阳街道提货点")
    assert Device.objects.get().revoked_at is None
    mine.click("[value=revoke]")
    expect(mine.locator(".messages")).to_contain_text("已停用")
    phone.reload()
    expect(phone.locator("main")).to_contain_text("显示号码")


def test_an_invited_person_works_at_the_point_until_the_owner_removes_them(hunan: Shop, visit, live_server):
    host = live_server.url
    owner = shop.operator(hunan.point, person=shop.user("王桂兰"), role=OperatorRole.OWNER)
    shop.operator(hunan.network.stop)
    waits = shop.at_point(shop.order(hunan.point, shop.listing(hunan.seller)))
    elsewhere = shop.at_point(shop.order(hunan.network.stop, shop.listing(hunan.seller)))
    mine, theirs = visit(owner), visit(shop.user("李新"), width=1280)

    mine.goto(f"{host}/point/")
    mine.click(".menu summary")
    mine.click("text=操作员")
    confirm_by_code(mine)
    mine.click("text=邀请操作员")
    link = mine.locator("#link").input_value()
    assert fits(mine)
    theirs.goto(link)
    expect(theirs.locator("h1")).to_have_text("澧阳街道提货点邀请您当操作员")
    theirs.click("main form .btn-go")
    expect(theirs.locator(".messages")).to_contain_text("您现在是澧阳街道提货点的操作员")

    # They see what waits at this point, and nothing of another.
    assert theirs.request.get(f"{host}/point/orders/{waits.number}/").status == 200
    assert theirs.request.get(f"{host}/point/orders/{elsewhere.number}/").status == 404
    mine.goto(f"{host}/point/operators/")
    expect(mine.locator("main")).to_contain_text("李新")
    assert fits(mine)
    mine.click("main .line .btn-line")
    assert fits(mine)
    mine.click("[value=remove]")
    expect(mine.locator(".messages")).to_contain_text("李新已不是操作员")
    assert theirs.request.get(f"{host}/point/").status == 404
    assert theirs.request.get(link).status == 404


def test_a_newcomer_registers_and_applies_with_papers_on_a_phone(hunan: Shop, visit, live_server):
    host, page = live_server.url, visit()
    villages.division("430726001007", name="岩桥村")

    # Who is not signed in comes back to where they were.
    page.goto(f"{host}/become-a-point/")
    assert fits(page)
    follow(page.locator("main form .btn-go"))
    follow(page.locator("main a", has_text="注册"))
    page.fill("[name=name]", "陈店主")
    page.fill("[name=phone]", "13712345678")
    page.fill("[name=password]", "yanqiao-2026-shop")
    follow(page.locator("[value=send_code]"))
    page.fill("[name=phone_code]", re.search(r"\d{6}", Message.objects.latest("pk").body)[0])
    page.fill("[name=password]", "yanqiao-2026-shop")
    follow(page.locator("main form .btn-go").last)
    expect(page).to_have_url(f"{host}/become-a-point/")
    follow(page.locator("main form .btn-go"))

    # The village by its name, then the form: what lacks is told, what was typed stays.
    page.fill("[name=village]", "岩桥")
    follow(page.locator("main form .btn-go"))
    assert fits(page)
    follow(page.locator("main .line >> text=岩桥村"))
    page.fill("[name=name]", "岩桥村便民店")
    follow(page.locator("[value=send]"))
    expect(page.locator(".problems")).to_contain_text("周一：请至少填一天的营业时间")
    expect(page.locator("[name=name]")).to_have_value("岩桥村便民店")
    assert fits(page)
    page.select_option("[name=kind]", "VILLAGE_SHOP")
    page.fill("[name=address]", "岩桥小学旁")
    page.fill("[name=contact_name]", "陈店主")
    page.fill("[name=contact_phone]", "13712345678")
    page.fill("[name=d0_opens]", "08:00")
    page.fill("[name=d0_closes]", "20:00")
    page.fill("[name=crates_AMBIENT]", "40")
    page.fill("[name=licence]", applying.LICENCE)
    follow(page.locator("[value=send]"))
    expect(page.locator(".problems")).to_contain_text("照片")
    for paper in ("licence", "front"):
        photo = {"name": f"{paper}.jpg", "mimeType": "image/jpeg", "buffer": jpeg(600).read()}
        page.set_input_files(f"[name={paper}_photos]", [photo])
    follow(page.locator("[value=send]"))
    expect(page.locator(".messages")).to_contain_text("已提交")
    assert fits(page)
    made = PointApplication.objects.get()
    assert (made.state, made.name, made.division_id) == (ApplicationState.SUBMITTED, "岩桥村便民店", "430726001007")

    # The county asks for a change; it is made in the same form, and the papers are there still.
    county = shop.user("石门县")
    applications.decide(made, decision=ApplicationState.CHANGE_ASKED, note="请写明门牌", by=county, at=MONDAY)
    page.reload()
    expect(page.locator(".note.warn")).to_contain_text("请写明门牌")
    expect(page.locator(".photo-proof")).to_have_count(2)
    page.fill("[name=address]", "岩桥小学旁 6 号")
    follow(page.locator("[value=send]"))
    expect(page.locator(".messages")).to_contain_text("已提交")
    made.refresh_from_db()
    applications.decide(made, decision=ApplicationState.ACCEPTED, note="", by=county, at=MONDAY)
    page.reload()
    follow(page.locator("main form .btn-go"))
    expect(page).to_have_url(f"{host}/point/")
    assert PickupPoint.objects.get(name="岩桥村便民店").address.endswith("岩桥小学旁 6 号")


def test_a_shop_applies_is_asked_for_a_change_is_accepted_and_opens(hunan: Shop, visit, live_server):
    host = live_server.url
    person, county = shop.user("陈店主"), shop.user("石门县")
    StaffAssignment.objects.create(user=county, division_id="430726000000", since=MONDAY)
    made = applying.submitted(by=person)
    reviews, mine = visit(county, width=1280), visit(person)

    reviews.goto(f"{host}/province/points/")
    reviews.click("text=东泉村农家店")
    confirm_by_code(reviews)
    reviews.click("text=要求修改")
    reviews.fill("[name=note]", "请写明门牌")
    reviews.click("main form .btn-go")
    expect(reviews.locator(".messages")).to_be_visible()
    mine.goto(f"{host}/become-a-point/{made.pk}/")
    expect(mine.locator(".note.warn")).to_contain_text("请写明门牌")
    assert fits(mine)
    applications.submit(made, stated=applying.stated(), by=person, at=MONDAY)
    reviews.goto(f"{host}/province/points/{made.pk}/")
    reviews.click("label:has-text('通过') >> nth=0")
    reviews.click("main form .btn-go")
    expect(reviews.locator(".messages")).to_be_visible()
    mine.goto(f"{host}/become-a-point/{made.pk}/")
    assert fits(mine)
    mine.click("main form .btn-go")
    expect(mine).to_have_url(f"{host}/point/")
    assert PickupPoint.objects.get(name="东泉村农家店").state == PointState.OPEN
