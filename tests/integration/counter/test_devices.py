"""Pairing a phone with a point, and what a device is to the hand-over."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import Event
from logistics.models import CodeAttempt, Collection
from marketplace import stepping_up
from marketplace.counter.middleware import COOKIE
from marketplace.counter.services import proving
from tests.factories import shop, villages
from tests.factories.counter import code_of
from tests.integration.counter.conftest import NOW
from villages.models import Device, PairingRequest
from villages.services import devices
from villages.states import OperatorRole, PairingState

DEVICES, PAIR, PAIR_DEVICE = map(reverse, ("counter:devices", "counter:pair", "counter:device-pair"))


@pytest.fixture
def owner(counter):
    return shop.operator(counter.point, role=OperatorRole.OWNER)


def signed_in(person, *, stepped_up: bool = False) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    if stepped_up:
        session = client.session
        session[stepping_up.KEY] = {"user": person.pk, "at": clock.now().isoformat()}
        session.save()
    return client


def asking() -> tuple[Client, PairingRequest]:
    phone = Client()
    assert phone.post(PAIR).status_code == 302
    return phone, PairingRequest.objects.latest("pk")


def test_a_new_phone_is_paired_by_the_owner_and_only_its_hash_is_kept(owner, counter):
    phone, asked = asking()
    page = phone.get(PAIR).content.decode()
    assert f"{asked.compare_code[:3]}<i>·</i>{asked.compare_code[3:]}" in page
    assert phone.get(reverse("counter:pair-state")).json() == {"paired": False, "waiting": True}
    mine = signed_in(owner, stepped_up=True)

    scanned = mine.post(DEVICES, {"number": f"{devices.PREFIX}{asked.number}"})
    shown = mine.get(scanned["Location"]).content.decode()
    done = mine.post(PAIR_DEVICE, {"number": asked.number, "name": "柜台手机"})

    assert f"{asked.compare_code[:3]} {asked.compare_code[3:]}" in shown
    assert done["Location"] == DEVICES
    device = Device.objects.get()
    token = phone.cookies[COOKIE].value
    assert (device.point, device.name, device.paired_by) == (counter.point, "柜台手机", owner)
    assert token != device.token_hash
    assert len(token) == 43
    assert phone.cookies[COOKIE]["httponly"]
    assert phone.get(reverse("counter:pair-state")).json() == {"paired": True, "waiting": False}
    assert devices.of_token(token) == device
    event = Event.objects.get(name="point.device_paired")
    assert event.payload == {"device": device.pk}


def test_pairing_asks_for_the_second_factor_and_changes_nothing_before(owner):
    _phone, asked = asking()
    mine = signed_in(owner)

    answer = mine.post(PAIR_DEVICE, {"number": asked.number, "name": "柜台手机"})

    assert answer["Location"].startswith(reverse("customer:step-up"))
    assert not Device.objects.exists()


@pytest.mark.parametrize("minutes", [10, 60])
def test_a_request_is_over_after_ten_minutes(owner, counter, minutes):
    _phone, asked = asking()
    later = NOW + dt.timedelta(minutes=minutes)

    with pytest.raises(devices.UnableToPair):
        devices.confirm(asked.number, point=counter.point, name="x", by=owner, at=later)

    assert not Device.objects.exists()


def test_a_request_is_confirmed_once(owner, counter):
    _phone, asked = asking()
    devices.confirm(asked.number, point=counter.point, name="x", by=owner, at=NOW)

    with pytest.raises(devices.UnableToPair):
        devices.confirm(asked.number, point=counter.shop.network.stop, name="y", by=owner, at=NOW)

    assert Device.objects.get().point == counter.point
    asked.refresh_from_db()
    assert asked.state == PairingState.CONFIRMED


def test_a_number_that_nobody_shows_is_refused_in_words(owner):
    answer = signed_in(owner).post(DEVICES, {"number": "12345678"})

    assert answer.status_code == 422
    assert "id_number_error" in answer.content.decode()


def test_one_address_cannot_ask_without_end(db, monkeypatch):
    monkeypatch.setattr(devices, "ASKED_FROM_ONE_ADDRESS", 2)

    answers = [Client().post(PAIR).status_code for _ in range(3)]

    assert answers == [302, 302, 429]
    assert PairingRequest.objects.count() == 2


def test_a_point_has_so_many_devices_and_no_more(owner, counter, monkeypatch):
    monkeypatch.setattr(devices, "DEVICES_OF_A_POINT", 1)
    villages.device(counter.point, by=owner)
    _phone, asked = asking()

    with pytest.raises(devices.UnableToPair):
        devices.confirm(asked.number, point=counter.point, name="y", by=owner, at=NOW)

    asked.refresh_from_db()
    assert asked.state == PairingState.WAITING


def test_the_owner_renames_and_revokes_a_device_and_it_is_none_with_its_next_request(owner, counter):
    device = villages.device(counter.point, by=owner, token="kept")
    phone, mine = Client(), signed_in(owner)
    phone.cookies[COOKIE] = "kept"
    url = reverse("counter:device", args=[device.pk])

    mine.post(url, {"do": "rename", "name": "里屋手机"})
    device.refresh_from_db()
    assert device.name == "里屋手机"
    assert phone.get(reverse("counter:pair-state")).json()["paired"]
    mine.post(url, {"do": "revoke"})
    mine.post(url, {"do": "rename", "name": "再来"})

    device.refresh_from_db()
    assert (device.name, device.revoked_at) == ("里屋手机", NOW)
    assert not phone.get(reverse("counter:pair-state")).json()["paired"]
    assert [event.name for event in Event.objects.filter(stream="point").order_by("pk")] == [
        "point.device_renamed",
        "point.device_revoked",
    ]


def test_an_operator_who_is_no_owner_sees_no_devices(counter):
    assert counter.client().get(DEVICES).status_code == 404
    assert DEVICES not in counter.client().get(reverse("counter:index")).content.decode()


# At the hand-over


def hand_over(counter, order, *, token: str, code: str):
    client = counter.client()
    client.cookies[COOKIE] = token
    lines = {"line": [line.pk for c in order.consignments.all() for line in c.lines.all()]}
    lines |= {f"l{pk}-what": "TAKEN" for pk in lines["line"]}
    page = client.get(reverse("counter:order", args=[order.number]))
    data = lines | {
        "nonce": "n1",
        "shown_fen": page.context["due"].total_fen,
        "code": code,
        "do": "hand-over",
    }
    return client.post(reverse("counter:order", args=[order.number]), data)


def test_the_hand_over_notes_the_paired_device(owner, counter):
    device = villages.device(counter.point, by=owner, token="kept")
    order = counter.waiting()

    assert hand_over(counter, order, token="kept", code=code_of(order)).status_code == 302

    assert Collection.objects.get().device_id == device.pk


@pytest.mark.parametrize("case", ["revoked", "another point's", "unknown"])
def test_the_hand_over_notes_no_device_that_is_not_the_points(owner, counter, case):
    where = counter.shop.network.stop if case == "another point's" else counter.point
    device = villages.device(where, by=owner, token="kept")
    if case == "revoked":
        devices.revoke(device, by=owner, at=NOW)
    order = counter.waiting()

    assert hand_over(counter, order, token="other" if case == "unknown" else "kept", code=code_of(order)).status_code

    assert Collection.objects.get().device_id is None


def test_wrong_codes_are_counted_by_device_whoever_types_them(owner, counter):
    device = villages.device(counter.point, by=owner, token="kept")
    order, other = counter.waiting(), counter.waiting()
    for _ in range(proving.TRIES_PER_DEVICE):
        CodeAttempt.objects.create(order=other, point=counter.point, device=device, operator=owner, epoch=1, at=NOW)

    refused = hand_over(counter, order, token="kept", code=code_of(order))

    assert refused.status_code == 422
    assert not Collection.objects.exists()
    assert hand_over(counter, order, token="", code=code_of(order)).status_code == 302
