"""A vehicle at the counter: its manifest, all of it taken in by count, and checked off with what is short."""

import datetime as dt

import pytest
from django.urls import reverse

from core import clock, invariants
from core.events import Event
from logistics.models import Consignment, Leg, Parcel, Scan, StopClosing
from logistics.services import receiving
from logistics.states import ConsignmentState, Direction, ParcelState
from tests.factories import shop


@pytest.fixture
def brought(counter, monkeypatch):
    """The round that has just brought two parcels, and the time at which it is here."""
    for _ in range(2):
        shop.packed(shop.order(counter.point, shop.listing(counter.shop.seller)))
    legs = Leg.objects.in_force().filter(direction=Direction.OUT, consignment__point=counter.point)
    leg = legs.filter(departure__round__isnull=False).order_by("arrives_at").first()
    Parcel.objects.update(state=ParcelState.LOADED, departure=leg.departure)
    Consignment.objects.update(state=ConsignmentState.IN_TRANSIT)
    monkeypatch.setattr(clock, "now", lambda: leg.arrives_at + dt.timedelta(minutes=5))
    return leg.departure


def address(departure) -> str:
    return reverse("counter:arrival", args=[departure.pk])


def count(counter, departure, number, *, nonce: str = "n"):
    return counter.client().post(address(departure), {"do": "count", "counted": number, "nonce": nonce})


def test_the_manifest_says_what_comes(counter, brought):
    page = counter.client().get(address(brought)).content.decode()

    assert "还差 2 件" in page
    assert all(parcel.number[7:] in page for parcel in Parcel.objects.all())
    assert address(brought) in counter.client().get(reverse("counter:index")).content.decode()


def test_all_of_it_is_received_by_count_once(counter, brought):
    assert count(counter, brought, 2).status_code == 302

    assert set(Parcel.objects.values_list("state", flat=True)) == {ParcelState.AT_POINT}
    assert all(Parcel.objects.values_list("shelf", flat=True))
    assert set(Consignment.objects.values_list("state", flat=True)) == {ConsignmentState.AT_POINT}
    again = count(counter, brought, 2)
    assert again.status_code == 422
    assert Scan.objects.count() == 2
    assert invariants.findings(["C1", "S1"]) == []


@pytest.mark.parametrize(("number", "sentence"), [(1, "您数到 1 件"), (3, "您数到 3 件"), ("x", "整数"), ("", "整数")])
def test_another_number_receives_nothing_and_is_kept(counter, brought, number, sentence):
    answer = count(counter, brought, number)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert f'name="counted" value="{number}"' in page or number == ""
    assert not Scan.objects.exists()


def test_what_is_short_is_told_and_can_still_be_received(counter, brought):
    first, second = Parcel.objects.order_by("number")
    receive = reverse("counter:receive-parcel", args=[first.number])
    counter.client().post(receive, {"nonce": "a", "choice": "A-01", "other": ""})

    client = counter.client()
    answer = client.post(address(brought), {"do": "close"}, follow=True)

    assert "已清点：少 1 件" in answer.content.decode()
    closing = StopClosing.objects.get()
    assert (closing.expected, closing.short, closing.point) == (2, 1, counter.point)
    told = Event.objects.get(name="departure.stop-short")
    assert told.payload == {"point": counter.point.pk, "parcels": [second.number]}
    assert "应到 2 件，少 1 件" in client.get(address(brought)).content.decode()
    assert client.post(address(brought), {"do": "close"}).status_code == 422
    assert StopClosing.objects.count() == 1
    receive = reverse("counter:receive-parcel", args=[second.number])
    assert client.post(receive, {"nonce": "b", "choice": "A-02", "other": ""}).status_code == 302


def test_nothing_is_checked_off_before_the_vehicle_has_left(counter, brought):
    with pytest.raises(receiving.UnableToCloseStop):
        receiving.close_stop(
            brought, point=counter.point, by=counter.operator, at=brought.departs_at - dt.timedelta(minutes=1)
        )


def test_what_is_not_aboard_is_not_counted(counter, brought):
    parcel = Parcel.objects.first()
    Parcel.objects.filter(pk=parcel.pk).update(state=ParcelState.AT_HUB, departure=None)

    assert count(counter, brought, 2).status_code == 422
    assert count(counter, brought, 1).status_code == 302
    assert Scan.objects.count() == 1


def test_somebody_elses_vehicle_is_not_there(counter, brought, elsewhere):
    assert elsewhere.client().get(address(brought)).status_code == 404
    assert elsewhere.client().post(address(brought), {"do": "close"}).status_code == 404
    with pytest.raises(receiving.NotTheirs):
        receiving.close_stop(brought, point=counter.point, by=elsewhere.operator, at=clock.now())
    with pytest.raises(receiving.NotTheirs):
        receiving.receive_counted(
            brought, point=counter.point, counted=2, nonce="n", by=elsewhere.operator, at=clock.now()
        )
    assert not StopClosing.objects.exists()
