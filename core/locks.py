"""Row locks, taken in one order everywhere.

The order is: order, consignment, stock, point-day, departure, ledger; rows of one kind by primary key. ``lock`` refuses
to take a kind after a later one in the same transaction, so that a deadlock is a failing test and not a bad night.
On SQLite the transaction itself holds the one write lock; the order is checked there all the same.
"""

from enum import IntEnum

from django.db import connection
from django.db.models import QuerySet


class Rank(IntEnum):
    ORDER = 1
    CONSIGNMENT = 2
    STOCK = 3
    POINT_DAY = 4
    DEPARTURE = 5
    LEDGER = 6


class LockOrderError(AssertionError):
    """A row was to be locked after one of a later kind."""


def lock(queryset: QuerySet, *, rank: Rank) -> QuerySet:
    """Return the queryset ordered by primary key and locked ``FOR UPDATE`` where the database has row locks.

    :raises LockOrderError: outside a transaction, or after a lock of a later kind in the same transaction.
    """
    touch(rank)
    queryset = queryset.order_by("pk")
    return queryset.select_for_update(of=("self",)) if connection.features.has_select_for_update_of else queryset


def touch(rank: Rank) -> None:
    """Note that this transaction writes rows of a kind by guarded update; raise ``LockOrderError`` as ``lock`` does."""
    this = _transaction()
    if this is None:
        raise LockOrderError("locks are taken inside a transaction")
    noted, highest = getattr(connection, "_highest_lock", (None, 0))
    if noted is this and rank < highest:
        raise LockOrderError(f"{rank.name} is locked before {Rank(highest).name}, never after")
    connection._highest_lock = (this, max(rank, highest) if noted is this else rank)


def _transaction() -> object | None:
    """Return what only this transaction has, or None outside of one.

    Its ``Atomic`` is no such thing: a function decorated with ``transaction.atomic`` has one for all of its calls. The
    list of hooks is made anew for each transaction; below a test's own transaction each one is a savepoint.
    """
    for depth, block in enumerate(connection.atomic_blocks):
        if not block._from_testcase:
            return connection.savepoint_ids[depth - 1] if depth else connection.run_on_commit
    return None


def mutex(name: str) -> None:
    """Let one transaction at a time past this line for a name; it is let go when the transaction ends.

    On PostgreSQL an advisory lock; on SQLite the writing transaction is alone as it is.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
