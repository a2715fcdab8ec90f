"""What an owner changes of a point: hours, days off, crates; what is on its way and what waits follow."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from logistics.services import shop_hours
from villages.models import PickupPoint, PointCapacity, PointHoliday
from villages.services import holidays, points


def set_hours(point: PickupPoint, *, hours: points.Hours, by, at: dt.datetime) -> int:
    """Replace the opening hours; return how many consignments can now be expected at another time.

    :raises points.UnableToApply: when they are none, overlap, or end before they begin.
    """
    before = shop_hours.foreseen(point)
    points.set_hours(point, hours=hours, by=by, at=at)
    shop_hours.reconsider(point, by=by, at=at)
    return shop_hours.changed(before, point)


def announce(
    point: PickupPoint, *, first_day: dt.date, last_day: dt.date, note: str, by, at: dt.datetime
) -> tuple[PointHoliday, int, int]:
    """Announce days off.

    :returns: them, how many consignments wait at the point, and how many come at another time for them.
    :raises holidays.UnableToAnnounce: with a sentence for the person.
    """
    before = shop_hours.foreseen(point)
    with transaction.atomic():
        made = holidays.announce(point, first_day=first_day, last_day=last_day, note=note, by=by, at=at)
        waiting = shop_hours.keep_over(made, by=by, at=at)
    shop_hours.reconsider(point, by=by, at=at)
    return made, waiting, shop_hours.changed(before, point)


def withdraw(holiday: PointHoliday, *, by, at: dt.datetime) -> int:
    """Withdraw days off; return how many consignments can now be expected at another time.

    :raises holidays.UnableToWithdraw: when they are over, or were withdrawn before.
    """
    before = shop_hours.foreseen(holiday.point)
    holidays.withdraw(holiday, by=by, at=at)
    shop_hours.reconsider(holiday.point, by=by, at=at)
    shop_hours.bring_forward(holiday.point, by=by, at=at)
    return shop_hours.changed(before, holiday.point)


@transaction.atomic
def set_crates(point: PickupPoint, *, crates: Mapping[str, int], by, at: dt.datetime) -> None:
    """Set the crates a day by storage class; those that stay as they are are not touched."""
    now = dict(PointCapacity.objects.filter(point=point).values_list("storage_class", "crates_per_day"))
    for storage_class, number in sorted(crates.items()):
        if now.get(storage_class, 0) != number:
            points.set_capacity(point, storage_class=storage_class, crates_per_day=number, by=by, at=at)
