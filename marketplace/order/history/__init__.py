"""The demonstration's history: two years of orders, seasonal by harvest, through the same events, ledger and readers.

Whole days are written in one transaction each, set-based, as the services would have left them: placed, packed,
collected, some rejected, late, cancelled or never collected. The rows hold no personal data. Each day is drawn from its
own seed, so that loading can stop anywhere and go on.
"""

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from core.models import Bookmark
from marketplace.order.history.drafts import World
from marketplace.order.history.writing import MARK, write_day

DAYS = 730


def load(*, until: dt.date, progress: Callable[[int, int, int], None] = lambda done, days, orders: None) -> int:
    """Write the days that are not there yet, up to the day before ``until``, and return how many orders.

    :param progress: called with (days done, days in all, orders written in this run) after each day.
    """
    mark, _ = Bookmark.objects.get_or_create(
        reader=MARK, defaults={"position": (until - dt.timedelta(DAYS)).toordinal()}
    )
    first = (until - dt.timedelta(DAYS)).toordinal()
    world = World(days=DAYS)
    written = 0
    for ordinal in range(mark.position, until.toordinal()):
        day = dt.date.fromordinal(ordinal)
        with transaction.atomic():
            written += write_day(list(world.day(day, ordinal - first)))
            Bookmark.objects.filter(reader=MARK).update(position=ordinal + 1)
        progress(ordinal + 1 - first, DAYS, written)
    return written
