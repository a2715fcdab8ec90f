"""What waits at a counter: reminded by day, once for each time; kept longer once; told of when it is kept no longer."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse

from core import clock, events
from core.clock import BEIJING
from core.events import Event, NewEvent
from core.storage_class import StorageClass
from logistics.models import Consignment
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.order.services import reminding, uncollected
from marketplace.order.services.reminding import UnableToExtend
from tests.factories import counter as counters
from tests.factories import shop
from villages.services import holidays

pytestmark = pytest.mark.django_db
DUE = dt.datetime(2026, 3, 12, 10, tzinfo=BEIJING)
PHONE = "+8613812345678"


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)


def waiting(storage_class=StorageClass.AMBIENT):
    made = shop.shop()
    product = shop.listing(made.seller, storage_class=storage_class)
    order = shop.at_point(shop.order(made.point, product, phone=PHONE))
    order.consignments.update(collect_by=DUE)
    return order


def remind(at: dt.datetime) -> int:
    return reminding.remind_due(by="test", at=at)


def told(order) -> list[str]:
    events.publish()
    while reading.read_events(at=DUE):
        pass
    sent = Message.objects.filter(order_number=order.number, channel="SMS").order_by("pk")
    return [message.body for message in sent if message.name.startswith("consignment.")]


def test_each_reminder_goes_out_once():
    order = waiting()

    found = [remind(DUE - hours(number)) for number in (97, 96, 95, 48, 24, 23, 1)]

    assert found == [0, 1, 0, 0, 1, 0, 0]
    assert Event.objects.filter(name="consignment.reminded").count() == 2
    bodies = told(order)
    assert bodies[0].endswith("等您来提，留到3月12日 周四 10:00。"), bodies


def test_a_reminder_that_is_late_is_not_sent_twice():
    waiting()

    assert remind(DUE - hours(20)) + remind(DUE - hours(19)) == 1
    assert Consignment.objects.get().reminders == 2
    assert remind(DUE - hours(18)) == 0


@pytest.mark.parametrize(("hour", "expected"), [(7, 0), (8, 1), (20, 1), (21, 0), (23, 0)])
def test_nobody_is_woken_at_night(hour, expected):
    waiting()

    assert remind(dt.datetime(2026, 3, 10, hour, 59, tzinfo=BEIJING)) == expected


@pytest.mark.parametrize(
    ("due", "evening"),
    [((8, 40), 1), ((12, 0), 1), ((12, 1), 0), ((15, 0), 0)],
)
def test_a_reminder_that_the_night_would_make_too_late_comes_the_evening_before(due, evening):
    waiting(StorageClass.CHILLED)
    Consignment.objects.update(collect_by=dt.datetime(2026, 3, 12, *due, tzinfo=BEIJING))

    before = remind(dt.datetime(2026, 3, 11, 19, 59, tzinfo=BEIJING))
    found = remind(dt.datetime(2026, 3, 11, 20, 1, tzinfo=BEIJING))
    morning = remind(dt.datetime(2026, 3, 12, 8, 0, tzinfo=BEIJING))

    assert (before, found, morning) == (0, evening, 1 - evening)


def test_what_was_collected_is_not_reminded():
    order = waiting()
    order.consignments.update(state="COLLECTED")

    assert remind(DUE - hours(20)) == 0


def test_days_off_do_not_count_for_what_is_kept_longer():
    order = waiting()
    day = DUE.date()
    holidays.announce(
        order.pickup_point, first_day=day + dt.timedelta(days=1), last_day=day + dt.timedelta(days=2), note="",
        by=shop.user(), at=DUE - hours(48),
    )  # fmt: skip

    (kept,) = reminding.extend(order, by="test", at=DUE - hours(2))

    assert kept.collect_by == DUE + hours(72 + 48)


def test_it_is_kept_longer_once_and_reminded_before_the_new_time():
    order = waiting()
    remind(DUE - hours(96))
    remind(DUE - hours(24))

    (kept,) = reminding.extend(order, by="test", at=DUE - hours(2))

    assert kept.collect_by == DUE + hours(72)
    with pytest.raises(UnableToExtend):
        reminding.extend(order, by="test", at=DUE)
    assert uncollected.expire_overdue(by="test", at=DUE + hours(71)) == 0
    assert remind(DUE + hours(40)) == 0
    assert remind(DUE + hours(48)) == 1
    assert "为您留到3月15日 周日 10:00" in told(order)[-2]
    assert uncollected.expire_overdue(by="test", at=DUE + hours(73)) == 1
    assert "不再保留" in told(order)[-1]


def test_chilled_goods_are_not_kept_longer():
    order = waiting(StorageClass.CHILLED)

    with pytest.raises(UnableToExtend):
        reminding.extend(order, by="test", at=DUE - hours(2))


def test_what_has_fallen_due_is_not_kept_longer():
    order = waiting()

    with pytest.raises(UnableToExtend):
        reminding.extend(order, by="test", at=DUE)


def test_the_buyer_asks_on_the_orders_page(monkeypatch, client):
    made = counters.counter()
    order = made.waiting(phone=PHONE)
    order.consignments.update(collect_by=DUE)
    monkeypatch.setattr(clock, "now", lambda: DUE - hours(30))
    session = client.session
    session["orders"] = [order.number]
    session.save()
    page = reverse("customer:order", args=[order.number])
    assert "多留 3 天" in client.get(page).content.decode()

    answer = client.post(reverse("customer:order-extend", args=[order.number]), follow=True).content.decode()

    assert "网点会多留几天" in answer
    assert "多留 3 天" not in answer
    again = client.post(reverse("customer:order-extend", args=[order.number]), follow=True).content.decode()
    assert "没有可以多留的件" in again
    assert Consignment.objects.get(order=order).collect_by == DUE + hours(72)


def in_two_parts(storage_class=StorageClass.CHILLED):
    """An order of which one part waits since noon, due a day after, and another comes the next morning."""
    made = shop.shop()
    two = [shop.listing(each, storage_class=storage_class) for each in (made.seller, shop.seller(made.network.stop))]
    order = shop.order(made.point, *two, phone=PHONE)
    shop.packed(order)
    first, other = order.consignments.order_by("pk")
    Consignment.objects.filter(pk=first.pk).update(
        state="AT_POINT", arrived_at=DUE - hours(24), collect_by=DUE, reminders=1
    )
    Consignment.objects.filter(pk=other.pk).update(expected_at=DUE - hours(10))
    return order, first, other


def test_the_part_that_waits_is_kept_for_the_one_that_comes_later_than_it_was_to():
    order, first, other = in_two_parts()
    assert reminding.keep_together(by="test", at=DUE - hours(20)) == 0, "the other comes in time"

    Consignment.objects.filter(pk=other.pk).update(expected_at=DUE + hours(8))
    assert reminding.keep_together(by="test", at=DUE - hours(9)) == 1
    assert reminding.keep_together(by="test", at=DUE - hours(9)) == 0

    first.refresh_from_db()
    assert (first.collect_by, first.reminders, first.extended_at) == (DUE + hours(14), 0, None)
    assert "3月13日 周五 00:00" in told(order)[-1]


def test_chilled_goods_are_kept_for_others_no_longer_than_twice_their_time():
    _order, first, other = in_two_parts()
    Consignment.objects.filter(pk=other.pk).update(expected_at=DUE + hours(40))

    reminding.keep_together(by="test", at=DUE - hours(9))

    first.refresh_from_db()
    assert first.collect_by == DUE + hours(24)


def test_what_is_ready_is_told_with_the_time_of_the_part_that_falls_due_first():
    order, _first, other = in_two_parts()
    with transaction.atomic():
        events.append(
            [
                NewEvent(
                    "consignment",
                    other.number,
                    "consignment.arrived",
                    {"order": order.number, "collect_by": (DUE + hours(30)).isoformat()},
                )
            ],
            by="test",
            at=DUE - hours(3),
        )
    Consignment.objects.filter(pk=other.pk).update(state="AT_POINT", collect_by=DUE + hours(30))

    (ready,) = [body for body in told(order) if "提货码" in body]

    assert "3月12日 周四 10:00" in ready
