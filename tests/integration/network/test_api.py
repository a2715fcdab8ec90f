"""Scans from devices: each reading stands for itself, and a batch that is sent again changes nothing."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.events import Event
from logistics.models import Consignment, Departure, Parcel, Scan
from logistics.services import scans
from logistics.states import ParcelState, ScanKind
from marketplace.network.api import DeviceReadingForm
from tests.factories import shop
from tests.integration.network.conftest import client_of, leg_of, state_of

pytestmark = pytest.mark.django_db
SCANS = reverse("network:api-scans")
TAG = "3034257BF7194E4000001A85"


def reading(parcel: Parcel, at: dt.datetime, **said) -> dict:
    fields = {"nonce": "n1", "label": parcel.number, "kind": "LOADED", "occurred_at": at.isoformat()} | said
    return {name: value for name, value in fields.items() if value is not None}


def send(person, *readings, client: Client | None = None):
    return (client or client_of(person)).post(SCANS, list(readings), content_type="application/json")


def answers(response) -> list[tuple[str, str]]:
    assert response.status_code == 200
    return [(each["nonce"], each["status"]) for each in response.json()["readings"]]


@pytest.fixture
def collecting(parcel, time) -> Departure:
    departure = leg_of(parcel, 1).departure
    time.at = departure.arrives_at
    return departure


def test_a_batch_that_is_sent_again_is_the_same_scans(driver, worker, parcel, collecting, made):
    loaded = reading(parcel, collecting.departs_at, departure=collecting.pk)
    unloaded = reading(parcel, collecting.arrives_at, nonce="n2", kind="UNLOADED", hub=made.network.county.pk)

    for _ in range(2):
        assert answers(send(driver, loaded)) == [("n1", "ok")]
        assert answers(send(worker, unloaded)) == [("n2", "ok")]

    assert state_of(parcel) == ParcelState.AT_HUB
    assert list(Scan.objects.values_list("kind", flat=True)) == ["DROPPED", "LOADED", "UNLOADED"]
    assert Scan.objects.get(nonce="n1").occurred_at == collecting.departs_at


def test_a_bad_reading_is_refused_and_the_good_ones_are_kept(driver, parcel, collecting):
    at = collecting.departs_at
    good = reading(parcel, at, departure=collecting.pk)
    bad = [
        {},
        "nonsense",
        reading(parcel, at, nonce="b1", kind="DANCED"),
        reading(parcel, at, nonce="b2", label=None),
        reading(parcel, at, nonce="b3", label="12"),
        reading(parcel, at, nonce="b4", departure=None),
        reading(parcel, at, nonce="b5", departure=10**15),
        reading(parcel, at, nonce="b6", occurred_at="yesterday"),
        reading(parcel, at, nonce="b7", occurred_at="2026-03-02T09:30:00"),
        reading(parcel, at + dt.timedelta(days=9), nonce="b8"),
        reading(parcel, at, nonce="b9", latitude=91, longitude=111),
        reading(parcel, at, nonce="b10", latitude=29),
        reading(parcel, at, nonce="b11", epc="XYZ"),
        reading(parcel, at, nonce="b12", occurred_at="2026-13-02T09:30:00+08:00"),
        reading(parcel, at, nonce="x" * 65),
        reading(parcel, at, nonce=["b14"], departure={"a": 1}),
    ]

    response = send(driver, *bad, good)

    said = response.json()["readings"]
    assert [each["status"] for each in said] == ["refused"] * len(bad) + ["ok"]
    assert [each["message"] for each in said[1:4]] == [
        "请给每条读数一个不重复的编号。",
        "请写明是装车、卸车、多件还是送到网点。",
        "请提供 13 位件号或 RFID 标签。",
    ]
    names = DeviceReadingForm.base_fields
    assert not [each for each in said if any(name in each["message"] for name in names)], "people read the message"
    assert [each["field"] for each in said if "field" in each] == [
        *("nonce", "nonce", "kind", "label", "occurred_at", "occurred_at"),
        *("occurred_at", "latitude", "epc", "occurred_at", "nonce", "departure"),
    ]
    assert state_of(parcel) == ParcelState.LOADED


@pytest.mark.parametrize("body", ["", "{", "{}", "3", "null"])
def test_what_is_no_list_is_refused(driver, body):
    response = client_of(driver).post(SCANS, body, content_type="application/json")

    assert response.status_code == 400
    assert response.json()["message"]


def test_more_readings_than_a_batch_holds_are_refused(driver, parcel, collecting):
    one = reading(parcel, collecting.departs_at, departure=collecting.pk)

    assert send(driver, *[one] * 501).status_code == 400
    assert state_of(parcel) == ParcelState.AT_STOP


def test_readings_are_acted_on_in_the_order_in_which_they_happened(driver, worker, parcel, collecting, made):
    made.network.county.workers.create(user=driver, since=shop.MONDAY)
    loaded = reading(parcel, collecting.departs_at, departure=collecting.pk)
    unloaded = reading(parcel, collecting.arrives_at, nonce="n2", kind="UNLOADED", hub=made.network.county.pk)

    assert answers(send(driver, unloaded, loaded)) == [("n2", "ok"), ("n1", "ok")]


def test_place_and_temperature_stand_on_the_scan(driver, parcel, collecting):
    said = reading(
        parcel,
        collecting.departs_at,
        departure=collecting.pk,
        latitude=29.58412345,
        longitude=111.38,
        temperature_c=4.5,
    )

    send(driver, said)

    scan = Scan.objects.get(nonce="n1")
    assert (scan.latitude, scan.longitude) == (Decimal("29.584123"), Decimal("111.38"))
    assert scan.temperature_c == Decimal("4.5")


def test_a_reading_costs_as_many_queries_in_a_long_batch_as_in_a_short_one(driver, parcel, collecting, made):
    for _ in range(11):
        shop.packed(shop.order(made.point, shop.listing(made.seller)))
    others = list(Parcel.objects.exclude(pk=parcel.pk).order_by("pk"))
    for each in others:
        scans.drop(each, nonce=f"d{each.pk}", by="test", at=shop.MONDAY)
    client = client_of(driver)

    def count(parcels: list[Parcel]) -> int:
        batch = [reading(each, collecting.departs_at, nonce=f"q{each.pk}", departure=collecting.pk) for each in parcels]
        with CaptureQueriesContext(connection) as captured:
            assert {status for _, status in answers(send(driver, *batch, client=client))} == {"ok"}
        return len(captured)

    one, ten = count(others[:1]), count(others[1:])

    assert (ten - one) / 9 <= one
    assert (ten - one) / 9 <= 30


# RFID


def test_a_reading_with_label_and_tag_ties_them_and_the_tag_alone_then_finds_the_parcel(
    driver, worker, parcel, collecting, made
):
    both = reading(parcel, collecting.departs_at, departure=collecting.pk, epc=TAG.lower())
    by_tag = reading(
        parcel, collecting.arrives_at, nonce="n2", label=None, epc=TAG, kind="UNLOADED", hub=made.network.county.pk
    )

    assert answers(send(driver, both)) == [("n1", "ok")]
    assert Parcel.objects.get().epc == TAG
    assert answers(send(worker, by_tag)) == [("n2", "ok")]
    assert state_of(parcel) == ParcelState.AT_HUB


def test_a_tag_belongs_to_one_parcel_and_a_parcel_has_one_tag(driver, parcel, collecting, made):
    shop.packed(shop.order(made.point, shop.listing(made.seller)))
    Parcel.objects.exclude(pk=parcel.pk).update(epc=TAG)
    said = reading(parcel, collecting.departs_at, departure=collecting.pk, epc=TAG)

    assert answers(send(driver, said)) == [("n1", "refused")]
    Parcel.objects.filter(pk=parcel.pk).update(epc=TAG[:-1] + "6")
    assert answers(send(driver, said)) == [("n1", "refused")]

    assert state_of(parcel) == ParcelState.AT_STOP


# Temperature


@pytest.mark.parametrize(
    ("storage_class", "temperature", "breached"),
    [
        ("CHILLED", 8, False),
        ("CHILLED", 8.01, True),
        ("CHILLED", 0, False),
        ("CHILLED", -0.5, True),
        ("FROZEN", -15, False),
        ("FROZEN", -14.9, True),
        ("FROZEN", -40, False),
        ("AMBIENT", 35, False),
    ],
)
def test_goods_beyond_their_storage_class_are_flagged(driver, parcel, collecting, storage_class, temperature, breached):
    Consignment.objects.update(storage_class=storage_class)

    send(driver, reading(parcel, collecting.departs_at, departure=collecting.pk, temperature_c=temperature))

    at = Parcel.objects.get().temperature_breach_at
    assert at == (collecting.departs_at if breached else None)
    assert Event.objects.filter(name="parcel.temperature-breached").count() == breached


def test_the_first_breach_is_the_one_that_is_kept(driver, worker, parcel, collecting, made):
    Consignment.objects.update(storage_class="CHILLED")
    loaded = reading(parcel, collecting.departs_at, departure=collecting.pk, temperature_c=12)
    unloaded = reading(
        parcel, collecting.arrives_at, nonce="n2", kind="UNLOADED", hub=made.network.county.pk, temperature_c=13
    )

    send(driver, loaded)
    send(worker, unloaded)

    assert Parcel.objects.get().temperature_breach_at == collecting.departs_at


# Whose


def test_nobody_reads_at_anothers_hub_or_on_anothers_departure(driver, worker, parcel, collecting, made):
    onward = leg_of(parcel, 2).departure
    others = Departure.objects.filter(round__hub=made.network.other_county).first()
    at = collecting.departs_at
    cases = [
        (driver, {"departure": onward.pk}),
        (worker, {"departure": others.pk}),
        (driver, {"kind": "UNLOADED", "hub": made.network.county.pk}),
        (driver, {"kind": "SURPLUS", "hub": made.network.county.pk}),
        (worker, {"kind": "SURPLUS", "hub": made.network.other_county.pk}),
        (worker, {"kind": "UNLOADED", "hub": made.network.prefecture.pk}),
    ]

    for person, said in cases:
        assert answers(send(person, reading(parcel, at, **said))) == [("n1", "refused")]

    assert state_of(parcel) == ParcelState.AT_STOP
    assert Scan.objects.count() == 1
    assert answers(send(driver, reading(parcel, at, departure=collecting.pk))) == [("n1", "ok")], "the control"


def test_a_parcel_of_another_departure_is_refused_like_one_that_does_not_exist(driver, parcel, collecting):
    other = Departure.objects.visible_to(driver).exclude(pk=collecting.pk).first()
    at = collecting.departs_at

    said = send(
        driver,
        reading(parcel, at, departure=other.pk),
        reading(parcel, at, nonce="n2", label="1000000000000", departure=other.pk),
    ).json()["readings"]

    assert said[0]["message"] == said[1]["message"] == "这里没有这一件。"


def test_a_page_of_another_site_cannot_send_readings(driver, parcel, collecting):
    client = Client(enforce_csrf_checks=True)
    client.force_login(driver, backend="marketplace.users.backends.PhoneOrEmailBackend")

    response = send(driver, reading(parcel, collecting.departs_at, departure=collecting.pk), client=client)

    assert response.status_code == 403
    assert state_of(parcel) == ParcelState.AT_STOP


def test_what_turns_up_at_the_own_hub_is_taken_in_as_surplus(worker, parcel, collecting, made):
    said = reading(parcel, collecting.arrives_at, kind="SURPLUS", hub=made.network.county.pk)

    response = send(worker, said)

    assert answers(response) == [("n1", "ok")]
    assert state_of(parcel) == ParcelState.AT_HUB
    assert Scan.objects.get(nonce="n1").kind == ScanKind.SURPLUS
