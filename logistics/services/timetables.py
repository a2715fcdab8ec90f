"""Changing lanes and rounds from a day on, by planners, each within the own division.

A line of versions has one event stream (``timetable``, its code); the number of its last event is what a planner saw,
so that of two who change one line at once the second is told. All of a change, many lines of a sheet included, is one
transaction: versions, stops, departures and events.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from core.models import EventStream
from logistics import drafts
from logistics.drafts import Draft, LaneDraft, Problem, RoundDraft
from logistics.models import Hub, Lane, Planner, Round, RoundStop
from logistics.services import openings
from logistics.services.departures import TIMETABLES
from logistics.services.openings import Effect
from villages import codes as divisions
from villages.models import PickupPoint
from villages.states import PointState

STREAM = "timetable"
FURTHEST_DAYS = 730  # how far ahead a change may be planned


@dataclass(frozen=True)
class Change:
    """What is to become of a line of versions.

    :param code: the line; empty for a new one. :param draft: what it is to be; None ends the line.
    :param seen: the revision on which the change rests (``revision_of``); None where nobody looked before.
    """

    code: str
    draft: LaneDraft | RoundDraft | None
    seen: int | None = None


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


def plans_lanes(codes: Collection[str]) -> list[str]:
    """Return those of a planner's divisions in which lanes are planned: prefectures and the province."""
    return [code for code in codes if divisions.level_of(code) in ("PROVINCE", "PREFECTURE")]


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
        touched, told = [], []
        for change in changes:
            done = _end(change.code, from_date) if change.draft is None else _begin(change, from_date)
            if done is not None:
                touched.append(done.stream_id)
                told.append(done)
        effect = openings.realign(codes=touched, since=from_date, at=at, by=by, reason="timetable-changed")
        events.append(told, by=by, at=at)
    return replace(effect, codes=tuple(touched))


def _refuse(found: dict[int, list[Problem]]) -> None:
    if found:
        raise UnableToChangeTimetable(found)


def problems(changes: Sequence[Change], *, from_date: dt.date, by, at: dt.datetime) -> dict[int, list[Problem]]:
    """Return all that is wrong, by the position of the change; a day that will not do stands with the first."""
    today = day_of(at)
    world = _World(changes, from_date=from_date, by=by)
    found = {position: world.problems(change) for position, change in enumerate(changes)}
    if not today < from_date <= today + dt.timedelta(days=FURTHEST_DAYS):
        text = _("A change applies from tomorrow at the earliest and within two years.")
        found[0] = [Problem("from_date", text), *found.get(0, [])]
    return {position: those for position, those in found.items() if those}


class _World:
    """What changes are checked against, read in a few queries however many they are."""

    def __init__(self, changes: Sequence[Change], *, from_date: dt.date, by):
        codes = {change.code for change in changes if change.code}
        wanted = [change.draft for change in changes if change.draft is not None]
        self.codes: dict[str, int] = {}
        for change in changes:
            if change.code:
                self.codes[change.code] = self.codes.get(change.code, 0) + 1
        self.from_date = from_date
        self.lines: dict[str, Lane | Round] = {}
        for model, related in ((Lane, ("origin", "destination")), (Round, ("hub",))):
            rows = model.objects.that_run().filter(code__in=codes).select_related(*related)
            self.lines |= {row.code: row for row in rows.order_by("valid_from")}
        self.revisions = dict(
            EventStream.objects.filter(stream=STREAM, stream_id__in=codes).values_list("stream_id", "version")
        )
        self.hubs = Hub.objects.in_bulk()
        points = {call.point_id for draft in wanted if isinstance(draft, RoundDraft) for call in draft.calls}
        self.points = PickupPoint.objects.in_bulk(points)
        self.everywhere = isinstance(by, str)
        self.own = ["430000000000"] if self.everywhere else divisions_of(by)

    def problems(self, change: Change) -> list[Problem]:
        """Return all that is wrong with a change, of the line first, then of what it is to be."""
        line, draft = self.lines.get(change.code), change.draft
        if line is not None and draft is not None and isinstance(line, Lane) is not isinstance(draft, LaneDraft):
            line = None
        found = self._of_line(change, line)
        if draft is not None:
            found += self._of_draft(draft, line, is_permitted=not found)
        elif line is not None and line.valid_to is not None and line.valid_to <= self.from_date:
            found.append(Problem("from_date", _("It has ended by then already.")))
        return found

    def _of_line(self, change: Change, line: Lane | Round | None) -> list[Problem]:
        if line is None:
            fresh = not change.code and change.draft is not None
            return [] if fresh else [Problem("code", _("There is no lane or round with this code."))]
        found = []
        if self.codes[change.code] > 1:
            found.append(Problem("code", _("This code stands here twice.")))
        if not self._may_change(self._hubs_of_line(line), is_lane=isinstance(line, Lane)):
            found.append(Problem("code", _("This is not in the division that you plan.")))
        elif change.seen is not None and change.seen != self.revisions.get(change.code, 0):
            found.append(Problem("", _("Somebody else has changed this meanwhile. Please look at it again.")))
        return found

    def _of_draft(self, draft: Draft, line: Lane | Round | None, *, is_permitted: bool) -> list[Problem]:
        is_lane = isinstance(draft, LaneDraft)
        keys = {"origin": draft.origin_id, "destination": draft.destination_id} if is_lane else {"hub": draft.hub_id}
        hubs = {name: self.hubs.get(key) for name, key in keys.items()}
        before = dict(zip(keys, self._hubs_of_line(line), strict=True)) if line is not None else hubs
        found = []
        for name, hub in hubs.items():
            if hub is None:
                found.append(Problem(name, _("There is no such hub.")))
            elif before[name] != hub:
                found.append(Problem(name, _("The hubs of a line do not change: end it and add another.")))
            elif hub.ended_on is not None and not (line and line.valid_to and line.valid_to <= hub.ended_on):
                text = _("%(hub)s is a hub no more from %(day)s.") % {"hub": hub.name, "day": hub.ended_on}
                found.append(Problem(name, text))
        if is_permitted and not found and not self._may_change(list(hubs.values()), is_lane=is_lane):
            found.append(Problem("origin" if is_lane else "hub", _("This is not in the division that you plan.")))
        found += draft.problems()
        if not is_lane and hubs["hub"] is not None:
            found += self._of_calls(draft)
        return found

    def _of_calls(self, draft: RoundDraft) -> list[Problem]:
        found, prefecture = [], divisions.prefecture_of(self.hubs[draft.hub_id].division_id)
        for number, call in enumerate(draft.calls):
            point = self.points.get(call.point_id)
            if point is None or point.state == PointState.CLOSED:
                found.append(Problem("stops", _("This stop is no point that is open."), number))
            elif not divisions.is_within(point.division_id, prefecture):
                text = _("%(point)s lies in another prefecture.") % {"point": point.name}
                found.append(Problem("stops", text, number))
        return found

    def _hubs_of_line(self, line: Lane | Round) -> list[Hub]:
        return [line.origin, line.destination] if isinstance(line, Lane) else [line.hub]

    def _may_change(self, hubs: Sequence[Hub], *, is_lane: bool) -> bool:
        own = plans_lanes(self.own) if is_lane else self.own
        return any(divisions.is_within(hub.division_id, code) for hub in hubs for code in own)


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
