"""Days on which a point stays closed: announced by its owner, and withdrawn while they are not over."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from villages.models import PickupPoint, PointHoliday

LONGEST_DAYS = 31
AHEAD_DAYS = 366


class UnableToAnnounce(Exception):
    """The days are past, too many, too far ahead, or meet others; the sentence says which."""


class UnableToWithdraw(Exception):
    """The days are over, or were withdrawn before."""


def announce(
    point: PickupPoint, *, first_day: dt.date, last_day: dt.date, note: str, by, at: dt.datetime
) -> PointHoliday:
    """Announce that a point stays closed from one day to another, both included.

    :raises UnableToAnnounce: with a sentence for the person.
    """
    today = day_of(at)
    if last_day < first_day:
        raise UnableToAnnounce(_("The last day lies before the first."))
    if first_day <= today:
        raise UnableToAnnounce(_("A day off begins tomorrow at the earliest, so that buyers can be told."))
    if (last_day - first_day).days >= LONGEST_DAYS:
        raise UnableToAnnounce(_("At most %(days)d days at a time.") % {"days": LONGEST_DAYS})
    if (last_day - today).days > AHEAD_DAYS:
        raise UnableToAnnounce(_("At most one year ahead."))
    with transaction.atomic():
        locks.mutex(f"point-holidays:{point.pk}")
        here = PointHoliday.objects.filter(point=point, withdrawn_at=None)
        if here.filter(first_day__lte=last_day, last_day__gte=first_day).exists():
            raise UnableToAnnounce(_("Some of these days are announced already."))
        made = PointHoliday.objects.create(
            point=point, first_day=first_day, last_day=last_day, note=note, made_by=by, made_at=at
        )
        events.append([_event("point.holiday_announced", made)], by=by, at=at)
    return made


def withdraw(holiday: PointHoliday, *, by, at: dt.datetime) -> None:
    """Let a point be open as usual after all.

    :raises UnableToWithdraw: when the days are over, or it was withdrawn before.
    """
    live = PointHoliday.objects.filter(pk=holiday.pk, withdrawn_at=None, last_day__gte=day_of(at))
    with transaction.atomic():
        if not live.update(withdrawn_at=at):
            raise UnableToWithdraw(_("These days are over, or were withdrawn already."))
        events.append([_event("point.holiday_withdrawn", holiday)], by=by, at=at)


def _event(name: str, holiday: PointHoliday) -> NewEvent:
    days = {"first_day": holiday.first_day.isoformat(), "last_day": holiday.last_day.isoformat()}
    return NewEvent("point", holiday.point_id, name, {"holiday": holiday.pk, **days})
