"""A point's week of opening hours, in whole seconds, for those who ask thousands of times.

China keeps one time without daylight saving, so a moment's place in the week is arithmetic.
"""

import datetime as dt
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.clock import BEIJING

DAY, WEEK = 86_400, 7 * 86_400
ONE_DAY = dt.timedelta(days=1)
_AHEAD = int(dt.datetime(1970, 1, 5, tzinfo=BEIJING).timestamp())  # a Monday's first second in Beijing


Days = tuple[dt.date, dt.date]
"""The first and the last day of a stretch."""


class Week:
    """Opening hours as spans of seconds from Monday's first second, without the days on which it stays closed.

    :param hours: (weekday from 0, opens, closes); a point is open from the one on and no longer at the other.
    :param closed: stretches of days, in Beijing, on which it does not open at all.
    """

    __slots__ = ("_closed", "_closes", "_spans")

    def __init__(self, hours: Iterable[tuple[int, dt.time, dt.time]], closed: Iterable[Days] = ()):
        self._spans = sorted((day * DAY + _seconds(start), day * DAY + _seconds(end)) for day, start, end in hours)
        self._closes = [closes for _, closes in self._spans]
        self._closed = sorted((_midnight(first), _midnight(last) + DAY) for first, last in closed)

    def is_open(self, at: int) -> bool:
        """Tell whether it is open at a moment, in seconds since 1970."""
        return self.next_opening(at) == at

    def next_opening(self, at: int) -> int | None:
        """Return the first second from ``at`` on at which it is open; None for one that never is."""
        if not self._spans:
            return None
        opens = self._opens(at)
        for begins, ends in self._closed:
            if begins <= opens < ends:
                opens = self._opens(ends)
        return opens

    def last_closing(self, at: int) -> int | None:
        """Return the last second up to ``at`` at which it closed; None for one that never opens."""
        if not self._spans:
            return None
        closes = self._closed_by(at)
        for begins, ends in reversed(self._closed):
            if begins <= closes < ends:
                closes = self._closed_by(begins)
        return closes

    def closed_days(self, first: dt.date, last: dt.date) -> list[Days]:
        """Return the stretches of whole days within ``first`` to ``last`` on which it does not open.

        Nothing is known of one that never opens.
        """
        opens_on = {begins // DAY for begins, _ in self._spans}
        stretches: list[Days] = []
        for number in range((last - first).days + 1 if opens_on else 0):
            day = first + number * ONE_DAY
            if day.weekday() in opens_on and not any(begins <= _midnight(day) < ends for begins, ends in self._closed):
                continue
            if stretches and stretches[-1][1] == day - ONE_DAY:
                stretches[-1] = stretches[-1][0], day
            else:
                stretches.append((day, day))
        return stretches

    def _opens(self, at: int) -> int:
        place = (at - _AHEAD) % WEEK
        found = bisect_right(self._closes, place)
        opens = self._spans[found][0] if found < len(self._spans) else self._spans[0][0] + WEEK
        return at + max(0, opens - place)

    def _closed_by(self, at: int) -> int:
        place = (at - _AHEAD) % WEEK
        found = bisect_right(self._closes, place)
        return at - place + (self._closes[found - 1] if found else self._closes[-1] - WEEK)


@dataclass(frozen=True)
class Opening:
    """When a point is open: its usual hours of the week, and the days on which it stays closed.

    :param hours: (weekday from 0, opens, closes), in order.
    """

    hours: Sequence[tuple[int, dt.time, dt.time]]
    closed: Sequence[Days] = ()

    @cached_property
    def week(self) -> Week:
        return Week(self.hours, self.closed)

    def is_closed_on(self, day: dt.date) -> bool:
        """Tell whether it stays closed all day though it may be a weekday on which it opens."""
        return any(first <= day <= last for first, last in self.closed)

    def today(self, at: dt.datetime) -> list[tuple[dt.time, dt.time]]:
        """Return when it is open on the day of ``at`` in Beijing."""
        local = at.astimezone(BEIJING)
        if self.is_closed_on(local.date()):
            return []
        return [(opens, closes) for day, opens, closes in self.hours if day == local.weekday()]

    def is_open_at(self, at: dt.datetime) -> bool:
        """Tell whether it is open at a moment."""
        return self.week.is_open(int(at.timestamp()))

    def next_opening(self, at: dt.datetime) -> dt.datetime | None:
        """Return the first moment from ``at`` on at which it is open; None for one that never is."""
        opens = self.week.next_opening(math.ceil(at.timestamp()))
        return dt.datetime.fromtimestamp(opens, tz=dt.UTC) if opens is not None else None

    def kept_until(self, since: dt.datetime, time: dt.timedelta) -> dt.datetime:
        """Return when a time that counts only on days without a holiday is over."""
        until = since + time
        for first, last in sorted(self.closed):
            begins = max(since, _moment(first))
            if begins < until:
                until += max(dt.timedelta(0), _moment(last + ONE_DAY) - begins)
        return until


def _moment(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=BEIJING)


def _midnight(day: dt.date) -> int:
    return int(_moment(day).timestamp())


def _seconds(time: dt.time) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second
