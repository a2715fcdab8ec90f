"""A parcel is received by its label or the end of its number, onto a shelf."""

import pytest
from django.urls import reverse

from core.events import Event
from logistics.models import Consignment, Parcel, Scan
from logistics.states import ConsignmentState, ParcelState
from marketplace.evidence.models import Photo
from tests.factories.photos import jpeg

RECEIVE = reverse("counter:receive")
NOBODY = "本网点没有这一件，请核对件号。"


@pytest.fixture
def parcel(counter, at_noon) -> Parcel:
    """A parcel on the vehicle that brings it today."""
    order = counter.coming(phone="+8613874122260")
    Consignment.objects.filter(order=order).update(state=ConsignmentState.IN_TRANSIT, planned_at=at_noon)
    Parcel.objects.update(state=ParcelState.LOADED)
    return Parcel.objects.get()


def page_of(parcel: Parcel) -> str:
    return reverse("counter:receive-parcel", args=[parcel.number])


def put(client, parcel: Parcel, **data):
    return client.post(page_of(parcel), {"nonce": "n1", "choice": "A-01", "other": ""} | data)


def test_the_whole_number_or_its_end_leads_to_the_parcel(counter, parcel):
    for number in (parcel.number, parcel.number[-6:], f"{parcel.number[:7]} {parcel.number[7:]}"):
        response = counter.client().post(RECEIVE, {"number": number})
        assert (response.status_code, response["Location"]) == (302, page_of(parcel))


def test_an_end_that_two_parcels_have_is_not_guessed(counter, parcel):
    twin = Parcel.objects.get()
    twin.pk, twin.sequence, twin.number = None, 2, f"{9 - int(parcel.number[0])}{parcel.number[1:]}"
    twin.save()

    assert counter.client().post(RECEIVE, {"number": parcel.number[-6:]}).status_code == 404
    assert counter.client().post(RECEIVE, {"number": parcel.number}).status_code == 302


def test_a_parcel_of_another_point_is_told_to_nobody(counter, parcel, elsewhere):
    client = elsewhere.client()

    for number in (parcel.number, parcel.number[-6:], "0000000000000"):
        response = client.post(RECEIVE, {"number": number})
        assert response.status_code == 404
        assert NOBODY in response.content.decode()
    assert client.get(page_of(parcel)).status_code == 404
    assert put(client, parcel).status_code == 404
    assert not Scan.objects.exists()
    assert Parcel.objects.get().state == ParcelState.LOADED


@pytest.mark.parametrize("number", ["", "12345", "abc123456", "１２３４５６"])
def test_what_is_no_number_is_explained_and_kept(counter, number):
    response = counter.client().post(RECEIVE, {"number": number})

    page = response.content.decode()
    assert response.status_code == 422
    assert "件号" in page
    assert f'value="{number}"' in page or not number


def test_a_parcel_that_was_handed_over_says_so(counter, parcel):
    Parcel.objects.update(state=ParcelState.HANDED_OVER)
    line = Consignment.objects.get().lines.get()
    line.open, line.taken = 0, line.ordered
    line.save()

    page = counter.client().get(page_of(parcel)).content.decode()

    assert "已交给买家" in page
    assert f"× {line.ordered}" in page
    assert "× 0" not in page


def test_a_parcel_goes_onto_the_suggested_shelf(counter, parcel):
    client = counter.client()
    assert "A-01" in client.get(page_of(parcel)).content.decode()

    response = put(client, parcel)

    assert response["Location"] == RECEIVE
    parcel.refresh_from_db()
    assert (parcel.state, parcel.shelf) == (ParcelState.AT_POINT, "A-01")
    assert Consignment.objects.get().state == ConsignmentState.AT_POINT
    assert "收好了，放在 A-01。" in client.get(RECEIVE).content.decode()


def test_another_shelf_can_be_typed(counter, parcel):
    put(counter.client(), parcel, choice="other", other=" b-07 ")

    parcel.refresh_from_db()
    assert parcel.shelf == "B-07"


@pytest.mark.parametrize("shelf", ["", "长长的架", "<b>", "A-0123456789"])
def test_a_shelf_that_is_none_is_refused_above_its_field(counter, parcel, shelf):
    response = put(counter.client(), parcel, choice="other", other=shelf)

    assert response.status_code == 422
    assert "货架请用字母和数字" in response.content.decode()
    parcel.refresh_from_db()
    assert parcel.state == ParcelState.LOADED


def test_sent_twice_it_is_one_scan(counter, parcel):
    client = counter.client()

    first, second = put(client, parcel), put(client, parcel)

    assert (first.status_code, second.status_code) == (302, 302)
    assert Scan.objects.count() == 1


def test_received_again_by_another_act_is_refused_with_where_it_stands(counter, parcel):
    client = counter.client()
    put(client, parcel)

    response = put(client, parcel, nonce="n2", choice="A-02")

    assert response.status_code == 422
    assert "A-01" in response.content.decode()
    parcel.refresh_from_db()
    assert (parcel.shelf, Scan.objects.count()) == ("A-01", 1)


def test_what_is_not_on_a_vehicle_cannot_be_received(counter):
    order = counter.coming()
    parcel = Parcel.objects.get(consignment__order=order)

    page = counter.client().get(page_of(parcel)).content.decode()
    response = put(counter.client(), parcel)

    assert "现在不能收" in page
    assert response.status_code == 422
    parcel.refresh_from_db()
    assert parcel.state == ParcelState.PACKED


def test_a_parcel_that_came_damaged_is_received_with_a_photo(counter, parcel, elsewhere):
    client = counter.client()
    refused = put(client, parcel, damaged="on")
    assert refused.status_code == 422
    assert "请拍一张照片" in refused.content.decode()
    assert Parcel.objects.get().state == ParcelState.LOADED

    assert put(client, parcel, damaged="on", photos=jpeg()).status_code == 302

    received, photo = Parcel.objects.get(), Photo.objects.get()
    assert (received.state, received.damaged_at) == (ParcelState.AT_POINT, received.received_at)
    assert Event.objects.get(name="parcel.received").payload["damaged"] is True
    address = reverse("counter:damage", args=[parcel.number, photo.pk])
    assert address in client.get(page_of(parcel)).content.decode()
    assert client.get(address).content[:4] == b"RIFF"
    assert elsewhere.client().get(address).status_code == 404
    order_page = reverse("counter:order", args=[received.consignment.order.number])
    assert "有 1 件到站时已破损" in client.get(order_page).content.decode()


def test_a_photo_that_is_chosen_without_damage_is_not_asked_about(counter, parcel):
    assert put(counter.client(), parcel, photos=jpeg()).status_code == 302
    assert Parcel.objects.get().damaged_at is None
    assert not Photo.objects.exclude(matter="").exists()
