"""Departures (班次): opening them from the timetables, day by day, and what becomes of them on their day.

What a delay, a cancellation or a breakdown means for the goods is left to the sweep (``services.rerouting.mend``), so
that the driver who reports it waits for nobody.
"""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics.due import due
from logistics.models import Departure, Leg, Scan
from logistics.states import DEPARTURE_MOVES, DepartureState, Direction, ScanKind

_BATCH = 2000
TIMETABLES = "timetables"  # who changes timetables or opens departures, one at a time
PUNCTUAL = dt.timedelta(minutes=5)  # a vehicle that leaves so much later than planned is not called late
LONGEST_DELAY_MINUTES = 24 * 60


class UnableToRun(Exception):
    """The departure cannot make this move now; the sentence is for the person who asked."""


class UnableToDelay(UnableToRun):
    """No vehicle is late by so much, or this one runs no more."""


def open_departures(*, at: dt.datetime, until: dt.date | None = None) -> int:
    """Open the departures of every lane and round from today to ``until``, both included; return how many are new.

    :param until: by default ``settings.DEPARTURE_HORIZON_DAYS`` ahead.

    What is open already stays as it is, so that this can run as often as it likes. It waits for whoever changes
    timetables just now (``services.openings``).
    """
    since = day_of(at)
    until = until or since + dt.timedelta(days=settings.DEPARTURE_HORIZON_DAYS)
    days = [since + dt.timedelta(days=n) for n in range((until - since).days + 1)]
    if not days:
        return 0
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        held = set(
            Departure.objects.filter(day__range=(days[0], days[-1]), replaced=False).values_list(
                "lane_id", "round_id", "day"
            )
        )
        fresh = [
            departure for departure in due(days) if (departure.lane_id, departure.round_id, departure.day) not in held
        ]
        Departure.objects.bulk_create(fresh, batch_size=_BATCH, ignore_conflicts=True)
    return len(fresh)


