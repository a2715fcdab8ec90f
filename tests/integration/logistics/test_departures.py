import datetime as dt

import pytest

from core.clock import BEIJING
from logistics.models import Departure, Lane, Round
from logistics.services import departures
from tests.factories import logistics
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 2)
WEEK = TODAY + dt.timedelta(days=6)


def test_each_day_has_a_departure_of_every_lane_and_round():
    logistics.small_network(open_at=None)

    opened = departures.open_departures(at=MONDAY, until=WEEK)

    assert opened == 7 * (8 + 4)
    assert Departure.objects.count() == opened
    lane = Lane.objects.order_by("pk").first()
    first = lane.departures.get(day=TODAY)
    assert first.departs_at == dt.datetime.combine(TODAY, lane.departs, tzinfo=BEIJING)
    assert first.arrives_at == first.departs_at + dt.timedelta(minutes=lane.duration_minutes)
    assert first.crates == lane.crates


def test_opening_again_opens_only_what_is_missing():
    logistics.small_network(open_at=None)
    departures.open_departures(at=MONDAY, until=TODAY)
    Departure.objects.update(taken_out=3)

    assert departures.open_departures(at=MONDAY, until=TODAY) == 0
    assert departures.open_departures(at=MONDAY, until=TODAY + dt.timedelta(days=1)) == 12

    assert Departure.objects.filter(taken_out=3).count() == 12


def test_the_horizon_is_a_setting(settings):
    logistics.small_network(open_at=None)
    settings.DEPARTURE_HORIZON_DAYS = 2

    departures.open_departures(at=MONDAY)

    assert set(Departure.objects.values_list("day", flat=True)) == {TODAY + dt.timedelta(days=n) for n in range(3)}


def test_a_timetable_runs_on_its_weekdays_and_within_its_validity():
    logistics.small_network(open_at=None)
    Lane.objects.update(weekdays="36")
    Round.objects.update(valid_from=TODAY + dt.timedelta(days=1), valid_to=TODAY + dt.timedelta(days=3))

    departures.open_departures(at=MONDAY, until=WEEK)

    lanes = set(Departure.objects.filter(round=None).values_list("day", flat=True))
    rounds = set(Departure.objects.filter(lane=None).values_list("day", flat=True))
    assert {day.isoweekday() for day in lanes} == {3, 6}
    assert rounds == {TODAY + dt.timedelta(days=1), TODAY + dt.timedelta(days=2)}


def test_days_that_are_past_are_not_opened():
    logistics.small_network(open_at=None)

    assert departures.open_departures(at=MONDAY, until=TODAY - dt.timedelta(days=1)) == 0
