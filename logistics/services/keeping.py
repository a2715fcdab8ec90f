"""How long a point keeps what waits there, by storage class and the point's days off."""

import datetime as dt

from django.conf import settings

from core.storage_class import StorageClass
from villages.hours import Opening

PERISHABLE = frozenset({StorageClass.CHILLED, StorageClass.FROZEN})


def until(storage_class: str, opening: Opening, *, since: dt.datetime) -> dt.datetime:
    """Return when goods that came to a point at ``since`` fall due.

    Days off do not count for what keeps. Chilled and frozen goods do not keep longer because a shop is closed.
    """
    time = dt.timedelta(hours=settings.COLLECT_WITHIN_HOURS[storage_class])
    return later(storage_class, opening, since=since, time=time)


def later(storage_class: str, opening: Opening, *, since: dt.datetime, time: dt.timedelta) -> dt.datetime:
    """Return when a time to keep goods is over, which began at ``since``: as ``until``, for any time."""
    return since + time if storage_class in PERISHABLE else opening.kept_until(since, time)
