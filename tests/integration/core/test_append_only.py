"""What is written once stays as it was written: triggers refuse changes on both databases."""

import datetime as dt
import re
import sqlite3
from contextlib import closing

import pytest
from django.db import IntegrityError, connection, transaction

from core.models import Event
from logistics.models import Collection, CollectionLine
from logistics.states import CollectionProof
from marketplace.counter.services import handover
from marketplace.order.models import Line, OrderLineDiscount
from marketplace.partner.models import StockMovement
from marketplace.settlement.models import Posting
from tests.factories import counter
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db

APPEND_ONLY = {
    Event: "name",
    Posting: "key",
    StockMovement: "reference",
    Collection: "nonce",
    CollectionLine: "reason",
    OrderLineDiscount: "funder",
}
GUARDED = [*APPEND_ONLY, Line]
FROZEN = {
    "unit_price_fen": 1,
    "line_price_incl_tax": 1,
    "quantity": 7,
    "title": "Changed",
    "seller_division": "430000000000",
    "origin_division": "430000000000",
    "point_division": "430000000000",
    "category_path": "changed",
    "storage_class": "FROZEN",
    "direction": "TO_COUNTRY",
    "channel": "SAMPLE",
    "sample": "changed",
    "pack": "changed",
}


@pytest.fixture
def line():
    made = counter.counter()
    order = made.waiting()
    handover.hand_over(
        order,
        point=made.point,
        outcomes={},
        proof=CollectionProof.TYPED_CODE,
        code=counter.code_of(order),
        nonce="once",
        by=made.operator,
        at=MONDAY + dt.timedelta(days=2),
    )
    line = order.lines.get()
    OrderLineDiscount.objects.create(
        line=line, order_discount=order.discounts.create(amount=1), amount=1, is_incl_tax=True
    )
    return line


