"""A parcel at the seller's stop, the people who move it, and a clock that the test moves."""

import datetime as dt

import pytest
from django.test import Client

from core import clock
from logistics.models import HubWorker, Leg, Parcel, Round
from logistics.services import scans
from tests.factories import shop


class Time:
    """What the site takes for the time."""

    def __init__(self) -> None:
        self.at = shop.MONDAY

    def now(self) -> dt.datetime:
        return self.at


@pytest.fixture
def time(monkeypatch) -> Time:
    made = Time()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def made(time) -> shop.Shop:
    return shop.shop()


@pytest.fixture
def worker(made):
    person = shop.user("彭建国")
    HubWorker.objects.create(hub=made.network.county, user=person, since=shop.MONDAY)
    return person


@pytest.fixture
def driver(made):
    person = shop.user("向前进")
    Round.objects.filter(hub=made.network.county).update(driver=person)
    return person


@pytest.fixture
def parcel(made) -> Parcel:
    order = shop.order(made.point, shop.listing(made.seller))
    shop.packed(order)
    parcel = Parcel.objects.get()
    scans.drop(parcel, nonce="drop", by="test", at=shop.MONDAY)
    return parcel


def client_of(person) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client


def leg_of(parcel: Parcel, sequence: int) -> Leg:
    return parcel.consignment.legs.order_by("sequence")[sequence - 1]


def state_of(parcel: Parcel) -> str:
    return Parcel.objects.values_list("state", flat=True).get(pk=parcel.pk)
