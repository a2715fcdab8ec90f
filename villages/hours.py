"""A point's week of opening hours, in whole seconds, for those who ask thousands of times.

China keeps one time without daylight saving, so a moment's place in the week is arithmetic.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable

from core.clock import BEIJING

DAY, WEEK = 86_400, 7 * 86_400
_AHEAD = int(dt.datetime(1970, 1, 5, tzinfo=BEIJING).timestamp())  # a Monday's first second in Beijing


class Week:
    """Opening hours as spans of seconds from Monday's first second.

    :param hours: (weekday from 0, opens, closes); a point is open from the one on and no longer at the other.
    """

    __slots__ = ("_closes", "_spans")

    def __init__(self, hours: Iterable[tuple[int, dt.time, dt.time]]):
        self._spans = sorted((day * DAY + _seconds(start), day * DAY + _seconds(end)) for day, start, end in hours)
        self._closes = [closes for _, closes in self._spans]

    def is_open(self, at: int) -> bool:
        """Tell whether it is open at a moment, in seconds since 1970."""
        return self.next_opening(at) == at

    def next_opening(self, at: int) -> int | None:
        """Return the first second from ``at`` on at which it is open; None for one that never is."""
        if not self._spans:
            return None
        place = (at - _AHEAD) % WEEK
        found = bisect_right(self._closes, place)
        opens = self._spans[found][0] if found < len(self._spans) else self._spans[0][0] + WEEK
        return at + max(0, opens - place)

    def last_closing(self, at: int) -> int | None:
        """Return the last second up to ``at`` at which it closed; None for one that never opens."""
        if not self._spans:
            return None
        place = (at - _AHEAD) % WEEK
        found = bisect_right(self._closes, place)
        return at - place + (self._closes[found - 1] if found else self._closes[-1] - WEEK)


def _seconds(time: dt.time) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second
