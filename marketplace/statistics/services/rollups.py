"""Rollups of sales, kept up from the event log by their own bookmark."""

import datetime as dt
from collections import Counter

from django.db import connection

from core import clock, events
from core.events import Event
from marketplace.statistics.models import ChannelDay, OrdersDay, PromiseMonth, SalesDay
from villages import codes

READER = "sales"
SALES_FIELDS = ("placed_units", "placed_fen", "taken_units", "taken_fen")
CHANNEL_KEYS = ("day", "channel", "point_id", "point_county")
ORDER_FIELDS = ("placed", "collected", "cancelled", "expired")
PROMISE_FIELDS = ("arrived", "in_time")


def read_events(*, limit: int = 1000) -> int:
    """Add new events to the rollups and return how many were read; each event counts once."""
    return events.read(READER, lambda batch: apply([event for _position, event in batch]), limit=limit)


def apply(batch: list[Event]) -> None:
    """Add events to the rollups in a statement for each."""
    sales: dict[tuple, Counter] = {}
    orders: dict[tuple, Counter] = {}
    promises: dict[tuple, Counter] = {}
    channels: dict[tuple, Counter] = {}
    for event in batch:
        day, payload = clock.day_of(event.occurred_at), event.payload
        if event.name == "order.placed":
            orders.setdefault((day, payload["point_county"]), Counter())["placed"] += 1
            _add(sales, day, payload, "placed")
            _add_channels(channels, day, payload, "placed")
        elif event.name == "consignment.collected":
            orders.setdefault((day, payload["point_county"]), Counter())["collected"] += 1
            _add(sales, day, payload, "taken")
            _add_channels(channels, day, payload, "taken")
        elif event.name == "consignment.arrived":
            _count_promise(promises, day, payload)
        elif event.name == "consignment.cancelled":
            orders.setdefault((day, payload["point_county"]), Counter())["cancelled"] += 1
        elif event.name == "consignment.expired":
            orders.setdefault((day, payload["point_county"]), Counter())["expired"] += 1
    _upsert(SalesDay, ("day", "seller_county", "point_county", "category_path"), SALES_FIELDS, sales)
    _upsert(OrdersDay, ("day", "point_county"), ORDER_FIELDS, orders)
    _upsert(ChannelDay, CHANNEL_KEYS, SALES_FIELDS, channels)
    _upsert(PromiseMonth, ("month", "point_county"), PROMISE_FIELDS, promises)


def _count_promise(promises: dict[tuple, Counter], day: dt.date, payload: dict) -> None:
    """Count an arrival; what was told before arrivals carried their promise, or without one, is left out."""
    promised_at, handed_over_from = payload.get("promised_at"), payload.get("handed_over_from")
    if not (promised_at and handed_over_from and payload.get("point_county")):
        return
    counter = promises.setdefault((day.replace(day=1), payload["point_county"]), Counter())
    counter["arrived"] += 1
    counter["in_time"] += dt.datetime.fromisoformat(handed_over_from) <= dt.datetime.fromisoformat(promised_at)


def _add(sales: dict[tuple, Counter], day, payload: dict, verb: str) -> None:
    for line in payload["lines"]:
        key = (day, codes.county_of(line["seller_division"]), payload["point_county"], line["category"])
        counter = sales.setdefault(key, Counter())
        counter[f"{verb}_units"] += line["units"]
        counter[f"{verb}_fen"] += line["fen"]


def _add_channels(channels: dict[tuple, Counter], day, payload: dict, verb: str) -> None:
    """Count what a sample or an operator's order led to; the web's own sales have no point."""
    for line in payload["lines"]:
        if not line.get("channel_point"):
            continue
        key = (day, line["channel"], line["channel_point"], payload["point_county"])
        counter = channels.setdefault(key, Counter())
        counter[f"{verb}_units"] += line["units"]
        counter[f"{verb}_fen"] += line["fen"]


def _upsert(model, keys: tuple[str, ...], fields: tuple[str, ...], rows: dict[tuple, Counter]) -> None:
    """Add counters to their rows, made where missing, in statements of at most 60 rows, in key order."""
    table = model._meta.db_table
    columns = ", ".join((*keys, *fields))
    assign = ", ".join(f"{field} = {table}.{field} + excluded.{field}" for field in fields)
    items = sorted(rows.items())
    for start in range(0, len(items), 60):
        chunk = items[start : start + 60]
        places = ", ".join(["(" + ", ".join(["%s"] * (len(keys) + len(fields))) + ")"] * len(chunk))
        parameters = [part for key, counter in chunk for part in (*key, *(counter[field] for field in fields))]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({columns}) VALUES {places} "
                f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {assign}",
                parameters,
            )
