"""A worker is killed at every named step of routing, mending and redirecting; the next finishes, nothing twice."""

import datetime as dt
import time
from collections import Counter

import pytest
from django.db import transaction

from core import invariants
from core.clock import BEIJING
from core.events import Event
from logistics.models import Consignment, Departure, Leg
from logistics.services import departures, milestones, redirecting, rerouting, routing
from logistics.states import ConsignmentState
from tests.concurrency.killing import killed_at
from tests.factories import logistics, villages
from tests.factories.logistics import MONDAY
from tests.integration.logistics import journeys

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = dt.timedelta(minutes=1)
RECOVERED_WITHIN = 15.0  # seconds from the restart, of which the lease takes ``settings.ROUTING_LEASE_SECONDS``


def sound() -> bool:
    return invariants.findings(["L1"]) == []


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


@pytest.mark.parametrize("step", milestones.ROUTING)
def test_what_a_killed_worker_had_claimed_is_routed_once_by_the_next(step, settings):
    network = logistics.small_network(crates=6)
    made = logistics.consignments([(network.stop, network.point)] * 3, crates=2, held_day=MONDAY.date())

    killed_at(step, lambda: routing.route_waiting(limit=10, at=MONDAY, by="killed"))

    assert sound()
    is_committed = step == milestones.ROUTING[-1]
    assert Leg.objects.count() == (12 if is_committed else 0)
    began = time.monotonic()
    lease = dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS)
    assert routing.route_waiting(limit=10, at=MONDAY + lease, by="next").routed == (0 if is_committed else 3)
    assert settings.ROUTING_LEASE_SECONDS + time.monotonic() - began < RECOVERED_WITHIN
    assert set(Consignment.objects.values_list("state", "route_version")) == {(ConsignmentState.ROUTED, 1)}
    assert Counter(Leg.objects.values_list("consignment_id", flat=True)) == {each.pk: 4 for each in made}
    told = Event.objects.filter(name="consignment.routed").values_list("stream_id", flat=True)
    assert Counter(told) == {each.number: 1 for each in made}
    assert sum(Departure.objects.values_list("taken_out", flat=True)) == 3 * 3 * 2
    assert sum(Departure.objects.values_list("taken_back", flat=True)) == 3 * 2
    assert sound()


@pytest.mark.parametrize("step", milestones.MENDING)
def test_what_a_killed_worker_was_mending_is_mended_once_by_the_next(step):
    journey = journeys.journey()
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    departures.cancel([journey.legs[1].departure], by="test", at=beijing(16, 30), reason="no-vehicle")

    killed_at(step, lambda: rerouting.mend(at=beijing(16, 30)))

    assert sound()
    is_committed = step == milestones.MENDING[-1]
    assert rerouting.mend(at=beijing(16, 31)) == (0 if is_committed else 1)
    row = Consignment.objects.get()
    assert (row.state, row.route_version) == (ConsignmentState.IN_TRANSIT, 2)
    assert list(Leg.objects.in_force().order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3, 4]
    assert Leg.objects.exclude(released_at=None).count() == 3
    assert Event.objects.filter(name="consignment.rerouted").count() == 1
    assert sound()


@pytest.mark.parametrize("step", milestones.REDIRECTING)
def test_a_consignment_that_was_being_redirected_goes_to_the_old_point_until_somebody_asks_again(step):
    journey = journeys.journey()
    other = villages.point("430723002001")
    logistics.round_(journey.network.other_county, dt.time(9), other)
    departures.open_departures(at=MONDAY, until=MONDAY.date() + dt.timedelta(days=5))
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    at = journey.legs[0].arrives_at + MINUTE

    def redirect() -> None:
        with transaction.atomic():
            redirecting.redirect([journey.consignment], point=other, is_agreed=True, by="test", at=at)

    killed_at(step, redirect)

    assert Consignment.objects.get().point_id == journey.network.point.pk
    assert not Event.objects.filter(name="consignment.redirected").exists()
    assert sound()
    redirect()
    assert Consignment.objects.get().point_id == other.pk
    assert list(Leg.objects.in_force().order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3, 4]
    assert Event.objects.filter(name="consignment.redirected").count() == 1
    assert sound()
