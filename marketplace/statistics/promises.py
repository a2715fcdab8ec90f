"""Questions about kept promises: the on-time rate by the county of the point and month, from the rollup."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BigIntegerField, QuerySet, Sum, Value

from marketplace.statistics.models import PromiseMonth
from marketplace.statistics.queries import ORDERS, Period, orders_of, parts_of
from villages import codes, known_names
from villages.names import said_short

STEPS = (80, 90, 95, 98)  # per cent from which a place is shaded darker on the map


@dataclass(frozen=True)
class OnTime:
    """How many consignments arrived at the points of a place, and how many could be handed over as promised."""

    code: str
    name: str
    arrived: int = 0
    in_time: int = 0

    @property
    def rate(self) -> str:
        """The rate in per cent, such as ``95.2``, rounded down so that 100 means all; empty where nothing arrived."""
        return f"{1000 * self.in_time // self.arrived / 10:.1f}" if self.arrived else ""

    @property
    def short(self) -> str:
        """The name as a map has room for it."""
        return said_short(self.name)

    @property
    def step(self) -> int:
        """Its shade on the map, 1–5; 0 where nothing arrived."""
        return 1 + sum(100 * self.in_time >= limit * self.arrived for limit in STEPS) if self.arrived else 0


def kept(place: str, *, period: Period) -> QuerySet[PromiseMonth]:
    """Return the months that a period touches, of the counties at or below a place."""
    months = (period.start.replace(day=1), period.end)
    return PromiseMonth.objects.filter(month__range=months, point_county__range=codes.span(place))


def on_time(place: str, *, period: Period) -> OnTime:
    """Return the on-time rate of a place in the months that a period touches, in one query."""
    sums = kept(place, period=period).aggregate(arrived=Sum("arrived", default=0), in_time=Sum("in_time", default=0))
    return OnTime(place, known_names.names().get(place, place), **sums)


def with_orders(place: str, *, period: Period) -> tuple[dict[str, int], list[OnTime]]:
    """Return what became of the orders for points at or below a place, and the on-time rates of its parts by code.

    One query: orders placed, consignments collected, cancelled and expired; and by county what arrived and was in time.
    """
    nothing = Value(0, output_field=BigIntegerField())
    placed = {f"n{number}": Sum(name) for number, name in enumerate(ORDERS)}
    arrived = {"n0": Sum("arrived"), "n1": Sum("in_time"), "n2": nothing, "n3": nothing}
    ended = orders_of(place, period=period).values("point_county").annotate(is_order=Value(1), **placed).order_by()
    came = kept(place, period=period).values("point_county").annotate(is_order=Value(0), **arrived).order_by()
    columns = ("point_county", "is_order", "n0", "n1", "n2", "n3")
    sums: Counter = Counter(dict.fromkeys(ORDERS, 0))
    counties = []
    for county, is_order, *counts in ended.values_list(*columns).union(came.values_list(*columns), all=True):
        if is_order:
            sums.update(dict(zip(ORDERS, map(int, counts), strict=True)))
        else:
            counties.append((county, int(counts[0]), int(counts[1])))
    return dict(sums), parted(place, counties)


def parted(place: str, counties: Iterable[tuple[str, int, int]]) -> list[OnTime]:
    """Return a place's parts by code, from what arrived and what was in time at the points of each county."""
    is_province = codes.level_of(place) == "PROVINCE"
    sums: dict[str, Counter] = {code: Counter() for code in parts_of(place)}
    for county, arrived, in_time in counties:
        part = codes.prefecture_of(county) if is_province else county
        sums.setdefault(part, Counter()).update(arrived=arrived, in_time=in_time)
    return _named(sums)


def total(place: str, parts: list[OnTime]) -> OnTime:
    """Return the sum of a place's parts."""
    names = known_names.names()
    sums = (sum(part.arrived for part in parts), sum(part.in_time for part in parts))
    return OnTime(place, names.get(place, place), *sums)


def by_county(place: str, *, period: Period) -> list[OnTime]:
    """Return each county at or below a place at whose points something arrived, the worst first, in one query."""
    rows = kept(place, period=period).values_list("point_county").annotate(a=Sum("arrived"), t=Sum("in_time"))
    found = _named({county: Counter(arrived=arrived, in_time=in_time) for county, arrived, in_time in rows.order_by()})
    return sorted(found, key=lambda each: (each.in_time / each.arrived if each.arrived else 1, each.code))


def _named(sums: dict[str, Counter]) -> list[OnTime]:
    names = known_names.names()
    return [OnTime(code, names.get(code, code), sums[code]["arrived"], sums[code]["in_time"]) for code in sorted(sums)]


def months(today: dt.date) -> dict[str, Period]:
    """Return this month and the last, whole."""
    this = today.replace(day=1)
    last_end = this - dt.timedelta(days=1)
    return {"month": Period(this, today), "last": Period(last_end.replace(day=1), last_end)}
