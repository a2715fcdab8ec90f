"""Changing lanes and rounds from a day on, by planners, each within the own division.

A line of versions has one event stream (``timetable``, its code); the number of its last event is what a planner saw,
so that of two who change one line at once the second is told. All of a change, many lines of a sheet included, is one
transaction: versions, stops, departures and events.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain, count

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from core.models import EventStream
from logistics import drafts
from logistics.drafts import Change, LaneDraft, Problem, RoundDraft, Until
from logistics.models import Hub, Lane, Planner, Round, RoundStop
from logistics.services import openings
from logistics.services.departures import TIMETABLES
from logistics.services.openings import Effect
from logistics.timetable_checks import STREAM, World, plans_lanes
from villages import codes as divisions

PROVINCE = "430000000000"
FURTHEST_DAYS = 730  # how far ahead a change may be planned


class UnableToChangeTimetable(Exception):
    """A change cannot be made; nothing was changed.

    :param problems: by the position of the change among those asked for.
    """

    def __init__(self, problems: dict[int, list[Problem]]):
        self.problems = problems
        super().__init__("; ".join(each.text for found in problems.values() for each in found))


def divisions_of(user) -> list[str]:
    """Return the codes of the divisions that a person plans, the highest first."""
    return sorted(Planner.objects.now().filter(user=user).values_list("division_id", flat=True))


def lanes_of(user):
    """Return the lanes that a planner may change: those that begin or end in the own prefecture."""
    return Lane.objects.within(*plans_lanes(divisions_of(user)))


def rounds_of(user):
    """Return the rounds that a planner may change: those of the hubs of the own division."""
    return Round.objects.within(*divisions_of(user))


def revision_of(code: str) -> int:
    """Return how often a line was changed."""
    return EventStream.objects.filter(stream=STREAM, stream_id=code).values_list("version", flat=True).first() or 0


def model_of(code: str) -> type[Lane] | type[Round] | None:
    """Return which of both a code names; None for one that names nothing."""
    return next((model for model in (Lane, Round) if model.objects.filter(code=code).exists()), None)


def preview(changes: Sequence[Change], *, from_date: dt.date, by, at: dt.datetime) -> Effect:
    """Return what changes would do; raise as ``apply`` does. Nothing is changed."""
    with openings.rehearsal():
        return apply(changes, from_date=from_date, by=by, at=at)


def apply(changes: Sequence[Change], *, from_date: dt.date, by, at: dt.datetime) -> Effect:
    """Make changes from a day on, all or none; a line that already is as the change wants it stays.

    :param from_date: tomorrow at the earliest.
    :param by: a planner, or the dotted name of a process, which may change everything.
    :returns: what it did to the departures that are open.
    :raises UnableToChangeTimetable: with what is wrong, by change.
    """
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        _refuse(problems(changes, from_date=from_date, by=by, at=at))
        told = [done for change in changes for done in _done(change, from_date)]
        touched = list(dict.fromkeys(done.stream_id for done in told))
        effect = openings.realign(codes=touched, since=from_date, at=at, by=by, reason="timetable-changed")
        events.append(told, by=by, at=at)
    return replace(effect, codes=tuple(touched))


def _refuse(found: dict[int, list[Problem]]) -> None:
    if found:
        raise UnableToChangeTimetable(found)


def problems(changes: Sequence[Change], *, from_date: dt.date, by, at: dt.datetime) -> dict[int, list[Problem]]:
    """Return all that is wrong, by the position of the change; a day that will not do stands with the first."""
    today = day_of(at)
    own = [PROVINCE] if isinstance(by, str) else divisions_of(by)
    world = World(changes, from_date=from_date, own=own)
    found = {position: world.problems(change) for position, change in enumerate(changes)}
    if not today < from_date <= today + dt.timedelta(days=FURTHEST_DAYS):
        text = _("A change applies from tomorrow at the earliest and within two years.")
        found[0] = [Problem("from_date", text), *found.get(0, [])]
    return {position: those for position, those in found.items() if those}


def _done(change: Change, from_date: dt.date) -> Iterator[NewEvent]:
    """Make a change; yield what is told of it."""
    if change.draft is None or (change.until and change.until.day == from_date):
        yield _end(change.code, from_date)
        return
    begun = _begin(change, from_date)
    if begun is not None:
        yield begun
    if change.until is not None:
        told = _let_end(begun.stream_id if begun else change.code, change.until)
        if told is not None:
            yield told


def _begin(change: Change, from_date: dt.date) -> NewEvent | None:
    """Write the version of a line that begins on a day; None where the one in force is the same."""
    draft = drafts.normal(change.draft)
    model = Lane if isinstance(draft, LaneDraft) else Round
    code = change.code or _fresh_code(draft)
    lines = model.objects.filter(code=code)
    current = lines.valid_on(from_date).first()
    if current is not None and drafts.of(current) == draft:
        return None
    if current is not None:
        until = current.valid_to
        lines.filter(pk=current.pk).update(valid_to=from_date)
    else:
        until = (
            lines.that_run()
            .filter(valid_from__gt=from_date)
            .order_by("valid_from")
            .values_list("valid_from", flat=True)
            .first()
        )
    made = _written(draft, code=code, valid_from=from_date, valid_to=until)
    return NewEvent(
        STREAM,
        code,
        "timetable.changed" if current is not None or change.code else "timetable.begun",
        {
            "from": from_date.isoformat(),
            "version": made.pk,
            "before": _figures(drafts.of(current)) if current is not None else None,
            "after": _figures(draft),
        },
    )


def end_of(model: type[Lane] | type[Round], codes: Collection[str]) -> dict[str, dt.date | None]:
    """Return by line the first day without it, or None for until further notice."""
    found: dict[str, dt.date | None] = {}
    rows = model.objects.that_run().filter(code__in=codes).order_by("valid_from")
    for code, valid_to in rows.values_list("code", "valid_to"):
        found[code] = valid_to
    return found


def _let_end(code: str, until: Until) -> NewEvent | None:
    """Let a line end on another day, or until further notice; None where it does so already."""
    model = model_of(code)
    before = end_of(model, [code])[code]
    if before == until.day:
        return None
    if until.day is not None and (before is None or until.day < before):
        return _end(code, until.day)
    last = model.objects.filter(code=code).that_run().order_by("-valid_from").first()
    model.objects.filter(pk=last.pk).update(valid_to=until.day)
    days = {"before": {"until": before.isoformat()}, "after": {"until": until.day and until.day.isoformat()}}
    return NewEvent(STREAM, code, "timetable.extended", {"from": before.isoformat()} | days)


def _end(code: str, from_date: dt.date) -> NewEvent:
    """End a line on a day; what was to begin later never does."""
    model = model_of(code)
    lines = model.objects.filter(code=code)
    current = lines.valid_on(from_date).first()
    lines.filter(valid_from__gte=from_date).update(valid_to=F("valid_from"))
    lines.filter(valid_from__lt=from_date).filter(Q(valid_to=None) | Q(valid_to__gt=from_date)).update(
        valid_to=from_date
    )
    before = _figures(drafts.of(current)) if current is not None else None
    return NewEvent(STREAM, code, "timetable.ended", {"from": from_date.isoformat(), "before": before, "after": None})


def _written(
    draft: LaneDraft | RoundDraft, *, code: str, valid_from: dt.date, valid_to: dt.date | None
) -> Lane | Round:
    shared = {
        "code": code,
        "weekdays": draft.weekdays,
        "departs": draft.departs,
        "duration_minutes": draft.duration_minutes,
        "cutoff_minutes": draft.cutoff_minutes,
        "crates": draft.crates,
        "storage_classes": list(draft.storage_classes),
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    if isinstance(draft, LaneDraft):
        return Lane.objects.create(**shared, origin_id=draft.origin_id, destination_id=draft.destination_id)
    made = Round.objects.create(**shared, hub_id=draft.hub_id, name=draft.name.strip(), driver_id=draft.driver_id)
    RoundStop.objects.bulk_create(
        [
            RoundStop(round=made, point_id=call.point_id, sequence=number, offset_minutes=call.offset_minutes)
            for number, call in enumerate(draft.calls, start=1)
        ]
    )
    return made


def lane_code(origin: Hub, destination: Hub, departs: dt.time) -> str:
    """Return how a lane's code begins: ``L-4301-4307-0600``."""
    places = [divisions.prefix_of(hub.division_id) for hub in (origin, destination)]
    return f"L-{places[0]}-{places[1]}-{departs:%H%M}"


