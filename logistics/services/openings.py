"""Bringing open departures in line with timetables and calendars that have changed.

For each day ahead there is what is open and what is due. Where both are one journey, the departure stays, and with it
the goods that are to ride on it. Where they differ, it is cancelled, its goods are re-routed by the sweep, and another
is opened. A departure that carries goods stays also where the change does them no harm: more crates, or no fewer than
are taken, further storage classes, further stops, an earlier end, a shorter cut-off, another driver. What has left, or
was cancelled for its day's own reasons, is left alone.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from core import locks
from core.clock import day_of
from logistics import snapshots
from logistics.due import due
from logistics.models import Departure, Lane, Leg, Round, RoundStop
from logistics.services import departures
from logistics.states import DepartureState

_BATCH = 2000


@dataclass(frozen=True)
class Effect:
    """What a change does: departures opened, adjusted (kept with other figures) and cancelled, and the consignments
    that are to be re-routed; and the lines that it changes."""

    opened: int = 0
    adjusted: int = 0
    cancelled: int = 0
    consignments: int = 0
    codes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.opened, self.adjusted, self.cancelled, self.consignments))


class _Undo(Exception):
    """Ends the transaction of a preview."""


@contextmanager
def rehearsal() -> Iterator[None]:
    """Do what stands inside, and undo it: what a preview tells is what would really happen."""
    try:
        with transaction.atomic():
            yield
            raise _Undo
    except _Undo:
        pass


def realign(
    *, codes: Collection[str], since: dt.date, at: dt.datetime, by, reason: str, until: dt.date | None = None
) -> Effect:
    """Cancel, adjust and open departures of some lanes and rounds so that those ahead are the ones that are due.

    Called inside the transaction of the change, which holds the mutex ``departures.TIMETABLES``.

    :param since: the first day looked at. :param until: the last; by default as far as departures are opened.
    """
    horizon = day_of(at) + dt.timedelta(days=settings.DEPARTURE_HORIZON_DAYS)
    newest = Departure.objects.aggregate(day=Max("day"))["day"]
    last = max(horizon, newest) if newest else horizon
    last = min(last, until) if until else last
    days = [since + dt.timedelta(days=n) for n in range((last - since).days + 1)]
    if not days or not codes:
        return Effect()
    wanted = {(_timetable(departure).code, departure.day): departure for departure in due(days, codes=codes)}
    of_them = Q(lane__code__in=codes) | Q(round__code__in=codes)
    found = Departure.objects.filter(of_them, day__range=(days[0], days[-1]), replaced=False)
    rows = list(locks.lock(found, rank=locks.Rank.DEPARTURE).select_related("lane", "round"))
    loaded = set(
        Leg.objects.filter(departure__in=[row.pk for row in rows], released_at=None).values_list(
            "departure_id", flat=True
        )
    )
    stops = _stops({_timetable(row).pk for row in rows if row.round_id} | {w.round_id for w in wanted.values()})
    dropped, adjusted = [], defaultdict(list)
    for row in rows:
        want = wanted.pop((_timetable(row).code, row.day), None)
        if row.state != DepartureState.SCHEDULED or row.departs_at <= at:
            continue
        if want is None or not _serves(row, want, stops=stops, is_loaded=row.pk in loaded):
            dropped.append(row)
            if want is not None:
                wanted[_timetable(row).code, row.day] = want
        elif (row.lane_id, row.round_id, row.crates) != (want.lane_id, want.round_id, want.crates):
            adjusted[want.lane_id, want.round_id, want.crates].append(row.pk)
    consignments = (
        Leg.objects.filter(departure__in=[row.pk for row in dropped], released_at=None)
        .values("consignment")
        .distinct()
        .count()
    )
    if dropped:
        departures.cancel(dropped, by=by, at=at, reason=reason)
        Departure.objects.filter(pk__in=[row.pk for row in dropped]).update(replaced=True)
    for (lane, round_, crates), pks in adjusted.items():
        Departure.objects.filter(pk__in=pks).update(lane=lane, round=round_, crates=crates)
    fresh = [departure for departure in wanted.values() if departure.departs_at > at]
    Departure.objects.bulk_create(fresh, batch_size=_BATCH)
    transaction.on_commit(snapshots.forget)
    return Effect(len(fresh), sum(map(len, adjusted.values())), len(dropped), consignments)


def _timetable(departure: Departure) -> Lane | Round:
    return departure.lane or departure.round


def _stops(rounds: Collection[int | None]) -> dict[int, dict[int, int]]:
    """Return for each round its stops: point to minutes."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = RoundStop.objects.filter(round__in=[pk for pk in rounds if pk])
    for round_id, point_id, minutes in rows.values_list("round_id", "point_id", "offset_minutes"):
        found[round_id][point_id] = minutes
    return found


def _serves(row: Departure, want: Departure, *, stops: dict[int, dict[int, int]], is_loaded: bool) -> bool:
    """Tell whether an open departure can go on as the one that is due."""
    old, new = _timetable(row), _timetable(want)
    if old.pk == new.pk and row.crates == want.crates:
        return True
    if old.departs != new.departs:
        return False
    calls, called = stops.get(new.pk, {}), stops.get(old.pk, {})
    if not is_loaded:
        return (
            old.duration_minutes == new.duration_minutes
            and old.cutoff_minutes == new.cutoff_minutes
            and set(old.storage_classes) == set(new.storage_classes)
            and calls == called
        )
    return (
        old.duration_minutes >= new.duration_minutes
        and old.cutoff_minutes >= new.cutoff_minutes
        and set(old.storage_classes) <= set(new.storage_classes)
        and called.items() <= calls.items()
        and want.crates >= max(row.taken_out, row.taken_back)
    )
