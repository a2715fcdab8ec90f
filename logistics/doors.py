"""What a point's hours mean for what comes there: when it is handed over, and which vehicles come in vain."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings

from core.clock import BEIJING
from logistics.connections import Closing
from villages.hours import ONE_DAY, Week

SHELVING = dt.timedelta(minutes=30)  # from the vehicle's arrival until the parcels stand on the shelf
_SHELVING = int(SHELVING.total_seconds())
_QUARTER = 15 * 60  # promises are told in quarters of an hour, the later one


def handed_over_from(week: Week, arrives: int) -> dt.datetime | None:
    """Return when a point with these hours can hand over what arrives at a moment; None for one that never opens.

    :param arrives: in seconds since 1970.
    """
    opens = week.next_opening(_to_quarter(arrives + _SHELVING))
    return dt.datetime.fromtimestamp(opens, tz=dt.UTC) if opens is not None else None


def first_arrival_for(week: Week, day: dt.date) -> int:
    """Return the earliest arrival, in seconds since 1970, after which nothing is handed over before a day begins.

    What arrives after the shop has closed in the evening is handed over in the morning.
    """
    closed = week.last_closing(_midnight(day))
    return max(0, _to_quarter(closed) - _QUARTER + 1 - _SHELVING) if closed is not None else 0


def closings(week: Week, first: dt.date, last: dt.date) -> list[Closing]:
    """Return the days within ``first`` to ``last`` on which vehicles come to a point with these hours in vain."""
    return [
        Closing(first_arrival_for(week, ends + ONE_DAY), _midnight(begins), _midnight(ends + ONE_DAY))
        for begins, ends in week.closed_days(first, last)
    ]


def lies_too_long(found: Iterable[Closing], *, storage_class: str, at: int, until: int) -> bool:
    """Tell whether goods would wait for a point to open again for more than twice as long as it keeps them.

    :param at: from when they could come, in seconds since 1970. :param until: when they do.
    """
    longest = 2 * 3600 * settings.COLLECT_WITHIN_HOURS[storage_class]
    between = [each for each in found if at < each.ends and each.begins < until]
    return any(each.ends - max(each.too_late, at) > longest for each in between)


def _midnight(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), tzinfo=BEIJING).timestamp())


def _to_quarter(seconds: int) -> int:
    return -(-seconds // _QUARTER) * _QUARTER
