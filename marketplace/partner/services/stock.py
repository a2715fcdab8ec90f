"""Stock: what is on hand, what of it is allocated, and the movements that explain it.

Guarded updates keep ``0 ≤ allocated ≤ on hand``; a movement is written with every change of what is on hand.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks, sql
from core.events import NewEvent
from marketplace.partner.models import StockMovement, StockRecord
from marketplace.partner.states import MovementKind

TABLE = StockRecord._meta.db_table
# The guard against overselling. The tests take it off to show that without it the race is lost.
ENOUGH_LEFT = "t.num_in_stock - t.num_allocated >= v.column2"


class UnableToAllocate(Exception):
    """Some records have fewer units left than asked for; ``short`` gives the units left of each."""

    def __init__(self, short: Mapping[int, int]):
        super().__init__(f"not enough left of stock records {dict(short)}")
        self.short = dict(short)


class UnableToAdjust(Exception):
    """The stock cannot be set to that number of units."""


def allocate(wanted: Mapping[int, int]) -> None:
    """Allocate units of stock records in one guarded statement, all or none.

    :param wanted: units by the stock record's primary key.
    :raises UnableToAllocate: when one has too few left; nothing is allocated then (the caller's transaction ends).
    """
    locks.touch(locks.Rank.STOCK)
    updated = sql.update_from(
        TABLE, rows=list(wanted.items()), assign="num_allocated = t.num_allocated + v.column2", where=ENOUGH_LEFT
    )
    missing = set(wanted) - updated
    if missing:
        rows = StockRecord.objects.filter(pk__in=missing).values_list("pk", "num_in_stock", "num_allocated")
        raise UnableToAllocate(dict.fromkeys(missing, 0) | {pk: max(0, on - out) for pk, on, out in rows})


def release(units: Mapping[int, int]) -> None:
    """Give back allocated units, by the stock record's primary key."""
    locks.touch(locks.Rank.STOCK)
    updated = sql.update_from(
        TABLE,
        rows=[(pk, n) for pk, n in units.items() if n],
        assign="num_allocated = t.num_allocated - v.column2",
        where="t.num_allocated >= v.column2",
    )
    if updated != {pk for pk, n in units.items() if n}:
        raise AssertionError("more was to be released than is allocated")


def pack(units: Mapping[int, int], *, reference: str, by, at: dt.datetime) -> None:
    """Let packed units leave: stock and allocation fall together, and a PACKED movement tells of it."""
    locks.touch(locks.Rank.STOCK)
    updated = sql.update_from(
        TABLE,
        rows=list(units.items()),
        assign="num_allocated = t.num_allocated - v.column2, num_in_stock = t.num_in_stock - v.column2",
        where="t.num_allocated >= v.column2",
    )
    if updated != set(units):
        raise AssertionError("more was packed than is allocated")
    _move([(pk, MovementKind.PACKED, -n) for pk, n in units.items()], reference=reference, by=by, at=at)


def take_back(units: Mapping[int, int], *, kind: MovementKind, reference: str, by, at: dt.datetime) -> None:
    """Put units back on hand (RETURNED or RECEIVED)."""
    locks.touch(locks.Rank.STOCK)
    sql.update_from(TABLE, rows=list(units.items()), assign="num_in_stock = t.num_in_stock + v.column2")
    _move([(pk, kind, n) for pk, n in units.items()], reference=reference, by=by, at=at)


def write_off(units: Mapping[int, int], *, reference: str, by, at: dt.datetime) -> None:
    """Take units off that cannot be sold any more, by the stock record's primary key; none that is allocated."""
    locks.touch(locks.Rank.STOCK)
    updated = sql.update_from(
        TABLE,
        rows=list(units.items()),
        assign="num_in_stock = t.num_in_stock - v.column2",
        where="t.num_in_stock - t.num_allocated >= v.column2",
    )
    if updated != set(units):
        raise AssertionError("more was written off than is free")
    _move([(pk, MovementKind.WRITTEN_OFF, -n) for pk, n in units.items()], reference=reference, by=by, at=at)


@transaction.atomic
def set_on_hand(record: StockRecord, *, on_hand: int, by, at: dt.datetime, reference: str = "") -> StockRecord:
    """Set what is on hand by a movement of the difference: OPENING for the first, ADJUSTED for each later one.

    :raises UnableToAdjust: below what is allocated to orders, or below zero.
    """
    record = locks.lock(StockRecord.objects.filter(pk=record.pk), rank=locks.Rank.STOCK).get()
    if on_hand < record.num_allocated:
        raise UnableToAdjust(
            _("%(allocated)d are already sold and not packed yet: the stock cannot be less.")
            % {"allocated": record.num_allocated}
        )
    difference = on_hand - record.num_in_stock
    if difference:
        opening = difference > 0 and not record.movements.exists()
        kind = MovementKind.OPENING if opening else MovementKind.ADJUSTED
        StockRecord.objects.filter(pk=record.pk).update(num_in_stock=on_hand)
        _move([(record.pk, kind, difference)], reference=reference, by=by, at=at)
        payload = {"stock_record": record.pk, "kind": kind, "before": record.num_in_stock, "after": on_hand}
        events.append([NewEvent("listing", record.product_id, "listing.stock_set", payload)], by=by, at=at)
        record.num_in_stock = on_hand
    return record


def _move(rows: Sequence[tuple[int, MovementKind, int]], *, reference: str, by, at: dt.datetime) -> None:
    actor = events.actor_of(by)
    StockMovement.objects.bulk_create(
        StockMovement(stock_record_id=pk, kind=kind, quantity=n, reference=reference, actor=actor, at=at)
        for pk, kind, n in rows
    )


def by_record(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Add up pairs of stock record and units."""
    total = Counter()
    for pk, units in pairs:
        total[pk] += units
    return dict(total)