def depart(departure: Departure, *, by, at: dt.datetime) -> Departure:
    """Note that a vehicle left. One that left late is late by as much for everything that it brings.

    :raises UnableToRun: when it is cancelled, or left before.
    """
    with transaction.atomic():
        found = _locked(departure)
        _permit(found, DepartureState.DEPARTED)
        left_at = _left_at(found, at)
        late = left_at - found.departs_at
        if late > PUNCTUAL:
            _shift(found, int(late.total_seconds() // 60), reason="left-late", by=by, at=at)
        _move(found, DepartureState.DEPARTED, by=by, at=at, departed_at=left_at)
    return found


def _left_at(found: Departure, at: dt.datetime) -> dt.datetime:
    """Return when a vehicle left that somebody says has left: what was loaded at its stops says it better than they.

    A round that is noted after its stops has left as much later than planned as it was late at the last of them.
    """
    if found.round_id is None:
        return at
    rows = Scan.objects.filter(
        departure=found,
        kind=ScanKind.LOADED,
        parcel__consignment__legs__departure=found,
        parcel__consignment__legs__direction=Direction.BACK,
        parcel__consignment__legs__released_at=None,
        point__isnull=False,
    ).values_list("occurred_at", "parcel__consignment__legs__departs_at")
    last = max(rows, default=None)
    if last is None:
        return at
    loaded_at, planned_at = last
    return min(at, found.departs_at + max(dt.timedelta(0), loaded_at - planned_at))


def arrive(departure: Departure, *, by, at: dt.datetime) -> Departure:
    """Note that a vehicle is at its end: a lane's at the other hub, a round's back at its own.

    :raises UnableToRun: when it has not left, or arrived before.
    """
    with transaction.atomic():
        found = _locked(departure)
        _permit(found, DepartureState.ARRIVED)
        _move(found, DepartureState.ARRIVED, by=by, at=at, arrived_at=at)
    return found


def note_arrival(departure: Departure, *, by, at: dt.datetime) -> bool:
    """Note that a vehicle is at its end because it is being unloaded there; False where that was known, or cannot be.

    One of which nobody said that it left is taken to have left when it was expected to. What is unloaded before the
    vehicle can be back (``earliest_end``) tells of that parcel alone.
    """
    with transaction.atomic():
        found = _locked(departure)
        if at < earliest_end(found):
            return False
        if found.state == DepartureState.SCHEDULED:
            left_at = min(found.departs_at, at)
            _move(found, DepartureState.DEPARTED, by=by, at=left_at, departed_at=left_at)
        if found.state != DepartureState.DEPARTED:
            return False
        _move(found, DepartureState.ARRIVED, by=by, at=at, arrived_at=at)
    return True


def earliest_end(departure: Departure) -> dt.datetime:
    """Return the moment before which a vehicle cannot be at its end: a round with stops ahead, a lane in half its time.

    It is counted from when the vehicle left, else from when it is expected to; a delay that was told on the way does
    not count, since it may be made good.
    """
    left_at = departure.departed_at or departure.departs_at
    if departure.lane:
        return left_at + dt.timedelta(minutes=departure.lane.duration_minutes) / 2
    last = departure.round.stops.aggregate(offset=Max("offset_minutes"))["offset"]
    return left_at + dt.timedelta(minutes=last or 0)


def delay(departure: Departure, *, minutes: int, by, at: dt.datetime, reason: str = "late") -> Departure:
    """Move what is still expected of a departure by so many minutes, its legs with it.

    :param minutes: later than expected until now, at least 1 and at most a day.
    :raises UnableToDelay: for another number, and when the vehicle runs no more.
    """
    if not 1 <= minutes <= LONGEST_DELAY_MINUTES:
        raise UnableToDelay(_("A vehicle is late by 1 to %(most)d minutes.") % {"most": LONGEST_DELAY_MINUTES})
    with transaction.atomic():
        found = _locked(departure)
        if found.state not in {DepartureState.SCHEDULED, DepartureState.DEPARTED}:
            raise UnableToDelay(_refusal(found))
        _shift(found, minutes, reason=reason, by=by, at=at)
    return found


def cancel(departures: Iterable[Departure], *, by, at: dt.datetime, reason: str) -> int:
    """Cancel departures that have not left; return how many were. What was to ride on them is re-routed by the sweep.

    :param reason: a word for the log: ``closure``, ``timetable-changed``, ``no-vehicle``.
    :raises UnableToRun: when one of them has left; then none is cancelled.
    """
    with transaction.atomic():
        asked = Departure.objects.filter(pk__in=[departure.pk for departure in departures])
        rows = list(locks.lock(asked.exclude(state=DepartureState.CANCELLED), rank=locks.Rank.DEPARTURE))
        for row in rows:
            _permit(row, DepartureState.CANCELLED)
        Departure.objects.filter(pk__in=[row.pk for row in rows]).update(state=DepartureState.CANCELLED)
        events.append(
            [
                _told(row, "departure.cancelled", before=row.state, after=DepartureState.CANCELLED, reason=reason)
                for row in rows
            ],
            by=by,
            at=at,
        )
    return len(rows)


def break_down(departure: Departure, *, by, at: dt.datetime) -> Departure:
    """Note that a vehicle broke down on its way.

    What was to be picked up or loaded later is re-routed by the sweep, which also takes the promise of what is aboard
    back; that goes on from whichever hub unloads it.

    :raises UnableToRun: when it has not left, or has arrived.
    """
    with transaction.atomic():
        found = _locked(departure)
        _permit(found, DepartureState.BROKEN_DOWN)
        _move(found, DepartureState.BROKEN_DOWN, by=by, at=at)
    return found


def _locked(departure: Departure) -> Departure:
    rows = locks.lock(Departure.objects.filter(pk=departure.pk), rank=locks.Rank.DEPARTURE)
    return rows.select_related("lane", "round").get()


def _permit(found: Departure, to: DepartureState) -> None:
    if to not in DEPARTURE_MOVES[found.state]:
        raise UnableToRun(_refusal(found))


def _refusal(found: Departure) -> str:
    if found.state == DepartureState.SCHEDULED:
        return _("This vehicle has not left yet.")
    return _("This departure is: %(state)s.") % {"state": DepartureState(found.state).label}


def _move(found: Departure, to: DepartureState, *, by, at: dt.datetime, **times) -> None:
    before = found.state
    Departure.objects.filter(pk=found.pk).update(state=to, **times)
    found.state = to
    for name, value in times.items():
        setattr(found, name, value)
    name = f"departure.{to.lower().replace('_', '-')}"
    events.append([_told(found, name, before=before, after=to)], by=by, at=at)


def _shift(found: Departure, minutes: int, *, reason: str, by, at: dt.datetime) -> None:
    """Move the rest of a locked departure's times: of one that has left, only what is still to come."""
    by_so_much = dt.timedelta(minutes=minutes)
    started = found.state == DepartureState.DEPARTED
    later = {"arrives_at": F("arrives_at") + by_so_much, "delay_minutes": F("delay_minutes") + minutes}
    if not started:
        later["departs_at"] = F("departs_at") + by_so_much
    Departure.objects.filter(pk=found.pk).update(**later)
    legs = Leg.objects.in_force().filter(departure=found, arrives_at__gt=at if started else found.departs_at)
    # Legs that begin at the vehicle's own start are behind it once it has left; a round calls at its stops later.
    begun = Q(departs_at__lte=at) | Q(direction=Direction.OUT) if started else Q(pk=None)
    legs.exclude(begun).update(departs_at=F("departs_at") + by_so_much, arrives_at=F("arrives_at") + by_so_much)
    legs.filter(begun).update(arrives_at=F("arrives_at") + by_so_much)
    found.refresh_from_db(fields=["departs_at", "arrives_at", "delay_minutes"])
    events.append([_told(found, "departure.delayed", minutes=minutes, reason=reason)], by=by, at=at)


def _told(found: Departure, name: str, **more) -> NewEvent:
    payload = {"lane": found.lane_id, "round": found.round_id, "day": found.day.isoformat()}
    return NewEvent("departure", found.pk, name, payload | more)
