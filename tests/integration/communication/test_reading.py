"""From events to messages: confirmed, changed, ready, cancelled; once each, and one for many of one cause."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from core import events
from core.events import NewEvent
from logistics import codes
from marketplace.communication import invariants
from marketplace.communication.models import Message
from marketplace.communication.services import reading, sending
from marketplace.communication.states import SUBJECTS, MessageChannel, MessageState
from marketplace.order.services import cancelling, reissuing
from marketplace.order.services.redirecting import leave_closed_points
from tests.factories import shop
from tests.factories.shop import MONDAY
from villages.models import PickupPoint
from villages.states import PointState

pytestmark = pytest.mark.django_db
THURSDAY = dt.datetime(2026, 11, 26, 8, tzinfo=dt.UTC)
PHONE = "+8613812345678"


@pytest.fixture
def made():
    return shop.shop()


def read(at: dt.datetime = MONDAY) -> None:
    events.publish()
    while reading.read_events(at=at):
        pass


def ordered(made, *, sellers: int = 1, **fields):
    products = [shop.listing(made.seller)] + [shop.listing(shop.seller(made.network.stop)) for _ in range(sellers - 1)]
    return shop.order(made.point, *products, phone=PHONE, **fields)


def change(order, *, name="consignment.late", before=MONDAY, promised=THURSDAY, **more) -> None:
    """Tell the log that each of an order's consignments has another promise, in one transaction."""
    payload = {
        "order": order.number,
        "point": order.pickup_point_id,
        "promised_before": before.isoformat() if before else None,
        "promised_at": promised.isoformat() if promised else None,
        "reason": "delayed",
    } | more
    with transaction.atomic():
        stream = [("order", order.number)]
        if name.startswith("consignment"):
            stream = [("consignment", each.number) for each in order.consignments.all()]
        events.append([NewEvent(*each, name, payload) for each in stream], by="test", at=MONDAY)


def texts(channel=MessageChannel.SMS) -> list[str]:
    return [message.body for message in Message.objects.filter(channel=channel).order_by("pk")]


def test_an_order_is_confirmed_once_with_its_day_on_every_channel(made):
    buyer = shop.user(email="zhang@example.cn")
    order = ordered(made, by=buyer)

    read()
    read()

    rows = Message.objects.order_by("channel").values_list("channel", "name", "order_number")
    assert list(rows) == [(channel, "order.placed", order.number) for channel in ("EMAIL", "PAGE", "SMS")]
    (text,) = texts()
    assert text.startswith(f"【湘品网上行】订单 {order.number} 已确认，")
    assert made.point.name in text
    assert texts(MessageChannel.EMAIL)[0].startswith(f"湘品网上行 订单 {order.number}\n\n订单 {order.number} 已确认")


def test_the_message_is_in_the_buyers_language(made):
    with translation.override("en"):
        ordered(made)
    with translation.override("zh-hans"):
        read()

    assert texts()[0].startswith("Xiangpin Online: Order")
    assert "is confirmed: it can be collected" in texts()[0]


def test_a_buyer_without_email_gets_none(made, settings):
    ordered(made)
    read()

    assert texts(MessageChannel.EMAIL) == []


def test_a_deployment_without_a_mail_server_writes_none(made, settings):
    settings.EMAIL_URL, settings.DEMO_MESSAGES_PAGE = "", False
    ordered(made, by=shop.user(email="zhang@example.cn"))
    read()

    assert texts(MessageChannel.EMAIL) == []


def test_a_message_is_sealed_at_rest(made):
    ordered(made)
    read()

    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient, body FROM communication_message WHERE channel = 'SMS'")
        recipient, body = cursor.fetchone()
    assert "13812345678" not in recipient
    assert made.point.name not in body


def test_the_order_page_needs_no_address_and_tells_no_code(made):
    order = shop.at_point(ordered(made))
    with transaction.atomic():
        number = order.consignments.get().number
        arrived = NewEvent("consignment", number, "consignment.arrived", {"order": order.number})
        events.append([arrived], by="test", at=MONDAY)
    read()

    assert set(Message.objects.filter(channel="PAGE").values_list("recipient_hash", "recipient_tail")) == {("", "")}
    assert "提货码" in texts()[-1]
    assert texts(MessageChannel.PAGE)[-1] == f"订单 {order.number} 已到{made.point.name}。"


