"""The clock of the edges.

Views, commands and tasks ask ``now()`` and hand the answer down as ``at``; nothing below them reads a clock.
In the demonstration the clock may stand ahead of the wall by a stored offset (``settings.MOVABLE_CLOCK``).
"""

import datetime as dt
import time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

BEIJING = ZoneInfo("Asia/Shanghai")
_CACHE_SECONDS = 0.5
_cached: tuple[float, dt.timedelta] | None = None


class UnableToMoveClock(Exception):
    """The clock of this deployment is not movable, or would go backwards."""


def now() -> dt.datetime:
    """Return the time by which the marketplace acts, in UTC."""
    if not settings.MOVABLE_CLOCK:
        return timezone.now()
    return timezone.now() + _offset()


def today(at: dt.datetime | None = None) -> dt.date:
    """Return the day in Beijing time on which ``at`` (default: now) falls."""
    return day_of(at or now())


def day_of(at: dt.datetime) -> dt.date:
    """Return the day in Beijing time on which ``at`` falls."""
    return at.astimezone(BEIJING).date()


def beginning_of(day: dt.date) -> dt.datetime:
    """Return the moment at which a day begins in Beijing."""
    return dt.datetime.combine(day, dt.time(0), tzinfo=BEIJING)


def day_span(at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return the beginning and the end of the day in Beijing on which a moment falls."""
    begin = beginning_of(day_of(at))
    return begin, begin + dt.timedelta(days=1)


def advance(by: dt.timedelta) -> dt.datetime:
    """Move the stored clock ahead and return its new time; raise ``UnableToMoveClock`` where it may not move."""
    global _cached
    if not settings.MOVABLE_CLOCK:
        raise UnableToMoveClock("the clock of this deployment is not movable")
    if by < dt.timedelta(0):
        raise UnableToMoveClock("the clock does not go backwards")
    from core.models import ClockOffset  # models import the clock

    row, _ = ClockOffset.objects.get_or_create(pk=1)
    row.offset += by
    row.save(update_fields=["offset"])
    _cached = None
    return now()


def _offset() -> dt.timedelta:
    global _cached
    if _cached is None or time.monotonic() - _cached[0] > _CACHE_SECONDS:
        from core.models import ClockOffset  # models import the clock

        row = ClockOffset.objects.filter(pk=1).first()
        _cached = (time.monotonic(), row.offset if row else dt.timedelta(0))
    return _cached[1]
