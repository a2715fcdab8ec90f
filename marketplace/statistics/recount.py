"""The figures counted anew from orders and collections, to be compared with the rollups (R1)."""

from collections import Counter

from django.db.models import OuterRef, Subquery

from core import clock
from logistics.models import CollectionLine, Consignment, ConsignmentLine
from logistics.states import ConsignmentState
from marketplace.order.models import Line
from marketplace.statistics.models import ChannelDay, OrdersDay, PromiseMonth, SalesDay
from marketplace.statistics.services.rollups import CHANNEL_KEYS, ORDER_FIELDS, SALES_FIELDS
from villages import codes

NOT_COLLECTED = (ConsignmentState.EXPIRED, ConsignmentState.RETURNED, ConsignmentState.WRITTEN_OFF)


def recounted() -> dict[tuple, Counter]:
    """Return placed and taken units and fen by (day, seller's county, point's county, category), from the rows."""
    figures: dict[tuple, Counter] = {}
    placed = Line.objects.values_list(
        "order__date_placed", "seller_division", "point_division", "category_path", "quantity", "unit_price_fen"
    )
    for at, seller, point, category, units, price in placed.iterator(chunk_size=2000):
        counter = figures.setdefault(_key(at, seller, point, category), Counter())
        counter["placed_units"] += units
        counter["placed_fen"] += units * price
    taken = CollectionLine.objects.values_list(
        "collection__occurred_at",
        "consignment_line__order_line__seller_division",
        "consignment_line__order_line__point_division",
        "consignment_line__order_line__category_path",
        "taken",
        "taken_fen",
    )
    for at, seller, point, category, units, fen in taken.iterator(chunk_size=2000):
        if not units:
            continue
        counter = figures.setdefault(_key(at, seller, point, category), Counter())
        counter["taken_units"] += units
        counter["taken_fen"] += fen
    return figures


def orders_recounted() -> dict[tuple, Counter]:
    """Return orders placed, and consignments collected, cancelled and expired, by (day, county of the point as the
    order was placed), from the rows."""
    figures: dict[tuple, Counter] = {}

    def count(rows, name: str) -> None:
        for _pk, at, point in rows.order_by().distinct().iterator(chunk_size=2000):
            figures.setdefault((clock.day_of(at), codes.county_of(point)), Counter())[name] += 1

    placed_for = "order_line__point_division"
    count(Line.objects.values_list("order_id", "order__date_placed", "point_division"), "placed")
    handed = CollectionLine.objects.values_list(
        "consignment_line__consignment_id", "collection__occurred_at", f"consignment_line__{placed_for}"
    )
    count(handed, "collected")
    ended = ConsignmentLine.objects.values_list("consignment_id", "consignment__ended_at", placed_for)
    count(ended.filter(consignment__state=ConsignmentState.CANCELLED), "cancelled")
    count(ended.filter(consignment__state__in=NOT_COLLECTED), "expired")
    return figures


def orders_rolled_up() -> dict[tuple, Counter]:
    """Return the same figures as the rollups hold them."""
    rows = OrdersDay.objects.values_list("day", "point_county", *ORDER_FIELDS)
    return {(day, county): Counter(dict(zip(ORDER_FIELDS, counts, strict=True))) for day, county, *counts in rows}


def rolled_up() -> dict[tuple, Counter]:
    """Return the same figures as the rollups hold them."""
    fields = ("placed_units", "placed_fen", "taken_units", "taken_fen")
    keys = ("day", "seller_county", "point_county", "category_path")
    return {
        tuple(row[key] for key in keys): Counter({field: row[field] for field in fields})
        for row in SalesDay.objects.values(*keys, *fields).iterator(chunk_size=2000)
    }


def promises_recounted() -> dict[tuple, Counter]:
    """Return arrivals and those in time by (month, county of the point as the order was placed), from the rows."""
    placed_for = ConsignmentLine.objects.filter(consignment=OuterRef("pk")).order_by("pk")
    arrived = Consignment.objects.filter(handed_over_from__isnull=False, promised_at__isnull=False).values_list(
        "arrived_at",
        "handed_over_from",
        "promised_at",
        Subquery(placed_for.values("order_line__point_division")[:1]),
    )
    figures: dict[tuple, Counter] = {}
    for arrived_at, handed_over_from, promised_at, point in arrived.iterator(chunk_size=2000):
        if point:
            key = (clock.day_of(arrived_at).replace(day=1), codes.county_of(point))
            figures.setdefault(key, Counter()).update(arrived=1, in_time=int(handed_over_from <= promised_at))
    return figures


def promises_rolled_up() -> dict[tuple, Counter]:
    """Return the same figures as the rollups hold them."""
    rows = PromiseMonth.objects.values_list("month", "point_county", "arrived", "in_time")
    return {(month, county): Counter(arrived=arrived, in_time=in_time) for month, county, arrived, in_time in rows}


def channels_recounted() -> dict[tuple, Counter]:
    """Return placed and taken units and fen by (day, channel, its point, county of the point as it was ordered)."""
    figures: dict[tuple, Counter] = {}
    placed = Line.objects.exclude(channel_point=None).values_list(
        "order__date_placed", "channel", "channel_point_id", "point_division", "quantity", "unit_price_fen"
    )
    for at, channel, point, division, units, price in placed.iterator(chunk_size=2000):
        key = (clock.day_of(at), channel, point, codes.county_of(division))
        figures.setdefault(key, Counter()).update(placed_units=units, placed_fen=units * price)
    line = "consignment_line__order_line"
    taken = CollectionLine.objects.exclude(**{f"{line}__channel_point": None}).values_list(
        "collection__occurred_at",
        f"{line}__channel",
        f"{line}__channel_point_id",
        f"{line}__point_division",
        "taken",
        "taken_fen",
    )
    for at, channel, point, division, units, fen in taken.iterator(chunk_size=2000):
        key = (clock.day_of(at), channel, point, codes.county_of(division))
        figures.setdefault(key, Counter()).update(taken_units=units, taken_fen=fen)
    return figures


def channels_rolled_up() -> dict[tuple, Counter]:
    """Return the same figures as the rollups hold them."""
    rows = ChannelDay.objects.values_list(*CHANNEL_KEYS, *SALES_FIELDS)
    return {tuple(row[:4]): Counter(dict(zip(SALES_FIELDS, row[4:], strict=True))) for row in rows}


def differences() -> list[tuple[str, tuple, Counter, Counter]]:
    """Return ``(what, key, rolled up, recounted)`` wherever the two are not equal."""
    return [
        (what, *difference)
        for what, (ours, true) in {
            "sales": (rolled_up(), recounted()),
            "orders": (orders_rolled_up(), orders_recounted()),
            "channels": (channels_rolled_up(), channels_recounted()),
            "arrivals": (promises_rolled_up(), promises_recounted()),
        }.items()
        for difference in _compared(ours, true)
    ]


def count() -> int:
    """Return how many rows of figures are compared."""
    return sum(rollup.objects.count() for rollup in (SalesDay, OrdersDay, PromiseMonth, ChannelDay))


def _compared(ours: dict[tuple, Counter], true: dict[tuple, Counter]) -> list[tuple[tuple, Counter, Counter]]:
    empty = Counter()
    return [
        (key, ours.get(key, empty), true.get(key, empty))
        for key in sorted(ours.keys() | true.keys())
        if +ours.get(key, empty) != +true.get(key, empty)
    ]


def _key(at, seller: str, point: str, category: str) -> tuple:
    return clock.day_of(at), codes.county_of(seller), codes.county_of(point), category
