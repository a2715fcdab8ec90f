"""Questions to the ledger."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from core import clock
from marketplace.settlement.models import Posting
from marketplace.settlement.states import AccountKind, PostingKind


@dataclass
class Entry:
    """One thing that a point earned, or gave back: then ``fen`` is negative."""

    at: dt.datetime
    kind: str
    fen: int
    order_number: str

    @property
    def words(self) -> str:
        return str(PostingKind(self.kind).label)


@dataclass
class EarningsDay:
    """What a point earned on a day, entry by entry."""

    day: dt.date
    entries: list[Entry] = field(default_factory=list)

    @property
    def fen(self) -> int:
        return sum(entry.fen for entry in self.entries)


def earnings_of(point_id: int, *, month: dt.date) -> list[EarningsDay]:
    """Return the days of a month on which a point earned something, the last one first.

    :param month: its first day.
    """
    start = clock.beginning_of(month)
    end = clock.beginning_of((month + dt.timedelta(days=32)).replace(day=1))
    mine = Q(credit__kind=AccountKind.POINT, credit__party_id=point_id)
    mine |= Q(debit__kind=AccountKind.POINT, debit__party_id=point_id)
    rows = Posting.objects.filter(mine, at__gte=start, at__lt=end).order_by("-at", "-pk")
    days: dict[dt.date, EarningsDay] = {}
    for at, kind, fen, credited, number in rows.values_list(
        "at", "kind", "amount_fen", "credit__kind", "order__number"
    ):
        day = days.setdefault(clock.day_of(at), EarningsDay(clock.day_of(at)))
        day.entries.append(Entry(at, kind, fen if credited == AccountKind.POINT else -fen, number))
    return list(days.values())


def by_kind(days: Iterable[EarningsDay]) -> list[tuple[str, int, int]]:
    """Return of each kind of entry its words, how many there are, and their sum in fen."""
    numbers, sums = Counter(), Counter()
    for entry in (entry for day in days for entry in day.entries):
        numbers[entry.kind] += 1
        sums[entry.kind] += entry.fen
    return [(str(kind.label), numbers[kind], sums[kind]) for kind in PostingKind if numbers[kind]]