def _fresh_code(draft: LaneDraft | RoundDraft) -> str:
    """Return a code that no line has: ``L-4301-4307-0600``, ``L-4301-4307-0600-2``, ``R-430726-3``."""
    if isinstance(draft, LaneDraft):
        hubs = Hub.objects.in_bulk([draft.origin_id, draft.destination_id])
        base = lane_code(hubs[draft.origin_id], hubs[draft.destination_id], draft.departs)
        names = chain([base], (f"{base}-{number}" for number in count(2)))
        taken = set(Lane.objects.filter(code__startswith=base).values_list("code", flat=True))
    else:
        base = f"R-{divisions.prefix_of(Hub.objects.get(pk=draft.hub_id).division_id)}-"
        names = (f"{base}{number}" for number in count(1))
        taken = set(Round.objects.filter(code__startswith=base).values_list("code", flat=True))
    return next(name for name in names if name not in taken)


def _figures(draft: LaneDraft | RoundDraft) -> dict:
    """Return a draft as an event's payload: ids and figures; a round's name is no person's."""
    figures = {
        "weekdays": draft.weekdays,
        "departs": f"{draft.departs:%H:%M}",
        "duration_minutes": draft.duration_minutes,
        "cutoff_minutes": draft.cutoff_minutes,
        "crates": draft.crates,
        "storage_classes": list(draft.storage_classes),
    }
    if isinstance(draft, LaneDraft):
        return figures | {"origin": draft.origin_id, "destination": draft.destination_id}
    return figures | {
        "hub": draft.hub_id,
        "driver": draft.driver_id,
        "stops": [[call.point_id, call.offset_minutes] for call in draft.calls],
    }
