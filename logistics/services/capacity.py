"""Crates on departures: what legs take and give back. The guarded update decides, whatever a snapshot believed."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from core import locks, sql
from logistics.models import Departure
from logistics.states import DepartureState, Direction

_DEPARTURES = Departure._meta.db_table

_TAKE = f"""
    UPDATE {_DEPARTURES} SET taken_out = taken_out + v.column2, taken_back = taken_back + v.column3
    FROM {{asked}}
    WHERE {_DEPARTURES}.id = v.column1 AND {_DEPARTURES}.state = '{DepartureState.SCHEDULED}'
      AND taken_out + v.column2 <= {_DEPARTURES}.crates
      AND taken_back + v.column3 <= {_DEPARTURES}.crates
    RETURNING {_DEPARTURES}.id
"""
_GIVE = f"""
    UPDATE {_DEPARTURES} SET taken_out = taken_out - v.column2, taken_back = taken_back - v.column3
    FROM {{asked}}
    WHERE {_DEPARTURES}.id = v.column1
      AND taken_out >= v.column2 AND taken_back >= v.column3
    RETURNING {_DEPARTURES}.id
"""

Loads = Mapping[tuple[int, str], int]
"""Crates by departure and direction."""


class UnableToTakeCapacity(Exception):
    """A departure has no room for the crates, or no longer goes."""


class UnableToGiveCapacity(Exception):
    """More crates are given back than were taken."""


@dataclass(frozen=True)
class Free:
    """The crates that a locked departure has free, out and back; none where it no longer goes."""

    out: int
    back: int


def lock(departure_ids: set[int]) -> dict[int, Free]:
    """Lock departures inside the caller's transaction and return what is free on them."""
    rows = locks.lock(Departure.objects.filter(pk__in=departure_ids), rank=locks.Rank.DEPARTURE)
    return {
        pk: Free(crates - out, crates - back) if state == DepartureState.SCHEDULED else Free(0, 0)
        for pk, state, crates, out, back in rows.values_list("pk", "state", "crates", "taken_out", "taken_back")
    }


def take(loads: Loads, *, are_locked: bool = False) -> None:
    """Take crates of departures inside the caller's transaction, all or none.

    :param are_locked: the caller has locked these departures already.
    :raises UnableToTakeCapacity: where one has no room; the caller's transaction must then end.
    """
    refused = _change(_TAKE, loads, are_locked=are_locked)
    if refused:
        raise UnableToTakeCapacity(f"no room on departures {sorted(refused)}")


def give(loads: Loads) -> None:
    """Give crates back to departures inside the caller's transaction.

    :raises UnableToGiveCapacity: where fewer were taken; the caller's transaction must then end.
    """
    refused = _change(_GIVE, loads, are_locked=False)
    if refused:
        raise UnableToGiveCapacity(f"more than was taken of departures {sorted(refused)}")


def _change(statement: str, loads: Loads, *, are_locked: bool) -> set[int]:
    """Run a guarded update and return the departures that it left alone."""
    asked: dict[int, list[int]] = {}
    for (departure_id, direction), crates in loads.items():
        both = asked.setdefault(departure_id, [0, 0])
        both[0 if direction == Direction.OUT else 1] += crates
    if not asked:
        return set()
    if len(asked) > 1 and not are_locked and connection.features.has_select_for_update:
        lock(set(asked))
    else:
        locks.touch(locks.Rank.DEPARTURE)
    table, parameters = sql.values([(pk, *both) for pk, both in sorted(asked.items())], ("bigint", "int", "int"))
    with connection.cursor() as cursor:
        cursor.execute(statement.format(asked=table), parameters)
        return asked.keys() - {pk for (pk,) in cursor.fetchall()}
