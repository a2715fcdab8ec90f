"""A departure from leaving to its close: who notes what, what is short, what is surplus, and the manifest on paper."""

import datetime as dt

import pytest
from django.urls import reverse

from core.events import Event
from logistics.models import Departure, HubWorker, Parcel, Scan
from logistics.services import scans
from logistics.states import DepartureState, ParcelState, ScanKind
from marketplace.network import manifests, paper, queries
from tests.factories import shop
from tests.integration.network.conftest import client_of, leg_of, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def collecting(parcel, time) -> Departure:
    """The round that collects the parcel, at the moment when it leaves."""
    departure = leg_of(parcel, 1).departure
    time.at = departure.departs_at
    return departure


def run(person, departure: Departure, act: str, **said):
    return client_of(person).post(reverse("network:run", args=[departure.pk]), {"act": act} | said)


def scan(person, departure: Departure, number: str, *, nonce: str, do: str = "UNLOADED"):
    url = reverse("network:departure", args=[departure.pk])
    return client_of(person).post(url, {"number": number, "nonce": nonce, "do": do})


def page(person, departure: Departure) -> str:
    return client_of(person).get(reverse("network:departure", args=[departure.pk])).content.decode()


def state(departure: Departure) -> str:
    return Departure.objects.values_list("state", flat=True).get(pk=departure.pk)


def test_a_driver_leaves_and_the_hub_notes_the_end(driver, worker, collecting, time):
    assert "发车</button>" in page(driver, collecting)

    run(driver, collecting, "depart")
    assert state(collecting) == DepartureState.DEPARTED
    time.at = collecting.arrives_at
    run(worker, collecting, "arrive")

    assert state(collecting) == DepartureState.ARRIVED


def test_loading_alone_sends_no_vehicle_off(driver, collecting, parcel):
    scan(driver, collecting, parcel.number, nonce="n1", do="LOADED")

    assert state(collecting) == DepartureState.SCHEDULED


def test_a_vehicle_does_not_leave_hours_before_its_time(driver, collecting, time):
    time.at = collecting.departs_at - dt.timedelta(hours=2)

    run(driver, collecting, "depart")

    assert state(collecting) == DepartureState.SCHEDULED


@pytest.mark.parametrize("act", ["depart", "arrive", "delay", "break-down", "close"])
def test_nobody_notes_anything_of_anothers_departure(made, driver, worker, collecting, act):
    others = Departure.objects.filter(round__hub=made.network.other_county).first()

    for person in (driver, worker):
        assert run(person, others, act, minutes="5").status_code == 404

    assert state(others) == DepartureState.SCHEDULED
    assert not Event.objects.filter(stream="departure").exists()


@pytest.mark.parametrize("act", ["arrive", "break-down", "close"])
def test_a_driver_cannot_end_a_trip_that_has_not_begun(driver, collecting, act):
    assert run(driver, collecting, act).status_code == 302

    assert state(collecting) == DepartureState.SCHEDULED


def test_an_act_that_there_is_none_of_is_a_404(driver, collecting):
    assert run(driver, collecting, "fly").status_code == 404


def test_a_driver_does_not_close_a_departure(driver, collecting, time):
    time.at = collecting.arrives_at

    run(driver, collecting, "close")

    assert Departure.objects.get(pk=collecting.pk).closed_at is None


def test_the_close_is_offered_when_the_vehicle_can_be_there(driver, worker, collecting, parcel, time):
    scan(driver, collecting, parcel.number, nonce="n1", do="LOADED")
    run(driver, collecting, "depart")
    time.at = collecting.departs_at + dt.timedelta(minutes=59)
    assert "清点完毕" not in page(worker, collecting)
    assert "还差" not in page(worker, collecting)
    run(worker, collecting, "close")
    assert Departure.objects.get(pk=collecting.pk).closed_at is None

    time.at = collecting.departs_at + dt.timedelta(minutes=60)

    assert "清点完毕，差 1 件" in page(worker, collecting)
    run(worker, collecting, "close")
    assert Departure.objects.get(pk=collecting.pk).closed_at == time.at


def test_a_lane_shows_nothing_as_missing_and_no_close_before_it_came(made, worker, parcel, time):
    other = shop.user("龙师傅")
    HubWorker.objects.create(hub=made.network.prefecture, user=other, since=shop.MONDAY)
    lane = leg_of(parcel, 2).departure

    for time.at in (lane.departs_at - dt.timedelta(hours=1), lane.departs_at + dt.timedelta(minutes=29)):
        assert "清点完毕" not in page(other, lane)
        assert "还差" not in page(other, lane)
    time.at = lane.departs_at + dt.timedelta(minutes=30)
    assert "清点完毕，差 1 件" in page(other, lane)


