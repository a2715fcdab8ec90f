"""What a vehicle's loggers measure: kept once, and what was aboard and beyond its storage class is flagged."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.events import Event
from logistics.models import Consignment, Departure, Parcel, TemperatureReading
from logistics.services import scans
from tests.factories import shop
from tests.integration.network.conftest import client_of, leg_of

pytestmark = pytest.mark.django_db
URL = reverse("network:api-temperatures")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def collecting(parcel, time) -> Departure:
    """The round of 14:00 that the parcel rides, loaded at 15:00, back at 16:00."""
    departure = leg_of(parcel, 1).departure
    time.at = departure.arrives_at
    return departure


@pytest.fixture
def loaded(parcel, collecting) -> Parcel:
    Consignment.objects.update(storage_class="CHILLED")
    scans.load(parcel, departure=collecting, nonce="l", by="test", at=leg_of(parcel, 1).departs_at)
    return parcel


def reading(ridden: Departure, /, *, minutes: int = 70, **said) -> dict:
    """A reading so many minutes after the vehicle left; it loads after 60 and is back after 120."""
    at = ridden.departs_at + minutes * MINUTE
    fields = {"nonce": f"t{minutes}", "device": "TL-1", "departure": ridden.pk, "occurred_at": at.isoformat()}
    return {name: value for name, value in (fields | {"temperature_c": 12} | said).items() if value is not None}


def send(person, *readings) -> list[tuple[str, str]]:
    response = client_of(person).post(URL, list(readings), content_type="application/json")
    assert response.status_code == 200
    return [(each["status"], each["message"]) for each in response.json()["readings"]]


def breached_at(parcel: Parcel) -> dt.datetime | None:
    return Parcel.objects.values_list("temperature_breach_at", flat=True).get(pk=parcel.pk)


def test_what_is_aboard_and_too_warm_is_flagged_once_with_an_event(driver, loaded, collecting):
    said = send(
        driver, reading(collecting, temperature_c=5, minutes=65), reading(collecting), reading(collecting, minutes=80)
    )

    assert said == [("ok", "已记下。"), ("ok", "已记下：1 件温度超限。"), ("ok", "已记下。")]
    assert breached_at(loaded) == collecting.departs_at + 70 * MINUTE
    told = Event.objects.get(name="parcel.temperature-breached")
    assert (told.stream_id, told.occurred_at) == (loaded.number, collecting.departs_at + 70 * MINUTE)
    assert told.payload["device"] == "TL-1"
    assert TemperatureReading.objects.count() == 3


@pytest.mark.parametrize(
    ("storage_class", "hold", "temperature", "flagged"),
    [
        ("CHILLED", None, 8, False),
        ("CHILLED", None, 8.01, True),
        ("CHILLED", "CHILLED", -0.5, True),
        ("CHILLED", "FROZEN", -18, False),
        ("CHILLED", "AMBIENT", 30, False),
        ("FROZEN", "FROZEN", -15, False),
        ("FROZEN", "FROZEN", -14.9, True),
        ("FROZEN", "CHILLED", 4, False),
        ("FROZEN", None, 4, True),
        ("AMBIENT", None, 35, False),
    ],
)
def test_a_logger_tells_of_its_own_hold_and_its_storage_class(
    driver, loaded, collecting, storage_class, hold, temperature, flagged
):
    Consignment.objects.update(storage_class=storage_class)

    send(driver, reading(collecting, temperature_c=temperature, storage_class=hold))

    assert (breached_at(loaded) is not None) == flagged
    assert Event.objects.filter(name="parcel.temperature-breached").count() == flagged


@pytest.mark.parametrize(("minutes", "flagged"), [(59, False), (60, True), (89, True), (90, False), (100, False)])
def test_only_what_was_aboard_at_that_time_is_flagged(made, driver, loaded, collecting, minutes, flagged):
    """It was loaded after 60 minutes and taken off after 90."""
    scans.unload(loaded, hub=made.network.county, nonce="u", by="test", at=collecting.departs_at + 90 * MINUTE)

    send(driver, reading(collecting, minutes=minutes))

    assert (breached_at(loaded) is not None) == flagged


@pytest.mark.parametrize(("minutes", "flagged"), [(59, False), (60, True), (89, True), (90, False)])
def test_a_scan_that_is_sent_after_the_reading_finds_it(made, driver, parcel, collecting, minutes, flagged):
    Consignment.objects.update(storage_class="CHILLED")
    send(driver, reading(collecting, minutes=minutes))
    assert breached_at(parcel) is None

    scans.load(parcel, departure=collecting, nonce="l", by="test", at=collecting.departs_at + 60 * MINUTE)
    scans.unload(parcel, hub=made.network.county, nonce="u", by="test", at=collecting.departs_at + 90 * MINUTE)

    assert breached_at(parcel) == (collecting.departs_at + minutes * MINUTE if flagged else None)
    assert Event.objects.filter(name="parcel.temperature-breached").count() == flagged


def test_a_batch_that_is_sent_again_changes_nothing(driver, loaded, collecting):
    first = send(driver, reading(collecting))
    again = send(driver, reading(collecting))

    assert [status for status, _ in first + again] == ["ok", "ok"]
    assert TemperatureReading.objects.count() == 1
    assert Event.objects.filter(name="parcel.temperature-breached").count() == 1


def test_an_identifier_names_one_reading(driver, worker, loaded, collecting):
    send(driver, reading(collecting))

    assert send(driver, reading(collecting, device="TL-2")) == [("refused", "这个编号已用于另一次读数。")]
    assert send(worker, reading(collecting))[0][0] == "refused"

    assert TemperatureReading.objects.get().device == "TL-1"


def test_nobody_sends_readings_for_anothers_departure(made, driver, worker, loaded, collecting):
    onward = leg_of(loaded, 2).departure
    elsewhere = Departure.objects.filter(round__hub=made.network.other_county).first()

    for person, departure in ((driver, onward), (worker, elsewhere), (driver, elsewhere)):
        assert send(person, reading(collecting, departure=departure.pk)) == [("refused", "没有这班车。")]

    assert not TemperatureReading.objects.exists()
    assert send(driver, reading(collecting))[0][0] == "ok", "the control"


def test_a_bad_reading_is_refused_and_the_good_ones_are_kept(driver, loaded, collecting):
    bad = [
        {},
        "nonsense",
        reading(collecting, device=None),
        reading(collecting, device="<script>"),
        reading(collecting, temperature_c=None),
        reading(collecting, temperature_c="warm"),
        reading(collecting, temperature_c=200),
        reading(collecting, departure=None),
        reading(collecting, departure=10**15),
        reading(collecting, storage_class="HOT"),
        reading(collecting, occurred_at="yesterday"),
        reading(collecting, minutes=60 * 24 * 9),
        reading(collecting, nonce="x" * 65),
    ]

    said = send(driver, *bad, reading(collecting, temperature_c=5.126))

    assert [status for status, _ in said] == ["refused"] * len(bad) + ["ok"]
    assert all(message for _, message in said)
    assert TemperatureReading.objects.get().temperature_c == Decimal("5.13")


def test_a_temperature_that_cannot_be_is_refused_by_its_name(driver, loaded, collecting):
    assert send(driver, reading(collecting, temperature_c=999)) == [("refused", "温度：太大了，最多 90。")]


@pytest.mark.parametrize("body", ["", "{", "{}", "null"])
def test_what_is_no_list_is_refused(driver, body):
    assert client_of(driver).post(URL, body, content_type="application/json").status_code == 400


def test_a_page_of_another_site_cannot_send_readings(driver, loaded, collecting):
    client = Client(enforce_csrf_checks=True)
    client.force_login(driver, backend="marketplace.users.backends.PhoneOrEmailBackend")

    assert client.post(URL, [reading(collecting)], content_type="application/json").status_code == 403

    assert not TemperatureReading.objects.exists()


def test_a_reading_costs_no_more_with_many_parcels_aboard(driver, loaded, collecting, made):
    def cost(nonce: str) -> int:
        Parcel.objects.update(temperature_breach_at=None)
        with CaptureQueriesContext(connection) as captured:
            assert send(driver, reading(collecting, nonce=nonce))[0][0] == "ok"
        return len(captured)

    few = cost("a")
    for _ in range(5):
        shop.packed(shop.order(made.point, shop.listing(made.seller)))
    Consignment.objects.update(storage_class="CHILLED")
    for each in Parcel.objects.exclude(pk=loaded.pk):
        scans.drop(each, nonce=f"d{each.pk}", by="test", at=shop.MONDAY)
        scans.load(each, departure=collecting, nonce=f"l{each.pk}", by="test", at=collecting.departs_at + 60 * MINUTE)

    assert cost("b") == few
    assert Parcel.objects.exclude(temperature_breach_at=None).count() == 6


def test_a_reading_is_of_a_known_hold_or_of_none(driver, loaded, collecting):
    send(driver, reading(collecting))

    with pytest.raises(IntegrityError, match="temperature_class_known"), transaction.atomic():
        TemperatureReading.objects.update(storage_class="HOT")
