import datetime as dt

import pytest
from django.utils import timezone

from core import clock

pytestmark = pytest.mark.django_db


def test_the_clock_of_a_deployment_does_not_move(settings):
    settings.MOVABLE_CLOCK = False

    with pytest.raises(clock.UnableToMoveClock):
        clock.advance(dt.timedelta(hours=1))

    assert abs(clock.now() - timezone.now()) < dt.timedelta(seconds=2)


def test_the_demonstrations_clock_goes_ahead_and_never_back(settings, monkeypatch):
    settings.MOVABLE_CLOCK = True
    monkeypatch.setattr(clock, "_cached", None)

    clock.advance(dt.timedelta(hours=30))

    assert abs(clock.now() - timezone.now() - dt.timedelta(hours=30)) < dt.timedelta(seconds=2)
    with pytest.raises(clock.UnableToMoveClock):
        clock.advance(dt.timedelta(hours=-1))
    monkeypatch.setattr(clock, "_cached", None)


def test_a_day_is_beijings():
    assert clock.day_of(dt.datetime(2026, 3, 1, 16, 30, tzinfo=dt.UTC)) == dt.date(2026, 3, 2)
    assert clock.day_of(dt.datetime(2026, 3, 1, 15, 59, tzinfo=dt.UTC)) == dt.date(2026, 3, 1)
