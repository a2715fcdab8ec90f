"""Wrong codes: few an order, few a device, few a point and day; and what a guesser can hope for."""

import datetime as dt
import re
from contextlib import suppress

import pytest
from django.urls import reverse

from core.events import Event
from logistics import codes
from logistics.models import CodeAttempt, CodeStepUp, Collection
from logistics.states import CollectionProof
from marketplace import stepping_up
from marketplace.communication.models import Message
from marketplace.counter.services import proving
from marketplace.counter.services.proving import StepUpNeeded, UnableToProve
from marketplace.order.models import Order
from marketplace.order.services import reissuing
from marketplace.users.models import PhoneCode
from tests.factories import shop
from tests.factories.counter import code_of, qr_of, wrong_code
from tests.integration.counter.conftest import NOW
from tests.integration.counter.test_handing_over import page_of, sent
from villages.models import Device

WORKING_DAY = dt.timedelta(hours=11)


def typed(counter, order: Order, code: str, **changes) -> None:
    how = {"point": counter.point, "proof": CollectionProof.TYPED_CODE, "by": counter.operator, "at": NOW, **changes}
    proving.prove(order, code=code, **how)


def wrong_tries(counter, order: Order, count: int, **changes) -> None:
    for _ in range(count):
        with pytest.raises(UnableToProve):
            typed(counter, order, wrong_code(order), **changes)


def guessed(counter, order: Order, *, may_step_up: bool) -> int:
    """Return how many wrong codes a dishonest shop with many operators gets heard in a working day.

    Raising the epoch between tries stands for going on to another order.
    """
    at = NOW.replace(hour=0)
    people = [shop.operator(counter.point) for _ in range(4)]
    ends = at + WORKING_DAY
    while at < ends:
        for person in people:
            order.code_epoch += 1
            for _ in range(proving.TRIES_PER_ORDER):
                with suppress(UnableToProve):
                    typed(counter, order, wrong_code(order), by=person, at=at, stepped_up=may_step_up)
        at += dt.timedelta(minutes=15)
    return CodeAttempt.objects.count()


def test_a_guesser_hits_less_than_once_in_a_hundred_thousand_days(counter):
    order = counter.waiting()

    heard = guessed(counter, order, may_step_up=True)

    assert heard == proving.MOST_TRIES_A_DAY
    assert heard / 10**codes.CODE_DIGITS <= 1e-5


def test_without_a_limit_a_point_the_guesser_does_better(counter, monkeypatch):
    monkeypatch.setattr(proving, "TRIES_PER_POINT", 10_000)
    order = counter.waiting()

    heard = guessed(counter, order, may_step_up=True)

    assert heard / 10**codes.CODE_DIGITS > 1e-5


def test_without_the_second_factor_a_point_hears_thirty_a_day(counter):
    assert guessed(counter, counter.waiting(), may_step_up=False) == proving.TRIES_PER_POINT


def test_a_device_waits_a_quarter_of_an_hour_after_ten(counter):
    orders = [counter.waiting(), counter.waiting(), counter.waiting()]
    device = Device.objects.create(
        point=counter.point, name="手机", token_hash="h", paired_by=counter.operator, paired_at=NOW
    )
    other = shop.operator(counter.point)
    wrong_tries(counter, orders[0], 5, device=device)
    wrong_tries(counter, orders[1], 5, device=device, by=other)

    with pytest.raises(UnableToProve, match="15"):
        typed(counter, orders[2], code_of(orders[2]), device=device, by=shop.operator(counter.point))
    typed(counter, orders[2], code_of(orders[2]), by=shop.operator(counter.point))
    typed(counter, orders[2], code_of(orders[2]), device=device, at=NOW + proving.DEVICE_WINDOW)


def test_an_operator_waits_whatever_device_is_used(counter):
    orders = [counter.waiting(), counter.waiting(), counter.waiting()]
    wrong_tries(counter, orders[0], 5)
    wrong_tries(counter, orders[1], 5)

    with pytest.raises(UnableToProve):
        typed(counter, orders[2], code_of(orders[2]))
    typed(counter, orders[2], code_of(orders[2]), by=shop.operator(counter.point))