def unloaded(person, departure: Departure, parcel: Parcel) -> str:
    """Unload a parcel; return the page that follows, with what it says."""
    url = reverse("network:departure", args=[departure.pk])
    said = {"number": parcel.number, "nonce": "n2", "do": "UNLOADED"}
    return client_of(person).post(url, said, follow=True).content.decode()


def test_a_worker_who_unloads_too_early_is_asked_whether_the_vehicle_is_here(driver, worker, collecting, parcel):
    scan(driver, collecting, parcel.number, nonce="n1", do="LOADED")
    run(driver, collecting, "depart")

    assert "按时刻这趟车 15:00 以前到不了" in unloaded(worker, collecting, parcel)

    assert (state_of(parcel), state(collecting)) == (ParcelState.AT_HUB, DepartureState.DEPARTED)
    run(worker, collecting, "arrive")
    assert state(collecting) == DepartureState.ARRIVED


def test_a_worker_who_unloads_too_early_is_told_that_nobody_saw_it_leave(driver, worker, collecting, parcel):
    scan(driver, collecting, parcel.number, nonce="n1", do="LOADED")

    assert "还没人记下这趟车发车，按时刻它 15:00 以前到不了" in unloaded(worker, collecting, parcel)

    assert state(collecting) == DepartureState.SCHEDULED


def test_a_worker_who_unloads_in_time_is_asked_nothing(driver, worker, collecting, parcel, time):
    scan(driver, collecting, parcel.number, nonce="n1", do="LOADED")
    time.at = collecting.arrives_at

    assert "以前到不了" not in unloaded(worker, collecting, parcel)

    assert state(collecting) == DepartureState.ARRIVED


def test_a_late_vehicle_is_noted_with_its_minutes(driver, collecting):
    assert run(driver, collecting, "delay", minutes="45").status_code == 302

    assert Departure.objects.get(pk=collecting.pk).delay_minutes == 45
    assert "晚点 45 分钟" in page(driver, collecting)


@pytest.mark.parametrize("minutes", ["", "0", "-3", "99999", "soon"])
def test_minutes_that_are_none_are_refused_above_their_field_and_kept(driver, collecting, minutes):
    response = run(driver, collecting, "delay", minutes=minutes)

    assert response.status_code == 422
    assert 'class="err"' in response.content.decode()
    assert Departure.objects.get(pk=collecting.pk).delay_minutes == 0


def test_a_vehicle_that_broke_down_is_noted(driver, collecting):
    run(driver, collecting, "depart")

    run(driver, collecting, "break-down")

    assert state(collecting) == DepartureState.BROKEN_DOWN


# Short and surplus


def test_what_is_short_is_shown_told_once_and_can_be_found_later(driver, worker, collecting, parcel, time):
    scan(driver, collecting, parcel.number, nonce="n1", do="LOADED")
    run(driver, collecting, "depart")
    time.at = collecting.arrives_at
    before = page(worker, collecting)
    assert "还差 1 件" in before
    assert "不在这里" not in before, "it is aboard, and is taken off now"

    run(worker, collecting, "close")

    assert "不在这里" in page(worker, collecting)

    assert Event.objects.get(name="departure.short").payload["parcels"] == [parcel.number]
    assert "清点完" in page(worker, collecting)
    assert scan(worker, collecting, parcel.number, nonce="n2").status_code == 302
    assert "还差" not in page(worker, collecting)


def test_a_parcel_that_is_not_on_the_manifest_is_surplus_at_the_hub(made, worker, collecting, parcel, time):
    shop.packed(shop.order(made.network.stop, shop.listing(made.seller)))
    stray = Parcel.objects.exclude(pk=parcel.pk).get()
    time.at = collecting.arrives_at

    response = scan(worker, collecting, stray.number, nonce="n1")

    assert response.status_code == 302
    assert Scan.objects.get(nonce="n1").kind == ScanKind.SURPLUS
    assert state_of(stray) == ParcelState.AT_HUB
    assert "多 1 件" in page(worker, collecting)
    index = client_of(worker).get(reverse("network:index")).content.decode()
    assert "多出" in index
    assert "重新排线" in index


def test_the_end_of_a_number_takes_nothing_in_that_is_not_on_the_manifest(made, worker, collecting, parcel, time):
    shop.packed(shop.order(made.network.stop, shop.listing(made.seller)))
    stray = Parcel.objects.exclude(pk=parcel.pk).get()
    time.at = collecting.arrives_at

    assert scan(worker, collecting, stray.number[-6:], nonce="n1").status_code == 404

    assert state_of(stray) == ParcelState.PACKED


