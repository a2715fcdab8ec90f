"""Holding a point's crates for a day: what placing takes and cancelling gives back.

``PointDay`` is made when a day is first asked for, from the point's capacity. Held never passes capacity: the update is
guarded, and a named constraint stands behind it.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from core import locks
from villages.models import PickupPoint, PointCapacity, PointDay
from villages.states import PointState

_DAYS = PointDay._meta.db_table
_CAPACITIES = PointCapacity._meta.db_table
_POINTS = PickupPoint._meta.db_table

# Days that are not there yet are made from the point's capacity of the storage class.
_OPEN_DAYS = f"""
    INSERT INTO {_DAYS} (point_id, day, storage_class, capacity, held)
    SELECT asked.point_id, asked.day, asked.storage_class, kept.crates_per_day, 0
    FROM {{asked}} JOIN {_CAPACITIES} kept
      ON kept.point_id = asked.point_id AND kept.storage_class = asked.storage_class
    WHERE true
    ON CONFLICT (point_id, day, storage_class) DO NOTHING
"""
# Only needed for several rows on a database with row locks: it gives them one order.
_LOCK_DAYS = f"""
    SELECT held.id FROM {_DAYS} held JOIN {{asked}}
      ON held.point_id = asked.point_id AND held.day = asked.day AND held.storage_class = asked.storage_class
    ORDER BY held.id FOR UPDATE OF held
"""
_HOLD = f"""
    UPDATE {_DAYS} SET held = {_DAYS}.held + asked.crates
    FROM {{asked}}
    WHERE {_DAYS}.point_id = asked.point_id AND {_DAYS}.day = asked.day
      AND {_DAYS}.storage_class = asked.storage_class
      AND {_DAYS}.held + asked.crates <= {_DAYS}.capacity
      {{only}}
    RETURNING {_DAYS}.point_id, {_DAYS}.day, {_DAYS}.storage_class
"""
_ONLY_OPEN = f"AND EXISTS (SELECT 1 FROM {_POINTS} p WHERE p.id = asked.point_id AND p.state = '{PointState.OPEN}')"
_RELEASE = f"""
    UPDATE {_DAYS} SET held = {_DAYS}.held - asked.crates
    FROM {{asked}}
    WHERE {_DAYS}.point_id = asked.point_id AND {_DAYS}.day = asked.day
      AND {_DAYS}.storage_class = asked.storage_class AND {_DAYS}.held >= asked.crates
    RETURNING {_DAYS}.point_id, {_DAYS}.day, {_DAYS}.storage_class
"""


@dataclass(frozen=True, order=True)
class CratesRequest:
    """Crates of one storage class at one point on one day (Beijing)."""

    point_id: int
    day: dt.date
    storage_class: str
    crates: int


class UnableToHoldCrates(Exception):
    """A point has no room on the day, does not keep the storage class, or is not open; ``refused`` says which."""

    def __init__(self, refused: Sequence[CratesRequest]):
        self.refused = list(refused)
        super().__init__("no room: " + ", ".join(f"{r.point_id} {r.day} {r.storage_class}" for r in self.refused))


class UnableToReleaseCrates(Exception):
    """More crates are given back than are held."""


def hold(requests: Sequence[CratesRequest]) -> None:
    """Hold crates inside the caller's transaction, all of them or none; at most three queries however many they are.

    :raises UnableToHoldCrates: where any of them finds no room; the caller's transaction must then end.
    :raises LockOrderError: outside a transaction, or after departures or the ledger were locked in it.
    """
    _hold(requests, _HOLD.replace("{only}", _ONLY_OPEN))


def hold_again(requests: Sequence[CratesRequest]) -> None:
    """Hold crates that the caller's transaction has just given back, also where the point takes nothing new any more.

    :raises UnableToHoldCrates: as ``hold`` does.
    """
    _hold(requests, _HOLD.replace("{only}", ""))


def _hold(requests: Sequence[CratesRequest], statement: str) -> None:
    asked = _together(requests)
    if not asked:
        return
    locks.touch(locks.Rank.POINT_DAY)
    with connection.cursor() as cursor:
        cursor.execute(*_with(asked, _OPEN_DAYS))
    held = _change(asked, statement)
    refused = [request for request in asked if _key(request) not in held]
    if refused:
        raise UnableToHoldCrates(refused)


def release(requests: Sequence[CratesRequest]) -> None:
    """Give held crates back inside the caller's transaction.

    :raises UnableToReleaseCrates: where fewer are held; the caller's transaction must then end.
    """
    asked = _together(requests)
    if not asked:
        return
    locks.touch(locks.Rank.POINT_DAY)
    released = _change(asked, _RELEASE)
    missing = [request for request in asked if _key(request) not in released]
    if missing:
        raise UnableToReleaseCrates(f"not held: {missing}")


def _change(asked: list[CratesRequest], statement: str) -> set[tuple]:
    with connection.cursor() as cursor:
        if len(asked) > 1 and connection.features.has_select_for_update:
            cursor.execute(*_with(asked, _LOCK_DAYS))
        cursor.execute(*_with(asked, statement))
        return {(point_id, str(day), storage_class) for point_id, day, storage_class in cursor.fetchall()}


def _together(requests: Sequence[CratesRequest]) -> list[CratesRequest]:
    crates = Counter()
    for request in requests:
        if request.crates < 1:
            raise ValueError("at least one crate is held or released")
        crates[(request.point_id, request.day, request.storage_class)] += request.crates
    return [CratesRequest(*key, number) for key, number in sorted(crates.items())]


def _key(request: CratesRequest) -> tuple:
    return request.point_id, str(request.day), request.storage_class


def _with(asked: list[CratesRequest], statement: str) -> tuple[str, list]:
    """Return the statement with the requests in place of ``{asked}``, and its parameters."""
    row = "(%s, %s::date, %s, %s)" if connection.vendor == "postgresql" else "(%s, %s, %s, %s)"
    rows = ", ".join([row] * len(asked))
    parameters = [part for r in asked for part in (r.point_id, r.day.isoformat(), str(r.storage_class), r.crates)]
    columns = "column1 AS point_id, column2 AS day, column3 AS storage_class, column4 AS crates"
    table = f"(SELECT {columns} FROM (VALUES {rows}) v) asked"
    return statement.format(asked=table), parameters
