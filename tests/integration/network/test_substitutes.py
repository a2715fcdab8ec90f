"""The page on which another driver is put on a departure, and the two drivers' consoles before and after."""

import pytest
from django.urls import reverse

from logistics.models import Departure
from logistics.states import DepartureState, ParcelState
from tests.factories import logistics, shop
from tests.integration.network.conftest import client_of, leg_of, state_of

pytestmark = pytest.mark.django_db
INDEX = reverse("network:index")


@pytest.fixture
def today(parcel, driver) -> Departure:
    return leg_of(parcel, 1).departure


def page_of(departure: Departure) -> str:
    return reverse("network:departure", args=[departure.pk])


def put_on(person, departure: Departure, **said: str):
    return client_of(person).post(reverse("network:driver", args=[departure.pk]), said)


def test_a_hub_worker_finds_the_page_and_the_drivers_change_places(worker, driver, today, parcel, time):
    other = shop.user("龙师傅")
    assert client_of(other).get(INDEX).status_code == 404
    assert reverse("network:driver", args=[today.pk]) in client_of(worker).get(page_of(today)).content.decode()

    response = put_on(worker, today, driver_phone=other.phone.removeprefix("+86"))

    assert (response.status_code, response["Location"]) == (302, page_of(today))
    assert "龙师傅" in client_of(worker).get(page_of(today)).content.decode()
    assert client_of(driver).get(page_of(today)).status_code == 404
    assert client_of(driver).get(INDEX).status_code == 200, "the other days stay"
    assert client_of(other).get(INDEX).status_code == 200
    time.at = today.departs_at
    for person, nonce, status in ((driver, "n1", 404), (other, "n2", 302)):
        sent = client_of(person).post(page_of(today), {"number": parcel.number, "nonce": nonce})
        assert sent.status_code == status
    assert state_of(parcel) == ParcelState.LOADED


def test_a_substitute_is_nobody_here_again_when_the_day_is_over(worker, today, time):
    other = shop.user()
    put_on(worker, today, driver_phone=other.phone)
    assert client_of(other).get(INDEX).status_code == 200

    time.at = today.departs_at.replace(day=today.departs_at.day + 2)

    assert client_of(other).get(INDEX).status_code == 404


def test_the_own_driver_is_chosen_back_from_the_list(worker, driver, today):
    put_on(worker, today, driver_phone=shop.user().phone)
    page = client_of(worker).get(reverse("network:driver", args=[today.pk])).content.decode()
    assert "向前进（本班线司机）" in page

    assert put_on(worker, today, driver="own").status_code == 302

    assert Departure.objects.get(pk=today.pk).driver is None


def test_a_planner_comes_from_the_round_and_goes_back_to_it(today):
    planner, line = logistics.planner("430726000000"), reverse("network:planning-line", args=[today.round.code])
    assert reverse("network:driver", args=[today.pk]) in client_of(planner).get(line).content.decode()

    response = put_on(planner, today, driver_phone=shop.user().phone)

    assert (response.status_code, response["Location"]) == (302, line)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "请选一位司机，或填手机号。"),
        ({"driver": "999999"}, 'class="err"'),
        ({"driver_phone": "13999999999"}, "没有用这个手机号的账号"),
        ({"driver_phone": "12"}, "没有用这个手机号的账号"),
    ],
)
def test_who_cannot_drive_is_refused_above_the_field(worker, today, said, words):
    response = put_on(worker, today, **said)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert Departure.objects.get(pk=today.pk).driver is None


def test_whoever_has_another_round_then_is_refused_with_its_name(made, worker, today):
    busy = shop.user()
    elsewhere = Departure.objects.get(round__hub=made.network.other_county, departs_at=today.departs_at)
    Departure.objects.filter(pk=elsewhere.pk).update(driver=busy)

    response = put_on(worker, today, driver_phone=busy.phone)

    assert response.status_code == 422
    assert elsewhere.round.name in response.content.decode()


def test_a_departure_that_ended_shows_no_choice(worker, today):
    Departure.objects.filter(pk=today.pk).update(state=DepartureState.ARRIVED)

    page = client_of(worker).get(reverse("network:driver", args=[today.pk])).content.decode()

    assert "换这位司机" not in page
    assert put_on(worker, today, driver_phone=shop.user().phone).status_code == 422
