"""Two planners change one lane at once, and a change meets the opening of departures."""

import datetime as dt
from dataclasses import replace

import pytest

from core.invariants import findings
from logistics import drafts
from logistics.models import Departure, Lane
from logistics.services import departures, timetables
from logistics.services.timetables import Change, UnableToChangeTimetable
from logistics.states import DepartureState
from tests.concurrency.racing import race
from tests.factories import logistics
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
WEDNESDAY = dt.date(2026, 3, 4)


@pytest.fixture
def lane(settings) -> Lane:
    settings.DEPARTURE_HORIZON_DAYS = 5
    network = logistics.small_network()
    return Lane.objects.filter(origin=network.county).order_by("departs").first()


def changing(lane: Lane, person, *, hour: int, seen: int | None):
    draft = replace(drafts.of(lane), departs=dt.time(hour))
    return lambda: timetables.apply([Change(lane.code, draft, seen)], from_date=WEDNESDAY, by=person, at=MONDAY)


def versions(lane: Lane) -> int:
    return Lane.objects.that_run().filter(code=lane.code).count()


def test_of_two_planners_who_change_one_lane_at_once_one_is_told(lane):
    people = [logistics.planner("430700000000"), logistics.planner("430000000000")]
    seen = timetables.revision_of(lane.code)

    outcomes = race([changing(lane, person, hour=12 + n, seen=seen) for n, person in enumerate(people)] * 2)

    assert sum(isinstance(outcome, UnableToChangeTimetable) for outcome in outcomes) == 3, outcomes
    assert versions(lane) == 2
    assert findings(["T1"]) == []
    for day in (WEDNESDAY, WEDNESDAY + dt.timedelta(days=1)):
        assert Departure.objects.filter(lane__code=lane.code, day=day, state=DepartureState.SCHEDULED).count() == 1


def test_without_what_they_saw_the_last_one_silently_undoes_the_others(lane):
    people = [logistics.planner("430700000000"), logistics.planner("430000000000")]

    outcomes = race([changing(lane, person, hour=12 + n, seen=None) for n, person in enumerate(people)])

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert versions(lane) == 2


def test_a_change_and_the_opening_of_departures_agree(lane):
    Departure.objects.filter(day__gte=WEDNESDAY).delete()
    person = logistics.planner("430700000000")

    outcomes = race([changing(lane, person, hour=12, seen=0), lambda: departures.open_departures(at=MONDAY)])

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
    open_ = Departure.objects.filter(lane__code=lane.code, day__gte=WEDNESDAY, state=DepartureState.SCHEDULED)
    assert {row.lane.departs for row in open_.select_related("lane")} == {dt.time(12)}
    assert open_.count() == 4