def test_five_consignments_late_by_one_cause_are_one_message_with_the_last_day(made):
    order = ordered(made, sellers=5)
    read()
    change(order, promised=THURSDAY - dt.timedelta(days=1))
    change(order, promised=THURSDAY)

    read()

    assert len(texts()) == 2
    assert (
        texts()[1]
        == f"【湘品网上行】抱歉，订单 {order.number} 要晚到，改为 11月26日 周四 16:00 后到{made.point.name}提货。"
    )


def test_a_cause_that_goes_on_for_a_minute_is_still_one_message(made):
    order = ordered(made, sellers=2)
    read()
    for minutes, promised in ((0, THURSDAY), (1, THURSDAY + dt.timedelta(days=1))):
        change(order, promised=promised)
        read(MONDAY + dt.timedelta(minutes=minutes))
    assert sending.send_due("SMS", at=MONDAY + dt.timedelta(minutes=2)) == 1, "the confirmation; the change waits"

    assert sending.send_due("SMS", at=MONDAY + dt.timedelta(minutes=3)) == 1
    assert len(texts()) == 2
    assert "11月27日 周五" in texts()[1]

    change(order, promised=THURSDAY)
    read(MONDAY + dt.timedelta(minutes=4))
    assert len(texts()) == 3, "what comes after that is news"


def settle(minutes: int) -> dt.datetime:
    """Read what happened until then, send all that is due, and return the time."""
    at = MONDAY + dt.timedelta(minutes=minutes)
    read(at)
    for channel in MessageChannel.values:
        sending.send_due(channel, at=at + reading.CHANGES_SETTLE)
    return at


def test_a_second_consignment_that_is_late_to_the_day_already_told_is_not_told(made):
    order = ordered(made, sellers=2)
    settle(0)
    change(order)
    settle(10)
    change(order, before=MONDAY + dt.timedelta(days=1))
    settle(20)

    assert len(texts()) == 2
    assert len(texts(MessageChannel.PAGE)) == 2
    assert list(invariants.what_was_read_is_told()) == [], "the message that was told tells of it too"

    change(order, promised=THURSDAY + dt.timedelta(days=1))
    settle(30)
    change(order, before=THURSDAY + dt.timedelta(days=1))
    settle(40)
    assert ["11月27日" in text for text in texts()[2:]] == [True, False], "another day is told, and the first one again"


def test_a_consignment_late_to_the_day_of_the_confirmation_is_not_told(made):
    order = ordered(made, sellers=2)
    settle(0)
    promised = max(each.expected_at or each.promised_at for each in order.consignments.all())
    change(order, before=promised - dt.timedelta(days=1), promised=promised)
    settle(10)

    assert len(texts()) == 1


def test_a_change_that_is_taken_back_before_it_was_told_is_not_told(made):
    order = ordered(made)
    settle(0)
    change(order)
    settle(10)
    change(order, promised=THURSDAY + dt.timedelta(days=1))
    read(MONDAY + dt.timedelta(minutes=20))
    assert len(texts()) == 3, "the control: it waits"
    change(order, before=THURSDAY + dt.timedelta(days=1))
    settle(20)

    assert len(texts()) == 2
    assert "11月26日" in texts()[1]


def test_what_never_came_is_told_again(made):
    order = ordered(made)
    settle(0)
    change(order)
    settle(10)
    Message.objects.filter(name="order.changed", channel="SMS").update(state="DEAD", dead_reason="TRIES")
    change(order, before=MONDAY + dt.timedelta(days=1))
    settle(20)

    assert len(texts()) == 3
    assert len(texts(MessageChannel.PAGE)) == 2


def test_another_point_is_told_though_the_day_stays(made):
    order = ordered(made)
    settle(0)
    change(order)
    settle(10)
    change(order, name="order.point_changed", before=THURSDAY)
    settle(20)

    assert "改到" in texts()[2]


@pytest.mark.parametrize("name", ["consignment.rerouted", "consignment.late"])
def test_another_route_that_keeps_the_promise_is_not_told(made, name):
    order = ordered(made)
    read()
    change(order, name=name, before=THURSDAY, promised=THURSDAY + dt.timedelta(seconds=20))
    read()

    assert len(texts()) == 1


def test_the_loaded_history_is_not_told(made):
    order = ordered(made)
    read()
    change(order, history=True)
    read()

    assert len(texts()) == 1


