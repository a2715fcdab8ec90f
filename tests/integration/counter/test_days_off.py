"""A point's days off: nothing is promised for them, what comes on them and what waits follows, and buyers are told."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock, events, invariants
from core.clock import BEIJING
from core.models import Event
from logistics import promises, snapshots
from logistics.models import Consignment, Round
from logistics.promises import PromiseRequest
from logistics.services import rerouting, routing, shop_hours
from logistics.states import ConsignmentState
from marketplace import stepping_up
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.context import CHOSEN_POINT
from marketplace.counter.services import shop as own_point
from marketplace.network import board_troubles
from marketplace.network.board_scope import Scope
from tests.factories import shop
from tests.factories.shop import MONDAY
from tests.integration.counter.conftest import NOW
from tests.integration.logistics import journeys
from villages.models import PointDay, PointHoliday
from villages.services import holidays
from villages.states import OperatorRole

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (dt.date(2026, 3, day) for day in (3, 4, 5, 6))
SHOP = reverse("counter:shop")


@pytest.fixture
def owner(counter):
    return shop.operator(counter.point, person=shop.user("王桂兰"), role=OperatorRole.OWNER)


@pytest.fixture
def mine(counter, owner):
    client = counter.client(owner)
    session = client.session
    session[stepping_up.KEY] = {"user": owner.pk, "at": NOW.isoformat()}
    session.save()
    return client


def announce(counter, first: dt.date, last: dt.date, *, at: dt.datetime = MONDAY):
    return own_point.announce(counter.point, first_day=first, last_day=last, note="", by=counter.operator, at=at)


def day_promised(counter, *, at: dt.datetime = MONDAY) -> dt.date:
    asked = PromiseRequest(counter.shop.network.stop.pk, counter.point.pk, "AMBIENT", 1)
    (promise,) = promises.promises([asked], at=at)
    return promise.handed_over_at.astimezone(BEIJING).date()


def test_nothing_is_promised_for_a_day_off(counter):
    usual = day_promised(counter)

    _made, _waiting, _moved = announce(counter, usual, usual + dt.timedelta(days=1))

    assert day_promised(counter) == usual + dt.timedelta(days=2), "what was known of the point is read anew"


def swept(consignment: Consignment) -> Consignment:
    """Let the sweeps find what was changed and give it another way."""
    rerouting.mend(at=MONDAY)
    routing.route_waiting(limit=10, at=MONDAY)
    return Consignment.objects.get(pk=consignment.pk)


def bought(counter) -> tuple[Consignment, dt.date]:
    """Return a routed consignment and the day that it is promised for."""
    order = shop.order(counter.point, shop.listing(counter.shop.seller))
    (consignment,) = shop.routed(order)
    return consignment, consignment.promised_at.astimezone(BEIJING).date()


def comes_on(consignment: Consignment) -> dt.date:
    last = consignment.legs.in_force().order_by("sequence").last()
    return last.arrives_at.astimezone(BEIJING).date()


def test_an_order_promised_for_a_day_off_gets_a_later_day_and_its_buyer_is_told(counter):
    consignment, promised = bought(counter)
    day_after = promised + dt.timedelta(days=1)

    _made, waiting, moved = announce(counter, promised, promised)
    after = swept(consignment)

    assert (waiting, moved) == (0, 1)
    assert comes_on(after) == after.expected_at.astimezone(BEIJING).date() == day_after
    assert after.promised_at == consignment.promised_at, "the promise stays for the figures"
    assert after.held_day == day_after
    assert PointDay.objects.get(day=promised).held == 0
    assert not Event.objects.filter(stream_id=after.number, name="consignment.late").exists()
    told = Event.objects.get(stream_id=after.number, name="consignment.rerouted")
    assert told.payload["promised_at"] == after.expected_at.isoformat()
    assert invariants.findings(["C1", "C2", "L1", "M1", "S1"]) == []


def test_nothing_is_sent_to_a_closed_door(counter):
    consignment, promised = bought(counter)
    holiday, _waiting, _moved = announce(counter, promised, promised + dt.timedelta(days=1))

    after = swept(consignment)
    assert comes_on(after) == promised + dt.timedelta(days=2)
    assert rerouting.mend(at=MONDAY) == 0, "nothing is in its way any more"
    PointHoliday.objects.filter(pk=holiday.pk).update(withdrawn_at=MONDAY)
    assert rerouting.mend(at=MONDAY) == 0


def test_who_announces_is_told_of_all_that_comes_later_though_the_sweep_was_quicker(counter, monkeypatch):
    consignment, promised = bought(counter)
    reconsider = shop_hours.reconsider

    def after_the_sweep(point, *, by, at):
        swept(consignment)
        reconsider(point, by=by, at=at)

    monkeypatch.setattr(shop_hours, "reconsider", after_the_sweep)

    _made, waiting, moved = announce(counter, promised, promised)

    assert (waiting, moved) == (0, 1)


@pytest.mark.django_db
def test_goods_that_are_on_their_way_wait_at_the_last_hub():
    made = journeys.journey()
    made.step("drop")
    made.ride(1, hub=made.network.county)
    made.ride(2, hub=made.network.prefecture)
    day = made.legs[-1].arrives_at.astimezone(BEIJING).date()
    PointHoliday.objects.create(
        point=made.network.point, first_day=day, last_day=day, made_by=shop.user(), made_at=MONDAY
    )

    assert rerouting.mend(at=made.legs[2].departs_at - dt.timedelta(hours=1)) == 1

    after = Consignment.objects.get(pk=made.consignment.pk)
    assert (after.state, comes_on(after)) == (ConsignmentState.IN_TRANSIT, day + dt.timedelta(days=1))


def test_a_day_of_the_week_on_which_a_shop_opens_no_more_moves_what_comes_then_at_once(counter):
    consignment, promised = bought(counter)
    hours = [(day, dt.time(8), dt.time(20)) for day in range(7) if day != promised.weekday()]

    assert own_point.set_hours(counter.point, hours=hours, by=counter.operator, at=MONDAY) == 1

    assert Consignment.objects.get(pk=consignment.pk).state == ConsignmentState.AWAITING_ROUTE
    assert comes_on(swept(consignment)) == promised + dt.timedelta(days=1)


def test_nothing_is_picked_up_where_the_seller_drops_it_while_that_is_closed(counter):
    consignment, _promised = bought(counter)
    stop = counter.shop.network.stop
    first = consignment.legs.in_force().get(sequence=1).departs_at.astimezone(BEIJING).date()

    holidays.announce(stop, first_day=TUESDAY, last_day=WEDNESDAY, note="", by=counter.operator, at=MONDAY)
    assert swept(consignment).route_version == 1
    PointHoliday.objects.update(first_day=first)
    snapshots.forget()
    after = swept(consignment)

    assert after.legs.in_force().get(sequence=1).departs_at.astimezone(BEIJING).date() == THURSDAY
    assert invariants.findings(["C1", "C2", "L1", "M1", "S1"]) == []


def test_withdrawn_days_off_bring_the_sooner_day_back(counter):
    consignment, promised = bought(counter)
    made, _waiting, _moved = announce(counter, promised, promised)
    assert comes_on(swept(consignment)) > promised

    own_point.withdraw(made, by=counter.operator, at=MONDAY)

    after = swept(consignment)
    assert (after.expected_at, after.held_day) == (consignment.expected_at, consignment.held_day)
    assert day_promised(counter) == promised
    assert PointDay.objects.get(day=promised + dt.timedelta(days=1)).held == 0
    with pytest.raises(holidays.UnableToWithdraw):
        own_point.withdraw(made, by=counter.operator, at=MONDAY)


def test_a_point_that_is_closed_for_long_is_refused_and_says_so(counter):
    asked = [
        PromiseRequest(counter.shop.network.stop.pk, counter.point.pk, storage_class, 1)
        for storage_class in ("AMBIENT", "CHILLED")
    ]
    usual = day_promised(counter)

    def refusals() -> list[str | None]:
        return [promise.refusal for promise in promises.promises(asked, at=MONDAY)]

    announce(counter, usual, usual)
    assert refusals() == [None, None]
    announce(counter, usual + dt.timedelta(days=1), usual + dt.timedelta(days=1))
    assert refusals() == [None, "CLOSED"], "chilled goods do not lie about for two days and a night"
    announce(counter, usual + dt.timedelta(days=2), usual + dt.timedelta(days=25))
    assert refusals() == ["CLOSED", "CLOSED"]


def test_a_day_off_is_not_the_reason_where_no_vehicle_goes(counter):
    PointHoliday.objects.create(
        point=counter.point, first_day=FRIDAY, last_day=FRIDAY, made_by=counter.operator, made_at=MONDAY
    )
    Round.objects.filter(stops__point=counter.point).update(storage_classes=["AMBIENT"])
    stop = counter.shop.network.stop.pk

    (promise,) = promises.promises([PromiseRequest(stop, counter.point.pk, "CHILLED", 1)], at=MONDAY)

    assert promise.refusal == "NO_VEHICLE"


def test_the_page_of_goods_says_that_the_point_is_closed_and_offers_nearer_ones(counter, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    goods = shop.listing(counter.shop.seller)
    announce(counter, TUESDAY, TUESDAY.replace(day=30))
    client = Client()
    session = client.session
    session[CHOSEN_POINT] = counter.point.pk
    session.save()

    page = client.get(goods.get_absolute_url()).content.decode()

    assert "这个网点这几天不营业。" in page
    assert counter.shop.network.stop.name in page, "the seller's own is open"


def test_what_would_spoil_meanwhile_stays_with_its_seller_until_the_point_opens_again(counter, monkeypatch):
    goods = shop.listing(counter.shop.seller, storage_class="CHILLED")
    (consignment,) = shop.routed(shop.order(counter.point, goods))
    announce(counter, TUESDAY, FRIDAY)

    assert swept(consignment).state == ConsignmentState.AWAITING_ROUTE
    for tries in range(1, 4):
        routing.route_waiting(limit=10, at=MONDAY + tries * dt.timedelta(minutes=5))
    waiting = Consignment.objects.get(pk=consignment.pk)
    assert (waiting.state, waiting.expected_at) == (ConsignmentState.AWAITING_ROUTE, None)
    late = Event.objects.filter(stream_id=waiting.number, name="consignment.late")
    assert late.get().payload["promised_at"] is None
    soon, everywhere = MONDAY + dt.timedelta(hours=1), Scope("430000000000", "430000000000", ())
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert [finding.is_deferred for finding in invariants.examined(["O2"])] == [True]
    assert not board_troubles.waiting(everywhere, at=soon).exists(), "no vehicle that is added would help"
    PointHoliday.objects.update(withdrawn_at=MONDAY)
    assert [finding.is_deferred for finding in invariants.examined(["O2"])] == [False]
    assert board_troubles.waiting(everywhere, at=soon).get() == waiting
    PointHoliday.objects.update(withdrawn_at=None)

    routing.route_waiting(limit=10, at=MONDAY + dt.timedelta(days=3))
    assert comes_on(Consignment.objects.get(pk=consignment.pk)) == FRIDAY + dt.timedelta(days=1)


def test_what_was_put_off_for_the_sellers_stop_comes_sooner_when_that_is_open_after_all(counter):
    consignment, promised = bought(counter)
    stop, first = counter.shop.network.stop, MONDAY.astimezone(BEIJING).date() + dt.timedelta(days=1)
    holiday = PointHoliday.objects.create(
        point=stop, first_day=first - dt.timedelta(days=1), last_day=first, made_by=counter.operator, made_at=MONDAY
    )
    assert comes_on(swept(consignment)) > promised

    own_point.withdraw(holiday, by=counter.operator, at=MONDAY)

    assert comes_on(swept(consignment)) == promised


def test_where_the_sellers_stop_is_closed_for_long_the_refusal_says_so(counter):
    stop = counter.shop.network.stop
    holidays.announce(
        stop, first_day=TUESDAY, last_day=TUESDAY.replace(day=30), note="", by=counter.operator, at=MONDAY
    )
    hours_later = MONDAY + dt.timedelta(hours=12)

    (promise,) = promises.promises([PromiseRequest(stop.pk, counter.point.pk, "AMBIENT", 1)], at=hours_later)

    assert promise.refusal == "NOT_SENT"


@pytest.mark.parametrize(("storage_class", "longer"), [("AMBIENT", 2), ("CHILLED", 0)])
def test_what_waits_is_kept_over_days_off_unless_it_perishes(counter, storage_class, longer):
    order = counter.waiting()
    order.consignments.update(storage_class=storage_class)
    before = order.consignments.get().collect_by

    announce(counter, THURSDAY, FRIDAY, at=NOW)

    after = order.consignments.get().collect_by
    assert after - before == dt.timedelta(days=longer)


def test_who_waited_for_an_extension_keeps_it(counter):
    order = counter.waiting()
    extended = order.consignments.get().collect_by + dt.timedelta(days=3)
    order.consignments.update(collect_by=extended, extended_at=NOW)

    announce(counter, THURSDAY, FRIDAY, at=NOW)

    assert order.consignments.get().collect_by == extended + dt.timedelta(days=2)


def test_buyers_of_what_waits_are_told_the_days_and_until_when_it_is_kept(counter):
    order = counter.waiting()
    events.publish()
    reading.read_events(at=NOW)

    announce(counter, THURSDAY, FRIDAY, at=NOW)
    events.publish()
    reading.read_events(at=NOW)

    told = Message.objects.filter(name="consignment.point_closes", order_number=order.number)
    bodies = set(told.values_list("body", flat=True))
    assert {message.channel for message in told} == {"SMS", "PAGE"}
    assert all("3月5日" in body and "3月6日" in body and "放假" in body for body in bodies), bodies


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-03-05", "2026-03-04", "最后一天早于第一天。"),
        ("2026-03-03", "2026-03-04", "放假最早从明天开始，好让买家提前知道。"),
        ("2026-03-05", "2026-04-30", "一次最多 31 天。"),
        ("2027-03-05", "2027-03-06", "最多提前一年。"),
        ("", "2026-03-06", "请选择日期。"),
        ("2026-03-10", "2026-03-12", "其中有的日子已经公布过。"),
    ],
)
def test_days_that_cannot_be_are_refused_and_what_was_typed_stays(mine, counter, first, last, sentence):
    announce(counter, dt.date(2026, 3, 12), dt.date(2026, 3, 13), at=NOW)

    sent = {"do": "holiday", "holiday-first_day": first, "holiday-last_day": last, "holiday-note": "收稻子"}
    response = mine.post(SHOP, sent)

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "收稻子" in page
    assert PointHoliday.objects.count() == 1


def test_the_owner_announces_and_withdraws_on_the_page(mine, counter):
    sent = {
        "do": "holiday",
        "holiday-first_day": "2026-03-05",
        "holiday-last_day": "2026-03-06",
        "holiday-note": "喜酒",
    }

    shown = mine.post(SHOP, sent, follow=True).content.decode()

    made = PointHoliday.objects.get()
    assert "已公布" in shown
    assert "喜酒" in shown
    assert "已撤回" in mine.post(reverse("counter:day-off", args=[made.pk]), follow=True).content.decode()
    assert PointHoliday.objects.get().withdrawn_at == NOW


def test_changing_the_point_asks_for_the_second_factor(counter, owner):
    client = counter.client(owner)

    assert client.get(SHOP)["Location"].startswith(reverse("customer:step-up"))
    client.post(SHOP, {"do": "contact", "contact-name": "别人", "contact-phone": "13700000009"})
    counter.point.refresh_from_db()
    assert counter.point.contact_name != "别人"
