"""The calendar: closing days, and opening them again. Departures ahead follow at once."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics.models import Closure, Lane, Round
from logistics.services import openings
from logistics.services.departures import TIMETABLES
from logistics.services.openings import Effect
from logistics.services.timetables import divisions_of, plans_lanes
from logistics.states import ClosureKind, ClosureScope
from villages import codes as divisions
from villages.models import Division

STREAM = "closure"
LONGEST_DAYS = 31
FURTHEST_DAYS = 730


class UnableToClose(Exception):
    """Days cannot be closed, or opened again; the sentence is for the person who asked."""

    def __init__(self, text: str, *, field: str = ""):
        self.field = field
        super().__init__(text)


@dataclass(frozen=True)
class Days:
    """Days of a division's calendar, both included, and what does not run on them."""

    division: str
    kind: str
    scope: str
    name: str
    first_day: dt.date
    last_day: dt.date


def preview(days: Days, *, by, at: dt.datetime) -> Effect:
    """Return what closing would do; raise as ``close`` does. Nothing is changed."""
    with openings.rehearsal():
        return close(days, by=by, at=at)[1]


def close(days: Days, *, by, at: dt.datetime) -> tuple[Closure, Effect]:
    """Enter days in the calendar; the departures that no longer run are cancelled, their goods re-routed.

    :raises UnableToClose: for days that are past, that make no sense, or outside the planner's division.
    """
    _refuse(days, at=at)
    _permit(days.division, days.scope, by=by)
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        made = Closure.objects.create(
            division_id=days.division,
            kind=days.kind,
            scope=days.scope,
            name=days.name.strip(),
            first_day=days.first_day,
            last_day=days.last_day,
        )
        effect = _follow(made, by=by, at=at)
        events.append([_told(made, "closure.entered")], by=by, at=at)
    return made, effect


def lift(closure: Closure, *, by, at: dt.datetime) -> Effect:
    """Take days out of the calendar; what runs on them is opened again, without what was to ride on it.

    :raises UnableToClose: when somebody did so before, when the days are past, or outside the planner's division.
    """
    _permit(closure.division_id, closure.scope, by=by)
    if closure.last_day < day_of(at):
        raise UnableToClose(_("These days are past."))
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        if not Closure.objects.in_force().filter(pk=closure.pk).update(lifted_at=at):
            raise UnableToClose(_("These days are open again already."))
        effect = _follow(closure, by=by, at=at)
        events.append([_told(closure, "closure.lifted")], by=by, at=at)
    return effect


def may_change(closure: Closure, *, own: Collection[str]) -> bool:
    """Tell whether planners of some divisions may change an entry of the calendar."""
    return _is_own(closure.division_id, closure.scope, own)


def _refuse(days: Days, *, at: dt.datetime) -> None:
    today = day_of(at)
    if days.kind not in ClosureKind.values or days.scope not in ClosureScope.values:
        raise UnableToClose(_("Please choose what stops."), field="scope")
    if not days.name.strip():
        raise UnableToClose(_("Please say what these days are called."), field="name")
    if days.last_day < days.first_day:
        raise UnableToClose(_("The last day is before the first."), field="last_day")
    if days.first_day < today or days.last_day > today + dt.timedelta(days=FURTHEST_DAYS):
        raise UnableToClose(_("Days can be entered from today on, and within two years."), field="first_day")
    if (days.last_day - days.first_day).days >= LONGEST_DAYS:
        raise UnableToClose(_("At most %(most)d days at once.") % {"most": LONGEST_DAYS}, field="last_day")
    if days.kind == ClosureKind.MAKE_UP_WORKDAY and days.scope != ClosureScope.NOTHING:
        raise UnableToClose(_("On a working day nothing stops."), field="scope")


def _permit(division: str, scope: str, *, by) -> None:
    own = ["430000000000"] if isinstance(by, str) else divisions_of(by)
    if not Division.objects.filter(pk=division).exists() or not _is_own(division, scope, own):
        raise UnableToClose(_("This is not in the division that you plan."), field="division")


def _is_own(division: str, scope: str, own: Collection[str]) -> bool:
    lanes_stop = scope in (ClosureScope.LANES, ClosureScope.ALL)
    return any(divisions.is_within(division, code) for code in (plans_lanes(own) if lanes_stop else own))


def _follow(closure: Closure, *, by, at: dt.datetime) -> Effect:
    first = max(closure.first_day, day_of(at))
    code = closure.division_id
    touched = [
        *Lane.objects.within(code).values_list("code", flat=True),
        *Round.objects.within(code).values_list("code", flat=True),
    ]
    return openings.realign(codes=set(touched), since=first, until=closure.last_day, by=by, at=at, reason="closure")


def _told(closure: Closure, name: str) -> NewEvent:
    return NewEvent(
        STREAM,
        closure.pk,
        name,
        {
            "division": closure.division_id,
            "kind": closure.kind,
            "scope": closure.scope,
            "first_day": closure.first_day.isoformat(),
            "last_day": closure.last_day.isoformat(),
        },
    )
