"""Open points at which no round calls are named to the planner of their division, and to no other."""

import pytest
from django.urls import reverse

from core import clock
from logistics.models import RoundStop
from tests.factories import logistics, villages
from tests.factories.logistics import MONDAY
from tests.integration.network.test_planning import client_of
from villages.states import PointState

pytestmark = pytest.mark.django_db
ROUNDS = reverse("network:planning-rounds")


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


def test_the_planner_of_its_division_is_told_of_a_new_point():
    logistics.small_network()
    new = villages.point("430726001009")
    elsewhere = villages.point("430100001001")

    shown = client_of(logistics.planner("430700000000")).get(ROUNDS).content.decode()

    assert new.code in shown
    assert elsewhere.code not in shown


@pytest.mark.parametrize("state", [PointState.SUSPENDED, PointState.CLOSING, PointState.CLOSED, PointState.APPLIED])
def test_a_point_that_is_not_open_needs_no_round(state):
    logistics.small_network()
    new = villages.point("430726001009")
    type(new).objects.filter(pk=new.pk).update(state=state)

    assert new.code not in client_of(logistics.planner("430700000000")).get(ROUNDS).content.decode()


def test_a_point_on_a_round_is_not_named_until_that_round_has_ended():
    network = logistics.small_network()
    planner = client_of(logistics.planner("430700000000"))
    assert network.point.code not in planner.get(ROUNDS).content.decode()

    for stop in RoundStop.objects.filter(point=network.point).select_related("round"):
        type(stop.round).objects.filter(pk=stop.round.pk).update(valid_to=MONDAY.date())

    assert network.point.code in planner.get(ROUNDS).content.decode()
