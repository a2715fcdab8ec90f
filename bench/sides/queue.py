"""A queue of any length: consignments that wait for their routes, written by the database itself."""

import datetime as dt
import random

from django.db import connection
from django.db.models import Sum

CAPACITY, WAYS = 1_000_000, 4096


def fill(size: int, stops: list[int], *, chance: random.Random, at: dt.datetime) -> None:
    """Let exactly ``size`` consignments wait, each of an order of its own, promised as placing would have done."""
    from logistics.models import Consignment
    from logistics.states import ConsignmentState
    from marketplace.order.models import Order
    from tests.factories import logistics
    from villages.models import PickupPoint, PointDay

    waiting = Consignment.objects.filter(state=ConsignmentState.AWAITING_ROUTE)
    have = waiting.count()
    pattern = Consignment.objects.filter(number__startswith="PATTERN").first()
    if pattern is None:
        stop, point = PickupPoint.objects.order_by("pk")[:2]
        [pattern] = logistics.consignments(
            [(stop, point)], at=at, state=ConsignmentState.CANCELLED, number="PATTERN", ready_from=at, waiting_since=at
        )
    columns = ("origin_stop_id", "point_id", "held_day", "promised_at", "expected_at")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE drawn (n integer PRIMARY KEY, origin_stop_id integer, point_id integer, "
            "held_day date, promised_at timestamp with time zone, expected_at timestamp with time zone)"
        )
        cursor.executemany("INSERT INTO drawn VALUES (%s, %s, %s, %s, %s, %s)", _drawn(stops, chance, at))
        last = Order.objects.order_by("-pk").values_list("pk", flat=True).first()
        changed = {column: f"drawn.{column}" for column in columns}
        changed |= {"id": f"{last} + series.n", "number": f"'C' || ({last} + series.n)"}
        changed |= {"order_id": changed["id"], "state": f"'{ConsignmentState.AWAITING_ROUTE}'"}
        _copy(cursor, Order, pattern.order_id, size - have, {name: changed[name] for name in ("id", "number")})
        _copy(cursor, Consignment, pattern.pk, size - have, changed)
        cursor.execute("DROP TABLE drawn")
        if connection.vendor == "postgresql":
            for model in (Order, Consignment):
                table = model._meta.db_table
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
                cursor.execute(f"ANALYZE {table}")
    PointDay.objects.all().delete()
    _settle()
    together = waiting.values("point_id", "held_day", "storage_class").annotate(crates_held=Sum("crates"))
    PointDay.objects.bulk_create(
        [
            PointDay(
                point_id=row["point_id"],
                day=row["held_day"],
                storage_class=row["storage_class"],
                capacity=CAPACITY,
                held=row["crates_held"],
            )
            for row in together
        ],
        batch_size=2000,
    )


def _settle() -> None:
    """Do what a database with so many rows has long done: its cleaning and writing is not what is measured."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("CHECKPOINT")


def _drawn(stops: list[int], chance: random.Random, at: dt.datetime) -> list[tuple]:
    """Return so many different ways with their promises."""
    from core.clock import day_of
    from logistics.promises import PromiseRequest, times

    asked = [
        PromiseRequest(chance.choice(stops), chance.choice(stops), "AMBIENT", 1, ready_from=at) for _ in range(WAYS * 2)
    ]
    promised = [(request, time) for request, time in zip(asked, times(asked, at=at), strict=True) if time is not None]
    return [
        (number, request.origin_stop_id, request.point_id, day_of(time), time, time)
        for number, (request, time) in enumerate(promised[:WAYS])
    ]


def _copy(cursor, model, pk: int, times: int, changed: dict[str, str]) -> None:
    """Insert a row again and again, some columns changed by an expression in ``series.n``."""
    columns, table = [field.column for field in model._meta.concrete_fields], model._meta.db_table
    values = ", ".join(f"({changed[column]})" if column in changed else f'{table}."{column}"' for column in columns)
    series = (
        f"generate_series(1, {times}) AS series(n)"
        if connection.vendor == "postgresql"
        else f"(WITH RECURSIVE s(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s LIMIT {times}) SELECT * FROM s) series"
    )
    names = ", ".join(f'"{column}"' for column in columns)
    joined = f" JOIN drawn ON drawn.n = series.n % {WAYS}" if "point_id" in changed else ""
    cursor.execute(
        f'INSERT INTO {table} ({names}) SELECT {values} FROM {series}{joined}, {table} WHERE {table}."id" = {pk}'
    )
