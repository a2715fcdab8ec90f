"""Which departures are due on which days: timetables, calendars and open hubs together; reads, writes nothing."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence

from django.db.models import Q

from core.clock import BEIJING
from logistics.models import Closure, Departure, Lane, Round
from logistics.states import ClosureKind, ClosureScope
from villages import codes as divisions

WORKDAYS = frozenset("12345")


def due(days: Sequence[dt.date], *, codes: Collection[str] | None = None) -> Iterator[Departure]:
    """Yield the departures of some days in their order, unsaved, by day and time; each knows its lane or round.

    :param codes: only of these lanes and rounds; by default of all.
    """
    if not days:
        return
    valid = Q(valid_from__lte=days[-1]) & (Q(valid_to=None) | Q(valid_to__gt=days[0]))
    if codes is not None:
        valid &= Q(code__in=codes)
    timetables = [
        *Lane.objects.filter(valid).select_related("origin", "destination").order_by("departs", "pk"),
        *Round.objects.filter(valid).select_related("hub").order_by("departs", "pk"),
    ]
    calendar = list(Closure.objects.in_force().during(days[0], days[-1]))
    for day in days:
        closures = [closure for closure in calendar if closure.first_day <= day <= closure.last_day]
        for timetable in timetables:
            if timetable.is_valid_on(day) and runs(timetable, day, closures):
                yield departure_of(timetable, day)


def departure_of(timetable: Lane | Round, day: dt.date) -> Departure:
    """Return the departure of a version on a day, unsaved."""
    departs_at = dt.datetime.combine(day, timetable.departs, tzinfo=BEIJING).astimezone(dt.UTC)
    return Departure(
        lane=timetable if isinstance(timetable, Lane) else None,
        round=timetable if isinstance(timetable, Round) else None,
        day=day,
        departs_at=departs_at,
        arrives_at=departs_at + dt.timedelta(minutes=timetable.duration_minutes),
        crates=timetable.crates,
    )


def runs(timetable: Lane | Round, day: dt.date, closures: Collection[Closure]) -> bool:
    """Tell whether a version runs on a day, given the closures in force that day.

    A working day in place of one off (调休上班) is one for whatever runs from Monday to Friday.
    """
    here = [closure for closure in closures if _touches(closure, timetable)]
    if any(closure.scope in _STOPS[type(timetable)] for closure in here):
        return False
    if not all(hub.is_open_on(day) for hub in hubs_of(timetable)):
        return False
    if str(day.isoweekday()) in timetable.weekdays:
        return True
    made_up = any(closure.kind == ClosureKind.MAKE_UP_WORKDAY for closure in here)
    return made_up and set(timetable.weekdays) >= WORKDAYS


def hubs_of(timetable: Lane | Round) -> tuple:
    return (timetable.origin, timetable.destination) if isinstance(timetable, Lane) else (timetable.hub,)


def _touches(closure: Closure, timetable: Lane | Round) -> bool:
    return any(divisions.is_within(hub.division_id, closure.division_id) for hub in hubs_of(timetable))


_STOPS = {
    Lane: frozenset({ClosureScope.LANES, ClosureScope.ALL}),
    Round: frozenset({ClosureScope.ROUNDS, ClosureScope.ALL}),
}
