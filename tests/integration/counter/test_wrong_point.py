"""What is kept at another point: whoever shows the QR or holds the parcel is told where, whoever types is not."""

import pytest
from django.urls import reverse

from logistics import label_qr
from logistics.models import Parcel
from marketplace.counter.models import WrongPointLookup
from marketplace.counter.services import wrong_points
from marketplace.order.models import Order
from tests.factories import shop
from tests.factories.counter import qr_of

FIND, RECEIVE = reverse("counter:find"), reverse("counter:receive")


def shown(elsewhere, text: str, *, address: str = FIND):
    return elsewhere.client().post(address, {"q": text} if address == FIND else {"number": text})


@pytest.fixture
def order(counter):
    return counter.waiting(phone="+8613812345678")


@pytest.fixture
def label(order) -> str:
    return label_qr.text_of(Parcel.objects.get(consignment__order=order).number)


def test_the_buyers_qr_names_the_right_point_and_nothing_else(counter, elsewhere, order):
    answer = shown(elsewhere, qr_of(order))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert counter.point.name in page
    assert counter.point.address in page
    for secret in (order.number, "5678", "张", order.lines.get().title, "A-01"):
        assert secret not in page.split("<main")[1]
    row = WrongPointLookup.objects.get()
    assert (row.operator, row.shown, row.point) == (elsewhere.operator, "order", counter.shop.network.stop)


@pytest.mark.parametrize("address", [FIND, RECEIVE])
def test_a_label_that_is_scanned_names_the_right_point(counter, elsewhere, label, address):
    page = shown(elsewhere, label, address=address).content.decode()

    assert counter.point.address in page
    assert WrongPointLookup.objects.get().shown == "parcel"


@pytest.mark.parametrize("address", [FIND, RECEIVE])
def test_a_number_that_is_typed_is_not_there(counter, elsewhere, order, address):
    number = Parcel.objects.get(consignment__order=order).number

    answer = shown(elsewhere, number, address=address)

    assert answer.status_code == 404
    assert counter.point.address not in answer.content.decode()
    assert not WrongPointLookup.objects.exists()


def test_a_label_that_proves_nothing_is_not_looked_for(counter, elsewhere, label):
    answer = shown(elsewhere, label.replace("XL1.T1.", "XL1.T1.9"))

    assert answer.status_code == 422
    assert counter.point.address not in answer.content.decode()


def test_a_void_qr_names_no_point(counter, elsewhere, order):
    text = qr_of(order)
    Order.objects.filter(pk=order.pk).update(code_epoch=2)

    answer = shown(elsewhere, text)

    assert answer.status_code == 404
    assert counter.point.address not in answer.content.decode()


def test_twenty_times_a_day_and_no_more(counter, elsewhere, order):
    text = qr_of(order)
    for _ in range(wrong_points.LOOKUPS_A_DAY):
        assert shown(elsewhere, text).status_code == 200

    answer = shown(elsewhere, text)

    assert answer.status_code == 429
    assert counter.point.address not in answer.content.decode()
    assert WrongPointLookup.objects.count() == wrong_points.LOOKUPS_A_DAY


def test_an_own_other_point_is_gone_to(counter, elsewhere, order):
    shop.operator(counter.point, person=elsewhere.operator)
    client = elsewhere.client()
    client.post(reverse("counter:choose-point"), {"point": counter.shop.network.stop.pk})

    answer = client.post(FIND, {"q": qr_of(order)})

    assert answer["Location"] == FIND
    assert counter.point.name in client.get(FIND).content.decode()
    assert not WrongPointLookup.objects.exists()


def test_the_label_finds_and_receives_at_its_own_point(counter, label):
    coming = counter.coming()
    text = label_qr.text_of(Parcel.objects.get(consignment__order=coming).number)

    found = counter.client().post(FIND, {"q": label})
    received = counter.client().post(RECEIVE, {"number": text})

    assert found.status_code == 302
    assert received["Location"].startswith("/point/receive/")
