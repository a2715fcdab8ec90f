"""What changes of lanes and rounds are checked against: the lines, hubs and points as they are; writes nothing."""

import datetime as dt
from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from core.models import EventStream
from logistics.drafts import Change, Draft, LaneDraft, Problem, RoundDraft
from logistics.models import Hub, Lane, Round
from villages import codes as divisions
from villages.models import PickupPoint
from villages.states import PointState

STREAM = "timetable"  # of events; one for each line
_DAY = dt.timedelta(days=1)


def plans_lanes(codes: Collection[str]) -> list[str]:
    """Return those of a planner's divisions in which lanes are planned: prefectures and the province."""
    return [code for code in codes if divisions.level_of(code) in ("PROVINCE", "PREFECTURE")]


class World:
    """What changes are checked against, read in a few queries however many they are."""

    def __init__(self, changes: Sequence[Change], *, from_date: dt.date, own: Sequence[str]):
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
        self.own = own

    def problems(self, change: Change) -> list[Problem]:
        """Return all that is wrong with a change, of the line first, then of what it is to be."""
        line, draft = self.lines.get(change.code), change.draft
        if line is not None and draft is not None and isinstance(line, Lane) is not isinstance(draft, LaneDraft):
            line = None
        found = self._of_line(change, line)
        if draft is not None:
            found += self._of_draft(draft, line, ends_on=_ends_on(change, line), is_permitted=not found)
            if change.until and change.until.day and change.until.day < self.from_date + (line is None) * _DAY:
                found.append(Problem("last_day", _("It ends before the change begins.")))
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

    def _of_draft(
        self, draft: Draft, line: Lane | Round | None, *, ends_on: dt.date | None, is_permitted: bool
    ) -> list[Problem]:
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
            elif hub.ended_on is not None and (ends_on is None or ends_on > hub.ended_on):
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


def _ends_on(change: Change, line: Lane | Round | None) -> dt.date | None:
    """Return the first day without a line after a change."""
    if change.until is not None:
        return change.until.day
    return line.valid_to if line is not None else None
