"""What hub workers and drivers see and scan: their own hub's, their own departures', and nothing else."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from logistics.models import Departure, Parcel, Scan
from logistics.services import scans
from logistics.states import ParcelState
from marketplace.network import manifests, queries
from tests.factories import shop
from tests.integration.network.conftest import client_of, leg_of, state_of

pytestmark = pytest.mark.django_db
INDEX = reverse("network:index")


def page_of(departure: Departure) -> str:
    return reverse("network:departure", args=[departure.pk])


def scan(person, departure: Departure, number: str, *, nonce: str = "n1", **said: str):
    return client_of(person).post(page_of(departure), {"number": number, "nonce": nonce} | said)


def test_a_driver_loads_at_the_stop_and_the_hub_unloads_and_loads(made, worker, driver, parcel, time):
    collecting, onward = leg_of(parcel, 1).departure, leg_of(parcel, 2).departure

    assert scan(driver, collecting, parcel.number[-6:], nonce="n1").status_code == 302
    assert state_of(parcel) == ParcelState.LOADED
    time.at = collecting.arrives_at
    assert scan(worker, collecting, parcel.number, nonce="n2").status_code == 302
    assert state_of(parcel) == ParcelState.AT_HUB
    page = client_of(worker).get(INDEX).content.decode()
    assert parcel.number[7:] in page
    assert "中心里有 1 件" in page
    assert scan(worker, onward, parcel.number, nonce="n3").status_code == 302
    assert state_of(parcel) == ParcelState.LOADED
    assert Scan.objects.count() == 4


def test_a_reading_that_is_sent_twice_is_one_scan(driver, parcel):
    departure = leg_of(parcel, 1).departure

    scan(driver, departure, parcel.number)
    scan(driver, departure, parcel.number)

    assert Scan.objects.filter(kind="LOADED").count() == 1


def test_a_second_reading_at_the_hub_that_loaded_takes_nothing_off_again(made, worker, parcel, time):
    collecting, onward = leg_of(parcel, 1), leg_of(parcel, 2)
    scans.load(parcel, departure=collecting.departure, nonce="l", by="test", at=collecting.departs_at)
    scans.unload(parcel, hub=made.network.county, nonce="u", by="test", at=collecting.arrives_at)
    time.at = onward.departs_at
    scan(worker, onward.departure, parcel.number, nonce="n1")

    response = scan(worker, onward.departure, parcel.number, nonce="n2")

    assert response.status_code == 422
    assert f"这一件 {onward.departs_at + dt.timedelta(hours=8):%H:%M} 已经装车。" in response.content.decode()
    assert state_of(parcel) == ParcelState.LOADED


def test_a_round_is_not_unloaded_before_it_left(worker, driver, parcel, time):
    collecting = leg_of(parcel, 1).departure
    scan(driver, collecting, parcel.number)

    response = scan(worker, collecting, parcel.number, nonce="n2", do="UNLOADED")

    assert response.status_code == 422
    assert "这趟车还没有发车。" in response.content.decode()
    assert state_of(parcel) == ParcelState.LOADED
    time.at = collecting.departs_at
    assert scan(worker, collecting, parcel.number, nonce="n3", do="UNLOADED").status_code == 302
    assert state_of(parcel) == ParcelState.AT_HUB


def test_a_form_that_is_sent_again_after_the_vehicle_came_is_a_success(worker, driver, parcel, time):
    collecting = leg_of(parcel, 1).departure
    time.at = collecting.departs_at
    scan(driver, collecting, parcel.number, nonce="n1")
    time.at = collecting.arrives_at
    scan(worker, collecting, parcel.number, nonce="n2")

    for person, nonce in ((driver, "n1"), (worker, "n2")):
        assert scan(person, collecting, parcel.number, nonce=nonce).status_code == 302

    assert state_of(parcel) == ParcelState.AT_HUB
    assert Scan.objects.count() == 3


def test_a_driver_does_not_unload(driver, parcel):
    departure = leg_of(parcel, 1).departure
    scan(driver, departure, parcel.number)

    response = scan(driver, departure, parcel.number, nonce="n2")

    assert response.status_code == 422
    assert state_of(parcel) == ParcelState.LOADED


def test_what_cannot_be_loaded_yet_is_refused_above_the_field(worker, parcel):
    onward = leg_of(parcel, 2).departure

    response = scan(worker, onward, parcel.number)

    assert response.status_code == 422
    assert f'value="{parcel.number}"' in response.content.decode()
    assert state_of(parcel) == ParcelState.AT_STOP


def test_another_departures_parcel_is_told_to_nobody(made, driver, parcel):
    own = leg_of(parcel, 1).departure
    other = Departure.objects.visible_to(driver).exclude(pk=own.pk).first()

    for number in (parcel.number, parcel.number[-6:], "0000000000000"):
        response = scan(driver, other, number)
        assert response.status_code == 404
        assert "这班车没有这一件。" in response.content.decode()
    assert scan(driver, own, parcel.number).status_code == 302, "the control: on its own departure it is found"


def test_departures_of_others_are_a_404(made, worker, driver, parcel):
    onward = leg_of(parcel, 2).departure
    elsewhere = Departure.objects.filter(round__hub=made.network.other_county).first()

    assert client_of(worker).get(page_of(onward)).status_code == 200
    for person, departure in ((driver, onward), (driver, elsewhere), (worker, elsewhere)):
        assert client_of(person).get(page_of(departure)).status_code == 404
        assert scan(person, departure, parcel.number).status_code == 404
    assert state_of(parcel) == ParcelState.AT_STOP


def test_a_round_sets_down_and_picks_up_by_stop(made, driver, parcel):
    departure = leg_of(parcel, 1).departure

    stops = manifests.stops_of(departure)

    assert [(stop.name, stop.picks_up, len(stop.parcels)) for stop in stops] == [(made.network.stop.name, True, 1)]
    page = client_of(driver).get(page_of(departure)).content.decode()
    assert "取货" in page
    assert made.point.name in page


def test_nobody_is_named_on_a_manifest(driver, parcel):
    order = parcel.consignment.order

    page = client_of(driver).get(page_of(leg_of(parcel, 1).departure)).content.decode()

    assert order.contact_name not in page
    assert order.contact_phone_tail not in page.replace(parcel.number[:7], "").replace(parcel.number[7:], "")
    assert order.number not in page


def test_the_pages_cost_few_queries_whatever_their_length(made, worker, driver, parcel):
    def count(person, url: str) -> int:
        client = client_of(person)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    def at_hub(each: Parcel) -> None:
        departure = leg_of(each, 1).departure
        scans.load(each, departure=departure, nonce=f"l{each.pk}", by="test", at=departure.departs_at)
        scans.unload(each, hub=made.network.county, nonce=f"u{each.pk}", by="test", at=departure.arrives_at)

    at_hub(parcel)
    departure = leg_of(parcel, 1).departure
    papers = [reverse(f"network:{name}", args=[departure.pk]) for name in ("manifest", "manifest-pdf")]
    urls = (INDEX, page_of(departure), *papers)
    few = [count(worker, url) for url in urls]

    for _ in range(5):
        shop.packed(shop.order(made.point, shop.listing(made.seller)))
    for each in Parcel.objects.exclude(pk=parcel.pk):
        scans.drop(each, nonce=f"d{each.pk}", by="test", at=shop.MONDAY)
        at_hub(each)

    assert [count(worker, url) for url in urls] == few
    assert max(few) <= 15
    assert len(queries.at_hubs([made.network.county], limit=200)) == 6


def test_whoever_left_the_hub_comes_in_no_more(worker):
    assert client_of(worker).get(INDEX).status_code == 200

    worker.hub_worker_of.update(until=shop.MONDAY + dt.timedelta(minutes=1))

    assert client_of(worker).get(INDEX).status_code == 404