def _delete(model) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table}")


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_a_row_is_neither_changed_nor_deleted(line, model):
    before = list(model.objects.order_by("pk").values())
    assert before

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.update(**{APPEND_ONLY[model]: "changed"})
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        _delete(model)

    assert list(model.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("column", FROZEN)
def test_what_an_order_line_froze_is_not_changed(line, column):
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Line.objects.update(**{column: FROZEN[column]})

    assert getattr(Line.objects.get(), column) != FROZEN[column]


def test_the_rest_of_an_order_line_may_change(line):
    Line.objects.update(status="changed", unit_price_fen=line.unit_price_fen)

    assert Line.objects.get().status == "changed"


@pytest.mark.parametrize("model", GUARDED)
def test_a_row_is_not_replaced(line, model):
    before = list(model.objects.order_by("pk").values())
    table, columns = model._meta.db_table, ", ".join(f'"{field.column}"' for field in model._meta.local_fields)
    statement = f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}"
    if connection.vendor == "postgresql":
        statement = f"TRUNCATE {table} CASCADE"

    with (
        pytest.raises(IntegrityError, match=r"append-only|frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL xiangpin.may_truncate = 'off'")
        cursor.execute(statement)

    assert list(model.objects.order_by("pk").values()) == before


def test_every_table_that_refuses_changes_is_known_here(line):
    if connection.vendor == "postgresql":
        found = (
            "SELECT relname FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid WHERE tgname LIKE '%_append_only'"
        )
    else:
        found = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_replace'"

    with connection.cursor() as cursor:
        cursor.execute(found)
        tables = {table for (table,) in cursor.fetchall()}

    assert tables == {model._meta.db_table for model in GUARDED}


@pytest.fixture
def bare(line, tmp_path):
    """A copy of the database as the sqlite3 module opens it, which leaves ``recursive_triggers`` off."""
    if connection.vendor == "postgresql":
        yield None  # it has no REPLACE
        return
    path = tmp_path / "bare.sqlite3"
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as migrated, closing(sqlite3.connect(path)) as copy:
        migrated.backup(copy)
        for model in GUARDED:
            _fill(copy, model)
        copy.commit()
        yield copy


def _fill(copy: sqlite3.Connection, model) -> None:
    """Carry over the rows of the test's own transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        rows = cursor.fetchall()
    assert rows
    copy.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def _keys(model) -> set[tuple[str, ...]]:
    """The columns of each unique key that the model names, its primary key among them."""
    meta = model._meta
    together = [*meta.unique_together, *(constraint.fields for constraint in meta.total_unique_constraints)]
    keys = {(field.column,) for field in meta.local_fields if field.unique}
    return keys | {tuple(meta.get_field(name).column for name in names) for names in together}


KEYS = [(model, key) for model in GUARDED for key in sorted(_keys(model))]


def _again(verb: str, model, key: tuple[str, ...]) -> str:
    """A statement that writes the first row once more with this key, and new values in every other key."""
    others = {column for other in _keys(model) if other != key for column in other} - set(key)

    def value(column: str) -> str:
        if column not in others:
            return f'"{column}"'
        return f"""CASE typeof("{column}") WHEN 'text' THEN "{column}" || '+' ELSE "{column}" + 100000 END"""

    columns = [field.column for field in model._meta.local_fields]
    into = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(map(value, columns))
    return (
        f"{verb} INTO {model._meta.db_table} ({into}) SELECT {values} FROM {model._meta.db_table} ORDER BY id LIMIT 1"
    )


def _rows(copy: sqlite3.Connection, model) -> list[tuple]:
    return copy.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id").fetchall()


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_a_bare_connection_cannot_replace_a_row_by_any_of_its_keys(bare, model, key):
    if not bare:
        return
    before = _rows(bare, model)

    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|frozen"):
        bare.execute(_again("REPLACE", model, key))

    assert _rows(bare, model) == before


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_without_the_trigger_a_bare_connection_replaces_the_row(bare, model, key):
    if not bare:
        return
    before = _rows(bare, model)
    bare.execute(f"DROP TRIGGER {model._meta.db_table}_no_replace")

    bare.execute(_again("REPLACE", model, key))

    after = _rows(bare, model)
    assert len(after) == len(before)
    assert (before[0] in after) == (len(_keys(model)) == 1)


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_a_duplicate_still_fails_by_its_own_key(bare, model, key):
    if not bare:
        return
    before = _rows(bare, model)

    with pytest.raises(sqlite3.IntegrityError, match=rf"UNIQUE constraint failed: {model._meta.db_table}\.{key[0]}"):
        bare.execute(_again("INSERT", model, key))

    assert _rows(bare, model) == before


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_a_duplicate_may_still_be_passed_over(bare, model, key):
    if not bare:
        return
    before = _rows(bare, model)

    bare.execute(_again("INSERT OR IGNORE", model, key))
    bare.execute(f"{_again('INSERT', model, key).replace(' ORDER BY', ' WHERE true ORDER BY')} ON CONFLICT DO NOTHING")

    assert _rows(bare, model) == before


@pytest.mark.parametrize("model", GUARDED)
def test_a_new_row_may_be_written_by_replace(bare, model):
    if not bare:
        return
    before = _rows(bare, model)

    bare.execute(_again("REPLACE", model, ()))

    assert len(_rows(bare, model)) == len(before) + 1


@pytest.mark.parametrize("model", GUARDED)
def test_the_trigger_finds_every_key_by_an_index(bare, model):
    if not bare:
        return
    table = model._meta.db_table
    query = "SELECT sql FROM sqlite_master WHERE name = ?"
    (definition,) = bare.execute(query, [f"{table}_no_replace"]).fetchone()
    asked = definition.partition(" WHEN ")[2].partition(" BEGIN ")[0]

    plan = bare.execute(f"EXPLAIN QUERY PLAN SELECT {re.sub('NEW[.]', 'new.', asked)} FROM {table} AS new").fetchall()

    searches = [step for *_, step in plan if step.startswith("SEARCH")]
    assert len(searches) == len(_keys(model))
    assert all("SEARCH" in step or step.startswith(("SCAN new", "CORRELATED")) for *_, step in plan)
