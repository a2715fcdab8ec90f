"""What sellers drop at a point is taken in by its operator, and by nobody else's."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from logistics.models import Parcel, Scan
from logistics.services import rerouting, scans
from logistics.states import ParcelState
from tests.factories import shop
from tests.integration.counter.conftest import NOW

DROPS = reverse("counter:drops")


@pytest.fixture
def parcel(counter) -> Parcel:
    """A parcel that is packed at the seller's, to be dropped at the stop."""
    counter.coming()
    return Parcel.objects.get()


def take_in(client, number: str, *, nonce: str = "n1"):
    return client.post(DROPS, {"number": number, "nonce": nonce})


def test_the_whole_number_or_its_end_is_taken_in(elsewhere, parcel):
    client = elsewhere.client()
    assert "待交来 1 件" in client.get(DROPS).content.decode()

    assert take_in(client, parcel.number[-6:]).status_code == 302

    parcel.refresh_from_db()
    assert parcel.state == ParcelState.AT_STOP
    assert Scan.objects.get().point == elsewhere.shop.network.stop
    page = client.get(DROPS).content.decode()
    assert "待交来 0 件" in page
    assert "等车来取 1 件" in page
    assert parcel.consignment.legs.first().departure.round.name in page


def test_a_form_that_is_sent_twice_is_one_drop_and_a_success(elsewhere, parcel):
    client = elsewhere.client()

    for _ in range(2):
        assert take_in(client, parcel.number).status_code == 302

    assert Scan.objects.count() == 1


def test_a_second_reading_is_told_where_the_parcel_is(elsewhere, parcel):
    client = elsewhere.client()
    take_in(client, parcel.number)

    response = take_in(client, parcel.number, nonce="n2")

    assert response.status_code == 422
    assert "已交到站点" in response.content.decode()


def test_what_is_dropped_elsewhere_is_told_to_nobody(counter, parcel):
    client = counter.client()

    for number in (parcel.number, parcel.number[-6:], "0000000000000"):
        response = take_in(client, number)
        assert response.status_code == 404
        assert "本网点没有要交寄的这一件" in response.content.decode()

    assert parcel.number not in client.get(DROPS).content.decode()
    assert not Scan.objects.exists()


def test_what_is_collected_where_it_is_dropped_is_shelved_at_once(elsewhere):
    stop = elsewhere.shop.network.stop
    shop.packed(shop.order(stop, shop.listing(elsewhere.shop.seller)))
    parcel = Parcel.objects.get()
    client = elsewhere.client()
    assert "就在本网点提" in client.get(DROPS).content.decode()

    take_in(client, parcel.number)

    assert reverse("counter:receive-parcel", args=[parcel.number]) in client.get(DROPS).content.decode()


def test_what_waits_for_a_new_way_says_so(elsewhere, parcel):
    scans.drop(parcel, nonce="d", by="test", at=NOW)
    rerouting.reroute([parcel.consignment], at=NOW, by="test", reason="asked")

    assert "重新排线" in elsewhere.client().get(DROPS).content.decode()


def test_the_page_costs_few_queries_whatever_its_length(counter, elsewhere, parcel):
    client = elsewhere.client()

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(DROPS).status_code == 200
        return len(captured)

    few = count()
    for _ in range(4):
        counter.coming()
    for each in Parcel.objects.all()[:2]:
        scans.drop(each, nonce=f"d{each.pk}", by="test", at=NOW)

    assert count() == few <= 8