@pytest.mark.parametrize(
    ("name", "promised", "words"),
    [
        ("consignment.rerouted", MONDAY - dt.timedelta(hours=3), "提前了"),
        ("consignment.rerouted", None, "新的日子定了就告诉您"),
        ("order.point_changed", THURSDAY, "11月26日 周四 16:00 后可提"),
        ("order.point_changed", None, "哪天能提，定了就告诉您"),
    ],
)
def test_each_change_has_its_words(made, name, promised, words):
    order = ordered(made)
    read()
    change(order, name=name, promised=promised)
    read()

    assert words in texts()[1]


def test_a_new_point_and_the_route_to_it_are_one_message(made):
    order = ordered(made)
    read()
    change(order, name="order.point_changed", promised=THURSDAY)
    read()
    change(order, name="consignment.rerouted", before=THURSDAY, promised=THURSDAY + dt.timedelta(days=1))
    read()

    assert len(texts()) == 2
    assert "提货，11月27日 周五 16:00 后可提" in texts()[1]
    assert "改到" in texts()[1]


def test_a_part_that_has_come_is_told_as_a_part(made):
    order = ordered(made, sellers=2)
    shop.at_point(order)
    first, second = order.consignments.order_by("pk")
    type(second).objects.filter(pk=second.pk).update(state="IN_TRANSIT")
    with transaction.atomic():
        arrived = NewEvent("consignment", first.number, "consignment.arrived", {"order": order.number})
        events.append([arrived], by="test", at=MONDAY)
    read()

    assert "有一部分已到" in texts()[-1]


def test_a_cancelled_order_is_told_so_and_of_no_earlier_change(made):
    order = ordered(made)
    read()
    change(order)
    read()
    cancelling.cancel(order, by=None, at=MONDAY)
    read()

    names = Message.objects.filter(channel="SMS").order_by("pk").values_list("name", flat=True)
    assert list(names) == ["order.placed", "order.cancelled"]


def test_the_database_refuses_a_second_message_of_an_event(made):
    ordered(made)
    read()
    first = Message.objects.filter(channel="SMS").get()
    first.pk = None

    with pytest.raises(IntegrityError, match=r"message_once|UNIQUE"), transaction.atomic():
        first.save(force_insert=True)


def test_a_gateway_that_is_not_there_stops_no_order(made, settings):
    settings.SMS_GATEWAY_URL = "http://127.0.0.1:9/"
    order = ordered(made)
    read()

    assert sending.send_due("SMS", at=MONDAY) == 0

    assert shop.routed(order)[0].state == "ROUTED"
    assert Message.objects.get(channel="SMS").state == MessageState.DUE


def test_a_closed_point_is_told_once_and_no_new_day_at_it(made):
    order = ordered(made)
    read()
    PickupPoint.objects.update(state=PointState.SUSPENDED)
    for _ in range(3):
        leave_closed_points(by="test", at=MONDAY)
        change(order, promised=THURSDAY)
        read()

    assert len(texts()) == 2
    assert f"{made.point.name}暂时不收件" in texts()[1]
    assert list(invariants.what_was_read_is_told()) == []

    PickupPoint.objects.update(state=PointState.OPEN)
    change(order, promised=THURSDAY)
    read()
    assert "11月26日" in texts()[-1]


def test_another_code_is_told_where_something_waits_and_the_old_one_is_void(made):
    order = ordered(made)
    reissuing.reissue(order, by=None, at=MONDAY)
    read()
    assert not Message.objects.filter(name="order.code_reissued").exists(), "the code comes with what arrives"

    shop.at_point(order)
    order = reissuing.reissue(order, by=None, at=MONDAY)
    read()

    sms = Message.objects.get(name="order.code_reissued", channel=MessageChannel.SMS).body
    page = Message.objects.get(name="order.code_reissued", channel=MessageChannel.PAGE).body
    code = codes.shown(codes.typed_code(order.number, epoch=order.code_epoch))
    assert code in sms
    assert code not in page
    assert "旧码已作废" in sms


def test_who_has_no_account_is_led_to_the_order_where_something_is_to_be_done(made):
    guests, owned = ordered(made), ordered(made, by=shop.user("李小满"))
    change(guests)
    read()

    def linked(order) -> dict[str, bool]:
        rows = Message.objects.filter(order_number=order.number, channel=MessageChannel.SMS)
        return {row.name: "/orders/" in row.body for row in rows}

    assert linked(guests) == {"order.placed": True, "order.changed": False}
    assert linked(owned) == {"order.placed": False}


def test_staff_read_a_subject_for_whatever_is_told():
    names = {*reading.TOLD, *reading.TOLD_TO_SELLERS, *reading.CHANGE_NAMES}

    assert names - set(SUBJECTS) == set()
