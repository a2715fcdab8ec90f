"""The timetable, and the points' hours and crates a day, as a process last read them from the database.

Reading thousands of departures for one question would cost more than the answer. A snapshot may be some seconds old:
what is taken of a departure or of a point's day is decided by the guarded update and never by a snapshot.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from core.clock import beginning_of, day_of
from logistics import doors
from logistics.connections import Closing, Connection, Ride, Rounds, Run
from logistics.models import Departure, HubTransfer, Lane, Round, RoundStop
from logistics.states import DepartureState
from logistics.timetable import Timetable
from villages import queries as villages
from villages.hours import Week
from villages.models import PointHoliday, PointHours

ON_THE_ROAD = timedelta(days=1)  # how long after leaving its hub a round may still call at a stop
FRESH_SECONDS = 20.0
KNOWN_SECONDS = 120.0  # how long a point's hours and crates a day are believed


@dataclass
class _Kept:
    timetable: Timetable
    database: str
    since: datetime
    newest: tuple[int, int]
    hours: list
    read_at: float


_kept: _Kept | None = None


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """When a point is open, and how many crates a day it keeps of each storage class."""

    week: Week
    crates_a_day: dict[str, int]


_points: dict[tuple[str, int], tuple[float, KnownPoint]] = {}
_hours_read: dict[str, list] = {}  # by database: the last changes of hours that what is known of points rests on
_CHANGES = [
    (model._meta.db_table, column)
    for model, column in (
        (Departure, "id"),
        (HubTransfer, "id"),
        (PointHours, "id"),
        (PointHoliday, "id"),
        (PointHoliday, "withdrawn_at"),
    )
]


def current(at: datetime, *, fresh: bool = False) -> Timetable:
    """Return a timetable that holds everything that departs from ``at`` on; one query where the kept one will do.

    :param fresh: read the free crates again even if they were read a moment ago.
    """
    global _kept
    newest = see_changes()
    database = str(connection.settings_dict["NAME"])
    kept = _kept
    usable = (
        kept is not None
        and (kept.database, kept.newest) == (database, newest)
        and timedelta(0) <= at - kept.since < ON_THE_ROAD
    )
    if usable and kept.hours != _hours_read[database]:
        kept.timetable.close(_closings(kept.since))
        kept.hours = _hours_read[database]
    if usable and not fresh and time.monotonic() - kept.read_at < FRESH_SECONDS:
        return kept.timetable
    if usable and _refresh(kept):
        kept.read_at = time.monotonic()
        return kept.timetable
    _kept = _Kept(read(at), database, at, newest, _hours_read[database], time.monotonic())
    return _kept.timetable


def see_changes() -> tuple[int, int]:
    """Forget what is known of points where any has other hours or days off by now; one query, past the ORM, since every
    promise asks.

    :returns: the last departure that was opened, and the last change of what a hub needs.
    """
    newest = ", ".join(f"(SELECT MAX({column}) FROM {table})" for table, column in _CHANGES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {newest}")
        departure, transfer, *hours = cursor.fetchone()
    database = str(connection.settings_dict["NAME"])
    if _hours_read.get(database) != hours:
        _points.clear()
        _hours_read[database] = hours
    return departure or 0, transfer or 0


def forget() -> None:
    """Drop what this process has kept."""
    global _kept
    _kept = None
    _points.clear()
    _hours_read.clear()


def points(ids: Iterable[int]) -> dict[int, KnownPoint]:
    """Return what is known of some points; two queries for those that were not asked about lately."""
    database, now = str(connection.settings_dict["NAME"]), time.monotonic()
    found, unknown = {}, []
    for pk in set(ids):
        read_at, known = _points.get((database, pk), (0.0, None))
        if known is not None and now - read_at < KNOWN_SECONDS:
            found[pk] = known
        else:
            unknown.append(pk)
    if unknown:
        hours, crates = villages.openings_of(unknown), villages.capacities_of(unknown)
        for pk in unknown:
            found[pk] = KnownPoint(hours[pk].week, crates[pk])
            _points[(database, pk)] = (now, found[pk])
    return found


def _refresh(kept: _Kept) -> bool:
    """Read free crates, times and what hubs need again; False when departures are there that were not before, or run
    by another version of their line.

    What left or was cancelled since has room for nothing; to read thousands of others anew for it would cost too much.
    """
    rows = list(
        _departures(kept.since).values_list(
            "pk", "lane_id", "round_id", "crates", "taken_out", "taken_back", "departs_at", "arrives_at"
        )
    )
    rides = kept.timetable.rides
    gone = dict.fromkeys(rides.keys(), (0, 0))
    free = {pk: (crates - out, crates - back) for pk, _lane, _round, crates, out, back, *_ in rows}
    if free.keys() - gone.keys():
        return False
    if any((rides[pk].line, rides[pk].crates) != (lane or round_, crates) for pk, lane, round_, crates, *_ in rows):
        return False
    kept.timetable.correct(gone | free)
    times = {pk: (_seconds(departs_at), _seconds(arrives_at)) for pk, *_, departs_at, arrives_at in rows}
    kept.timetable.retime(times)
    kept.timetable.retransfer(_transfers())
    return True


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _departures(since: datetime):
    return Departure.objects.filter(state=DepartureState.SCHEDULED, departs_at__gte=since - ON_THE_ROAD)


def read(since: datetime) -> Timetable:
    """Read the timetable of the departures that can still be caught from ``since`` on."""
    lanes = {
        pk: (origin, destination, cutoff * 60, frozenset(classes))
        for pk, origin, destination, cutoff, classes in Lane.objects.values_list(
            "pk", "origin_id", "destination_id", "cutoff_minutes", "storage_classes"
        )
    }
    rounds, kept = Rounds(), {}
    for pk, hub, cutoff, classes in Round.objects.values_list("pk", "hub_id", "cutoff_minutes", "storage_classes"):
        rounds.add(pk, hub=hub, cutoff=cutoff * 60)
        kept[pk] = frozenset(classes)
    for round_id, point_id, offset in RoundStop.objects.values_list("round_id", "point_id", "offset_minutes"):
        rounds.call(round_id, stop=point_id, offset=offset * 60)
    between = []
    rows = _departures(since).values_list(
        "pk", "lane_id", "round_id", "departs_at", "arrives_at", "crates", "taken_out", "taken_back"
    )
    for pk, lane_id, round_id, departs_at, arrives_at, crates, taken_out, taken_back in rows.iterator(chunk_size=5000):
        departs, arrives = _seconds(departs_at), _seconds(arrives_at)
        free = crates - taken_out, crates - taken_back
        if lane_id is not None:
            origin, destination, cutoff, classes = lanes[lane_id]
            between.append(
                Connection(departs, arrives, origin, destination, Ride(pk, classes, *free, crates, lane_id), cutoff)
            )
        else:
            rounds.run(round_id, Run(departs, arrives, Ride(pk, kept[round_id], *free, crates, round_id)))
    return Timetable(lanes=between, rounds=rounds, transfer_changes=_transfers(), closings=_closings(since))


def _closings(since: datetime) -> dict[int, list[Closing]]:
    """Return the days on which stops stay closed for as far as there are departures, by stop."""
    first = day_of(since - ON_THE_ROAD)
    last = first + timedelta(days=settings.DEPARTURE_HORIZON_DAYS + 3)
    ids = villages.closed_at_times(first, last)
    openings = villages.openings_of(ids) if ids else {}
    return {pk: found for pk, opening in openings.items() if (found := doors.closings(opening.week, first, last))}


def _transfers() -> dict[int, list[tuple[int, int]]]:
    """Return what hubs need, in seconds, by hub and from which moments on."""
    found: dict[int, list[tuple[int, int]]] = {}
    rows = HubTransfer.objects.in_force().order_by("hub", "valid_from").values_list("hub", "valid_from", "minutes")
    for hub, day, minutes in rows:
        found.setdefault(hub, []).append((_seconds(beginning_of(day)), minutes * 60))
    return found
