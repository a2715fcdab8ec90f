"""Departures (班次): opening them from the timetables, day by day."""

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q

from core.clock import BEIJING, day_of
from logistics.models import Departure, Lane, Round

_BATCH = 2000


def open_departures(*, at: dt.datetime, until: dt.date | None = None) -> int:
    """Open the departures of every lane and round from today to ``until``, both included; return how many are new.

    :param until: by default ``settings.DEPARTURE_HORIZON_DAYS`` ahead.

    What is open already stays as it is, so that this can run as often as it likes.
    """
    since = day_of(at)
    until = until or since + dt.timedelta(days=settings.DEPARTURE_HORIZON_DAYS)
    days = [since + dt.timedelta(days=n) for n in range((until - since).days + 1)]
    if not days:
        return 0
    held = set(Departure.objects.filter(day__range=(days[0], days[-1])).values_list("lane_id", "round_id", "day"))
    fresh = [
        departure for departure in _due(days) if (departure.lane_id, departure.round_id, departure.day) not in held
    ]
    Departure.objects.bulk_create(fresh, batch_size=_BATCH, ignore_conflicts=True)
    return len(fresh)


def _due(days: list[dt.date]) -> Iterator[Departure]:
    """Yield the departures of the days, unsaved, by day and time."""
    valid = Q(valid_from__lte=days[-1]) & (Q(valid_to=None) | Q(valid_to__gt=days[0]))
    timetables = [
        *Lane.objects.filter(valid).order_by("departs", "pk"),
        *Round.objects.filter(valid).order_by("departs", "pk"),
    ]
    for day in days:
        for timetable in timetables:
            if (
                str(day.isoweekday()) in timetable.weekdays
                and timetable.valid_from <= day
                and (timetable.valid_to is None or day < timetable.valid_to)
            ):
                departs_at = dt.datetime.combine(day, timetable.departs, tzinfo=BEIJING).astimezone(dt.UTC)
                yield Departure(
                    lane_id=timetable.pk if isinstance(timetable, Lane) else None,
                    round_id=timetable.pk if isinstance(timetable, Round) else None,
                    day=day,
                    departs_at=departs_at,
                    arrives_at=departs_at + dt.timedelta(minutes=timetable.duration_minutes),
                    crates=timetable.crates,
                )