def test_a_vehicle_that_has_not_left_brings_no_surplus(made, worker, collecting, parcel, time):
    shop.packed(shop.order(made.network.stop, shop.listing(made.seller)))
    stray = Parcel.objects.exclude(pk=parcel.pk).get()
    time.at = collecting.departs_at - dt.timedelta(minutes=5)

    assert scan(worker, collecting, stray.number, nonce="n1").status_code == 422

    assert state_of(stray) == ParcelState.PACKED


def test_a_driver_takes_nothing_in(made, driver, collecting, parcel, time):
    shop.packed(shop.order(made.network.stop, shop.listing(made.seller)))
    stray = Parcel.objects.exclude(pk=parcel.pk).get()
    time.at = collecting.arrives_at

    assert scan(driver, collecting, stray.number, nonce="n1").status_code == 404

    assert state_of(stray) == ParcelState.PACKED


def test_what_was_too_warm_is_marked_wherever_it_is_seen(worker, collecting, parcel, time):
    Parcel.objects.update(temperature_breach_at=shop.MONDAY)
    assert "温度超限" in page(worker, collecting)
    scans.load(parcel, departure=collecting, nonce="l", by="test", at=collecting.departs_at)
    scans.unload(parcel, hub=collecting.round.hub, nonce="u", by="test", at=collecting.arrives_at)

    assert "温度超限" in client_of(worker).get(reverse("network:index")).content.decode()


# Paper


def test_a_manifest_is_by_stop_and_storage_class_with_counts(made, driver, collecting, parcel):
    for storage_class in ("CHILLED", "AMBIENT"):
        shop.packed(shop.order(made.point, shop.listing(made.seller, storage_class=storage_class), quantity=8))

    stops = manifests.stops_of(collecting)

    [stop] = stops
    groups = [(group.storage_class, len(group.parcels), group.crates) for group in stop.groups]
    assert groups == [("AMBIENT", 2, 3), ("CHILLED", 1, 2)]
    assert manifests.totals(stops) == (3, 5)
    sheet = client_of(driver).get(reverse("network:manifest", args=[collecting.pk])).content.decode()
    assert "3 件 5 筐" in sheet
    assert "清点人签字" in sheet
    assert all(f"{each.number[:7]} {each.number[7:]}" in sheet for each in Parcel.objects.all())


def test_the_manifest_as_pdf_carries_chinese_and_every_number(made, driver, collecting, parcel, time):
    response = client_of(driver).get(reverse("network:manifest-pdf", args=[collecting.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")

    drawn = paper.manifest(collecting, manifests.stops_of(collecting), at=time.at, compressed=False)

    assert b"STSong-Light" in drawn
    assert escaped("装车清单") in drawn
    assert escaped(made.network.stop.name[:2]) in drawn
    assert f"({parcel.number[:7]} {parcel.number[7:]})".encode() in drawn


def test_a_long_manifest_goes_on_to_the_next_sheet(made, collecting, parcel, time):
    stops = manifests.stops_of(collecting)
    stops[0].parcels *= 200

    drawn = paper.manifest(collecting, stops, at=time.at, compressed=False)

    assert drawn.count(b"/Type /Page\n") == 2
    assert escaped("第 2 页") in drawn


def escaped(text: str) -> bytes:
    """As the font's encoding (UCS-2) stands in an uncompressed stream."""
    return "".join(
        chr(byte)
        if 32 <= byte < 127 and chr(byte) not in "()\\"
        else f"\\{chr(byte) if byte in b'()' else f'{byte:03o}'}"
        for byte in text.encode("utf-16-be")
    ).encode()


def test_the_hub_where_a_broken_vehicle_began_takes_its_goods_in(worker, parcel, time):
    first, second = leg_of(parcel, 1), leg_of(parcel, 2)
    scans.load(parcel, departure=first.departure, nonce="l1", by="test", at=first.departs_at)
    scans.unload(parcel, hub=first.departure.round.hub, nonce="u1", by="test", at=first.arrives_at)
    lane = second.departure
    scans.load(parcel, departure=lane, nonce="l2", by="test", at=second.departs_at)
    time.at = second.departs_at
    run(worker, lane, "depart")
    run(worker, lane, "break-down")
    time.at = second.departs_at + dt.timedelta(days=3)

    index = client_of(worker).get(reverse("network:index")).content.decode()
    assert reverse("network:departure", args=[lane.pk]) in index, "it stays as long as something is aboard"
    assert 'value="LOADED"' not in page(worker, lane)
    assert scan(worker, lane, parcel.number, nonce="in").status_code == 302

    parcel.refresh_from_db()
    assert (parcel.state, parcel.hub_id) == (ParcelState.AT_HUB, lane.lane.origin_id)
    assert lane not in [each.departure for each in queries.due(worker, at=time.at)]
