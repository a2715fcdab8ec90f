"""The append-only event log: writing, giving positions, reading from a bookmark.

A transaction appends events and they commit with it. One publisher then gives every committed event a dense position.
Readers bookmark positions and never ids: a lower id can commit after a higher one, and a reader that had passed the
higher id would lose it.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from core import bulk, sql
from core.models import Bookmark, Event, EventPosition, EventStream, PendingEvent

PUBLISHER = "publisher"
LEASE = dt.timedelta(seconds=30)
_COLUMNS = ("id", "stream", "stream_id", "version", "name", "actor", "occurred_at", "recorded_at", "payload")


@dataclass(frozen=True)
class NewEvent:
    """An event to be appended.

    :param stream: kind of the thing it happened to: ``order``, ``consignment``, ``parcel``, ``listing``, ``point`` …
    :param stream_id: that thing's own number or primary key.
    :param name: dotted name in the past tense: ``order.placed``.
    :param payload: ids, codes, quantities and fen; never personal data.
    :param at: when it happened, where that is another time than the one of its batch.
    """

    stream: str
    stream_id: str | int
    name: str
    payload: dict = field(default_factory=dict)
    at: dt.datetime | None = None


def actor_of(user) -> str:
    """Return how the log names a person or a process: ``user:17``, ``guest``, or the given text."""
    if isinstance(user, str):
        return user
    return f"user:{user.pk}" if user is not None and user.pk else "guest"


def append(events: Iterable[NewEvent], *, by, at: dt.datetime) -> None:
    """Append events inside the caller's transaction, in four queries however many they are.

    :param by: the actor, a user or a dotted process name such as ``task:routing``.
    :param at: when it happened, by the clock of the device or edge; the server's time is noted beside it.
    :raises RuntimeError: outside a transaction.
    """
    events = list(events)
    if not events:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("events are appended inside the transaction that they tell of")
    counts = Counter((event.stream, str(event.stream_id)) for event in events)
    heads = _raise_heads(counts)
    actor, recorded_at = actor_of(by), timezone.now()
    ids, rows = bulk.next_ids(Event, len(events)), []
    for pk, event in zip(ids, events, strict=True):
        key = (event.stream, str(event.stream_id))
        heads[key] += 1
        payload = json.dumps(event.payload, ensure_ascii=False)
        rows.append((pk, *key, heads[key], event.name, actor, event.at or at, recorded_at, payload))
    bulk.insert(Event, _COLUMNS, rows)
    bulk.insert(PendingEvent, ("event_id",), [(pk,) for pk in ids])


def _raise_heads(counts: Counter) -> dict[tuple[str, str], int]:
    """Raise each stream's head by its number of events and return the versions before, locking the heads."""
    table = EventStream._meta.db_table
    keys = sorted(counts)
    before = {}
    for start in range(0, len(keys), 300):
        chunk = keys[start : start + 300]
        rows, parameters = sql.values([(*key, counts[key]) for key in chunk], ("text", "text", "int"))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (stream, stream_id, version) "
                f"SELECT column1, column2, column3 FROM {rows} WHERE true "
                f"ON CONFLICT (stream, stream_id) DO UPDATE SET version = {table}.version + excluded.version "
                "RETURNING stream, stream_id, version",
                parameters,
            )
            before |= {(s, i): version - counts[(s, i)] for s, i, version in cursor.fetchall()}
    return before


def publish(*, limit: int = 2000) -> int:
    """Give committed events their positions and return how many got one.

    Only one publisher works at a time: the bookmark row ``publisher`` holds the last position and is taken by a
    guarded update inside the transaction, which every other publisher then waits for or finds changed.
    """
    with transaction.atomic():
        mark = _locked_bookmark(PUBLISHER)
        pending = list(PendingEvent.objects.order_by("event_id").values_list("event_id", flat=True)[:limit])
        if not pending:
            return 0
        EventPosition.objects.bulk_create(
            [EventPosition(position=mark.position + n, event_id=pk) for n, pk in enumerate(pending, start=1)],
            batch_size=400,
        )
        for start in range(0, len(pending), 400):
            PendingEvent.objects.filter(event_id__in=pending[start : start + 400]).delete()
        Bookmark.objects.filter(reader=PUBLISHER).update(position=F("position") + len(pending))
        return len(pending)


def read(reader: str, handle: Callable[[list[tuple[int, Event]]], None], *, limit: int = 500) -> int:
    """Hand the next events after the reader's bookmark to ``handle`` and move the bookmark, in one transaction.

    What ``handle`` writes in the database and the bookmark commit together or not at all, so each event counts once.

    :param handle: gets ``(position, event)`` pairs in order of position.
    :returns: how many events were handed over.
    """
    with transaction.atomic():
        mark = _locked_bookmark(reader)
        places = dict(
            EventPosition.objects.filter(position__gt=mark.position)
            .order_by("position")
            .values_list("event_id", "position")[:limit]
        )
        if not places:
            return 0
        found = {}
        ids = list(places)
        for start in range(0, len(ids), 400):
            found |= Event.objects.in_bulk(ids[start : start + 400])
        handle([(position, found[event_id]) for event_id, position in places.items()])
        Bookmark.objects.filter(reader=reader).update(position=max(places.values()))
        return len(places)


def lag(reader: str) -> int:
    """Return how many published events the reader has not read yet."""
    marks = dict(Bookmark.objects.filter(Q(reader=reader) | Q(reader=PUBLISHER)).values_list("reader", "position"))
    return marks.get(PUBLISHER, 0) - marks.get(reader, 0)


def unpublished() -> bool:
    """Tell whether committed events wait for their positions."""
    return PendingEvent.objects.exists()


def _locked_bookmark(reader: str) -> Bookmark:
    Bookmark.objects.bulk_create([Bookmark(reader=reader)], ignore_conflicts=True)
    rows = Bookmark.objects.filter(reader=reader)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    return rows.get()
