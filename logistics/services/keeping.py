"""How long a point keeps what waits there, by storage class and the point's days off."""

import datetime as dt

from django.conf import settings

from core.storage_class import StorageClass
from villages.hours import Opening

TOGETHER = dt.timedelta(hours=6)  # to collect an order whose last part has just come
PERISHABLE = frozenset({StorageClass.CHILLED, StorageClass.FROZEN})


def until(storage_class: str, opening: Opening, *, since: dt.datetime) -> dt.datetime:
    """Return when goods that came to a point at ``since`` fall due.

    Days off do not count for what keeps. Chilled and frozen goods do not keep longer because a shop is closed.
    """
    time = dt.timedelta(hours=settings.COLLECT_WITHIN_HOURS[storage_class])
    return later(storage_class, opening, since=since, time=time)


def with_the_others(
    due: dt.datetime, *, storage_class: str, last: dt.datetime | None, since: dt.datetime
) -> dt.datetime:
    """Return when the first part of an order falls due of which another comes later: not before the whole can be had.

    It is kept some hours past that, but no longer than twice its own time.

    :param last: when the last other part can be collected; None where nothing else comes.
    """
    if last is None:
        return due
    longest = since + 2 * dt.timedelta(hours=settings.COLLECT_WITHIN_HOURS[storage_class])
    return max(due, min(last + TOGETHER, longest))


def later(storage_class: str, opening: Opening, *, since: dt.datetime, time: dt.timedelta) -> dt.datetime:
    """Return when a time to keep goods is over, which began at ``since``: as ``until``, for any time."""
    return since + time if storage_class in PERISHABLE else opening.kept_until(since, time)
