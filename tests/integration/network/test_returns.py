"""Goods that go back, read on the pages of departures and by devices."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse

from logistics.models import Departure, GoodsReturn
from logistics.services import goods_returns
from logistics.states import Disposal, ReturnReason, ReturnState
from marketplace.network import demo_returns
from tests.factories import shop
from tests.integration.network.conftest import client_of

pytestmark = pytest.mark.django_db
SCANS = reverse("network:api-scans")


@pytest.fixture
def back(made) -> GoodsReturn:
    """A return that lies at the county hub of its seller."""
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller)))
    consignment = order.consignments.get()
    with transaction.atomic():
        begun = goods_returns.begin(
            consignment,
            reason=ReturnReason.EXPIRED,
            disposal=Disposal.BACK,
            units={consignment.lines.get().pk: 1},
            by="test",
            at=shop.MONDAY,
        )
    goods_returns.unload(begun, hub=made.network.county, nonce="hub", by="test", at=shop.MONDAY)
    return begun


@pytest.fixture
def going_home(made) -> Departure:
    """The round of that hub that stops where the seller drops."""
    return Departure.objects.filter(round__hub=made.network.county).earliest("departs_at")


def state(back: GoodsReturn) -> str:
    return GoodsReturn.objects.values_list("state", flat=True).get(pk=back.pk)


def read(person, departure, number: str, *, nonce: str, do: str = "LOADED"):
    page = reverse("network:departure", args=[departure.pk])
    return client_of(person).post(page, {"number": number, "nonce": nonce, "do": do})


def test_the_driver_loads_it_and_reads_it_again_to_set_it_down(driver, back, going_home, time):
    time.at = going_home.departs_at
    page = client_of(driver).get(reverse("network:departure", args=[going_home.pk])).content.decode()
    assert back.number[:7] in page

    assert read(driver, going_home, back.number, nonce="1").status_code == 302
    assert state(back) == ReturnState.LOADED
    assert read(driver, going_home, back.number, nonce="2").status_code == 302
    assert state(back) == ReturnState.AT_STOP


def test_the_hub_takes_in_what_was_not_set_down(driver, worker, back, going_home, time):
    time.at = going_home.departs_at
    read(driver, going_home, back.number, nonce="1")
    time.at = going_home.arrives_at

    assert read(worker, going_home, back.number, nonce="2", do="UNLOADED").status_code == 302

    assert state(back) == ReturnState.AT_HUB
    text = client_of(worker).get(reverse("network:index")).content.decode()
    assert back.number[:7] in text


def test_a_part_of_the_number_names_no_return(driver, back, going_home):
    assert read(driver, going_home, back.number[-6:], nonce="1").status_code == 404
    assert state(back) == ReturnState.AT_HUB


def test_devices_load_and_set_down_once(driver, back, going_home, time):
    time.at = going_home.arrives_at
    common = {"label": back.number, "occurred_at": going_home.departs_at.isoformat()}
    batch = [
        common | {"nonce": "a", "kind": "LOADED", "departure": going_home.pk},
        common | {"nonce": "b", "kind": "DROPPED", "occurred_at": going_home.arrives_at.isoformat()},
    ]

    for _ in range(2):
        answer = client_of(driver).post(SCANS, batch, content_type="application/json").json()
        assert [each["status"] for each in answer["readings"]] == ["ok", "ok"], answer

    assert state(back) == ReturnState.AT_STOP
    assert list(back.scans.values_list("kind", flat=True)) == ["UNLOADED", "LOADED", "DROPPED"]


def test_a_strangers_device_is_told_what_one_is_told_of_nothing(made, back, going_home, time):
    time.at = going_home.arrives_at
    stranger = shop.user()
    made.network.other_county.workers.create(user=stranger, since=shop.MONDAY)
    common = {"occurred_at": going_home.departs_at.isoformat(), "kind": "DROPPED"}
    batch = [common | {"nonce": "a", "label": back.number}, common | {"nonce": "b", "label": "1234567890123"}]

    answer = client_of(stranger).post(SCANS, batch, content_type="application/json").json()

    assert len({each["message"] for each in answer["readings"]}) == 1
    assert state(back) == ReturnState.AT_HUB


def test_the_demonstration_carries_them_home_after_a_day(made, back):
    operator = shop.operator(made.network.stop)

    assert demo_returns.carry_home(at=shop.MONDAY + dt.timedelta(hours=23)) == 0
    assert demo_returns.carry_home(at=shop.MONDAY + dt.timedelta(hours=24)) == 1
    assert demo_returns.carry_home(at=shop.MONDAY + dt.timedelta(hours=25)) == 0

    assert state(back) == ReturnState.AT_STOP
    assert back.scans.last().actor == f"user:{operator.pk}"
