"""The county's pages of its points: suspending with a reason, reinstating, and closing once nothing is left."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import Event
from logistics.models import Consignment, GoodsReturn, Parcel
from logistics.states import ConsignmentState, ParcelState, ReturnState
from marketplace import stepping_up
from marketplace.communication.models import Message
from marketplace.order.services import closing, redirecting, uncollected
from marketplace.partner.services import stops
from marketplace.users.models import StaffAssignment
from tests.factories import shop
from tests.factories.counter import Counter
from tests.factories.counter import counter as made_counter
from tests.factories.shop import MONDAY
from villages.services import points
from villages.states import OperatorRole, PointState, Reason

pytestmark = pytest.mark.django_db
NOW = MONDAY + dt.timedelta(days=2)


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def counter() -> Counter:
    return made_counter()


def staff(division: str = "430723000000", *, stepped_up: bool = True) -> Client:
    person = shop.user("县里")
    StaffAssignment.objects.create(user=person, division_id=division, since=MONDAY)
    return signed_in(person, stepped_up=stepped_up)


def signed_in(person, *, stepped_up: bool = True) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    if stepped_up:
        session = client.session
        session[stepping_up.KEY] = {"user": person.pk, "at": NOW.isoformat()}
        session.save()
    return client


def page_of(counter: Counter) -> str:
    return reverse("applying:point", args=[counter.point.pk])


def state_of(counter: Counter) -> str:
    counter.point.refresh_from_db()
    return counter.point.state


def test_a_county_suspends_with_a_reason_and_reinstates(counter):
    county = staff()

    without = county.post(page_of(counter), {"decision": "SUSPENDED", "reason": ""})
    assert without.status_code == 422
    assert "请选一个原因。" in without.content.decode()
    county.post(page_of(counter), {"decision": "SUSPENDED", "reason": "SAFETY"})
    assert state_of(counter) == PointState.SUSPENDED
    owner = shop.operator(counter.point, person=shop.user(phone="+8613700000009"), role=OperatorRole.OWNER)
    assert "县里已暂停本站" in counter.client().get(reverse("counter:index")).text
    assert "食品安全" in signed_in(owner).get(reverse("counter:shop")).content.decode()
    county.post(page_of(counter), {"decision": "OPEN", "reason": ""})

    assert state_of(counter) == PointState.OPEN
    sms = Message.objects.filter(name="point.decided")
    assert [row.body for row in sms] == [f"【湘品网上行】{counter.point.name} 恢复营业，重新接收包裹。"]
    county.post(page_of(counter), {"decision": "SUSPENDED", "reason": "SAFETY"})
    assert "（食品安全）" in sms.latest("pk").body
    county.post(page_of(counter), {"decision": "OPEN", "reason": ""})
    told = Event.objects.filter(stream="point", stream_id=str(counter.point.pk)).order_by("version")
    assert [(event.name, event.payload.get("reason")) for event in told][-2:] == [
        ("point.suspended", "SAFETY"),
        ("point.opened", None),
    ]


def test_a_decision_asks_for_the_second_factor_and_reading_does_not(counter):
    county = staff(stepped_up=False)

    assert county.get(page_of(counter)).status_code == 200
    sent = county.post(page_of(counter), {"decision": "SUSPENDED", "reason": "SAFETY"})

    assert sent["Location"].startswith(reverse("customer:step-up"))
    assert state_of(counter) == PointState.OPEN


def test_a_county_finds_its_own_points_only(counter):
    found = staff().get(reverse("applying:points"), {"q": counter.point.code}).content.decode()
    assert counter.point.name in found

    other = staff("430726000000")
    assert counter.point.code not in other.get(reverse("applying:points")).content.decode()
    assert other.get(page_of(counter)).status_code == 404


def test_a_point_that_closes_takes_nothing_new_and_closes_once_nothing_waits(counter):
    order = counter.waiting()
    staff().post(page_of(counter), {"decision": "CLOSING", "reason": "PAPERS"})

    assert state_of(counter) == PointState.CLOSING
    assert closing.close_empty(by="test", at=NOW) == 0, "something waits there"
    consignment = order.consignments.get()
    assert uncollected.expire_overdue(by="test", at=consignment.collect_by + dt.timedelta(hours=1)) == 1
    assert closing.close_empty(by="test", at=NOW) == 0, "its goods lie there until a driver takes them back"
    Consignment.objects.filter(pk=consignment.pk).update(state=ConsignmentState.RETURNED)
    GoodsReturn.objects.update(state=ReturnState.LOADED)

    assert closing.close_empty(by="test", at=NOW) == 1
    assert state_of(counter) == PointState.CLOSED


def test_a_point_at_which_a_seller_dropped_something_does_not_close_yet(counter):
    order = counter.coming()
    stop = counter.shop.network.stop
    Parcel.objects.filter(consignment__order=order).update(state=ParcelState.AT_STOP)
    points.begin_closing([stop], by="test", at=NOW, reason=Reason.ASKED)

    assert closing.close_empty(by="test", at=NOW) == 0
    Parcel.objects.filter(consignment__order=order).update(state=ParcelState.LOADED)
    order.consignments.update(state=ConsignmentState.IN_TRANSIT)
    assert closing.close_empty(by="test", at=NOW) == 0, "its seller drops there still"
    assert stops.leave_closing(by="test", at=NOW) == 1

    assert closing.close_empty(by="test", at=NOW) == 1


def test_what_is_on_its_way_to_a_point_that_closes_goes_to_the_next(counter):
    order = counter.coming()
    points.begin_closing([counter.point], by="test", at=MONDAY, reason=Reason.ASKED)

    assert redirecting.leave_closed_points(by="test", at=MONDAY) == 1

    order.refresh_from_db()
    assert order.pickup_point_id == counter.shop.network.stop.pk
    told = Event.objects.get(stream="order", stream_id=order.number, name="order.point_changed")
    assert told.payload["reason"] == "point-closed"


def test_the_owner_sees_what_closing_means_and_begins_it(counter):
    counter.waiting()
    owner = signed_in(shop.operator(counter.point, person=shop.user(), role=OperatorRole.OWNER))
    page = reverse("counter:shop-close")

    assert "待提货" in owner.get(page).content.decode()
    owner.post(page)
    again = owner.post(page, follow=True).content.decode()

    assert state_of(counter) == PointState.CLOSING
    assert "本站已经在关停或已关闭。" in again