def test_a_new_code_makes_the_old_one_void_and_may_be_tried_again(counter):
    order = counter.waiting()
    old_code, old_qr = code_of(order), qr_of(order)
    wrong_tries(counter, order, proving.TRIES_PER_ORDER)
    with pytest.raises(UnableToProve):
        typed(counter, order, old_code, at=NOW + dt.timedelta(hours=1))

    order = reissuing.reissue(order, by="test", at=NOW)

    with pytest.raises(UnableToProve):
        typed(counter, order, old_code, at=NOW + dt.timedelta(hours=1))
    with pytest.raises(UnableToProve):
        typed(counter, order, old_qr, proof=CollectionProof.QR)
    typed(counter, order, code_of(order), at=NOW + dt.timedelta(hours=1))
    told = Event.objects.get(name="order.code_reissued").payload
    assert told == {"order": order.number, "epoch": 2, "waiting": True}


def test_a_qr_for_another_point_is_void(counter):
    order = counter.waiting()
    text = qr_of(order)
    Order.objects.filter(pk=order.pk).update(pickup_point=counter.shop.network.stop)
    order.refresh_from_db()

    with pytest.raises(UnableToProve):
        typed(counter, order, text, proof=CollectionProof.QR)


def test_a_code_is_issued_anew_ten_times_at_most(counter):
    order = counter.waiting()
    for _ in range(reissuing.MOST_ISSUES - 1):
        order = reissuing.reissue(order, by="test", at=NOW)

    with pytest.raises(reissuing.UnableToReissue):
        reissuing.reissue(order, by="test", at=NOW)


def test_on_a_day_of_many_wrong_codes_the_operator_gives_the_second_factor_and_goes_on(counter):
    order = counter.waiting()
    CodeAttempt.objects.bulk_create(
        CodeAttempt(order=counter.waiting(), point=counter.point, operator=shop.operator(counter.point), at=NOW)
        for _ in range(proving.TRIES_PER_POINT)
    )
    client = counter.client()
    counter.operator.set_phone("+8613900001234")
    counter.operator.save()

    with pytest.raises(StepUpNeeded):
        typed(counter, order, code_of(order))
    page = client.post(page_of(order), sent(order, shown_fen=9600)).content.decode()
    address = stepping_up.address(page_of(order))
    assert address.replace("&", "&amp;") in page
    assert not Collection.objects.exists()

    assert "1234" in client.get(address).content.decode()
    assert client.post(address, {"action": "send_code"}).status_code == 200
    refused = client.post(address, {"action": "confirm", "phone_code": "000"})
    assert refused.status_code == 422
    code = re.search(r"\d{6}", Message.objects.latest("pk").body).group()
    confirmed = client.post(address, {"action": "confirm", "phone_code": code, "next": page_of(order)})
    assert confirmed["Location"] == page_of(order)

    assert client.post(page_of(order), sent(order, shown_fen=9600)).status_code == 302
    assert Collection.objects.get().proof == CollectionProof.TYPED_CODE
    assert CodeStepUp.objects.get().operator == counter.operator
    assert Event.objects.filter(name="point.code_tries_extended").count() == 1
    assert PhoneCode.objects.get().used_at


def test_a_step_up_is_of_one_person_and_a_quarter_of_an_hour(counter, rf, monkeypatch):
    request = rf.get(reverse("counter:index"))
    request.session = counter.client().session
    request.user = counter.operator
    assert not stepping_up.is_fresh(request)

    stepping_up.mark(request)

    assert stepping_up.is_fresh(request)
    request.user = shop.operator(counter.point)
    assert not stepping_up.is_fresh(request)
    request.user = counter.operator
    monkeypatch.setattr("core.clock.now", lambda: NOW + dt.timedelta(minutes=16))
    assert not stepping_up.is_fresh(request)
    assert stepping_up.is_fresh(request, within=stepping_up.SENDS)
