"""What the buyer may expect: the hand-over as a route stands now, and the point's crates held for its day.

The promise that was made at placing stays as it is, for the on-time figures; ``expected_at`` follows the route.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics import snapshots
from logistics.doors import first_arrival_for, handed_over_from
from logistics.models import Consignment
from logistics.states import ConsignmentState
from villages.models import PointDay
from villages.services import crates
from villages.services.crates import CratesRequest, UnableToHoldCrates

TOLERANCE = dt.timedelta(minutes=15)  # that a promise may move without the buyer being told
_UNKNOWABLE = (ConsignmentState.AWAITING_ROUTE, ConsignmentState.IN_TRANSIT)
_DAYS_AHEAD = 7  # on which a full point is asked for room for what comes late


@dataclass
class Expectations:
    """Answers for a batch of consignments, with what is known of their points read once."""

    points: dict[int, snapshots.KnownPoint]
    _not_before: dict[tuple[int, dt.date], int]

    @classmethod
    def of(cls, consignments: list[Consignment]) -> "Expectations":
        snapshots.see_changes()
        return cls(snapshots.points({row.point_id for row in consignments}), {})

    def not_before(self, consignment: Consignment) -> int:
        """Return the arrival, in seconds, before which nothing should come: the shelf is held for a day, not sooner."""
        key = (consignment.point_id, consignment.held_day)
        if key not in self._not_before:
            self._not_before[key] = first_arrival_for(self.points[key[0]].week, key[1])
        return self._not_before[key]

    def handed_over_at(self, consignment: Consignment, arrives: int) -> dt.datetime | None:
        """Return when the consignment's point can hand over what arrives then, in seconds since 1970."""
        return handed_over_from(self.points[consignment.point_id].week, arrives)


def move_holds(moved: Iterable[tuple[Consignment, dt.datetime | None]]) -> None:
    """Let the crates that are held at points follow consignments that come on a later day than theirs.

    A point that is full on that day keeps them for the next on which it has room, within a week; where there is none
    the old day stays. Called inside the transaction that locked the consignments, before departures are locked.

    :param moved: consignments with the time at which they are now expected to be handed over.
    """
    later = [(row, day_of(time)) for row, time in moved if time is not None and day_of(time) > row.held_day]
    _hold_instead([(row, [day + dt.timedelta(days=ahead) for ahead in range(_DAYS_AHEAD)]) for row, day in later])


def hold_promised_days(rows: Iterable[Consignment], *, at: dt.datetime) -> None:
    """Hold crates of what was put off, and may come as promised after all, for the promised day again.

    Called inside the transaction that locked the consignments, before departures are locked.
    """
    promised = [(row, day_of(row.promised_at)) for row in rows if row.promised_at]
    _hold_instead([(row, [day]) for row, day in promised if day_of(at) <= day < row.held_day])


def _hold_instead(wanted: list[tuple[Consignment, list[dt.date]]]) -> None:
    """Hold each one's crates on the first of some days with room at its point; without any, the old day stays."""
    if not wanted:
        return
    touched = Q()
    for row, days in wanted:
        between = (min(row.held_day, *days), max(row.held_day, *days))
        touched |= Q(point=row.point_id, storage_class=row.storage_class, day__range=between)
    # All the days that may be touched are locked in one go, in the order in which everybody does.
    list(locks.lock(PointDay.objects.filter(touched), rank=locks.Rank.POINT_DAY).values_list("pk"))
    for row, days in wanted:
        crates.release([_hold(row, row.held_day)])
        for day in days:
            try:
                crates.hold([_hold(row, day)])  # one request: where it is refused nothing was written
            except UnableToHoldCrates:
                continue
            break
        else:
            day = row.held_day
            crates.hold_again([_hold(row, day)])
        if day != row.held_day:
            Consignment.objects.filter(pk=row.pk).update(held_day=day)
            row.held_day = day


def _hold(consignment: Consignment, day: dt.date) -> CratesRequest:
    return CratesRequest(consignment.point_id, day, consignment.storage_class, consignment.crates)


def take_back(consignments: Iterable[Consignment], *, reason: str, by, at: dt.datetime) -> int:
    """Take back what is promised of consignments of which nobody knows any more when they come; return of how many.

    Called inside a transaction, before departures are locked. Who was told so already is not told again; what has moved
    on meanwhile is left alone. Crates held for a later day than the promised one are held for that one again, so that
    it can still be kept.
    """
    asked = Consignment.objects.filter(pk__in=[each.pk for each in consignments], state__in=_UNKNOWABLE)
    rows = locks.lock(asked.select_related("order"), rank=locks.Rank.CONSIGNMENT)
    rows = [row for row in rows if not row.is_taken_back]
    Consignment.objects.filter(pk__in=[row.pk for row in rows]).update(expected_at=None, planned_at=None)
    hold_promised_days(rows, at=at)
    found = [told(row, expected_at=None, is_rerouted=False, reason=reason) for row in rows]
    events.append([event for each in found for event in each], by=by, at=at)
    return len(rows)


def told(
    consignment: Consignment, *, expected_at: dt.datetime | None, is_rerouted: bool, reason: str, **more
) -> list[NewEvent]:
    """Return the event that tells the buyer of another route or a later hand-over; none where nothing changed.

    A promise that is taken back is told without a new one; what follows it is told whatever it is.

    :param consignment: as it was before the change.
    :param expected_at: None where nobody knows the day any more.
    """
    before = None if consignment.is_taken_back else consignment.expected_at or consignment.promised_at
    is_later = before is not None and (expected_at is None or expected_at > before + TOLERANCE)
    if not (is_rerouted or is_later or (consignment.is_taken_back and expected_at is not None)):
        return []
    payload = {
        "order": consignment.order.number,
        "point": consignment.point_id,
        "promised_before": before.isoformat() if before else None,
        "promised_at": expected_at.isoformat() if expected_at else None,
        "agreed": consignment.promised_at.isoformat() if consignment.promised_at else None,
        "reason": reason,
        **more,
    }
    name = "consignment.rerouted" if is_rerouted else "consignment.late"
    return [NewEvent("consignment", consignment.number, name, payload)]
