"""What is written once stays as it was written: triggers refuse changes on both databases."""

import datetime as dt

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


@pytest.mark.parametrize("model", [*APPEND_ONLY, Line])
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


def test_an_event_is_not_replaced_under_another_key(line):
    if connection.vendor == "postgresql":
        return  # it has no REPLACE
    before = list(Event.objects.order_by("pk").values())
    columns = "stream, stream_id, version, name, actor, occurred_at, recorded_at, payload"

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT OR REPLACE INTO core_event (id, {columns}) SELECT id + 100000, {columns} FROM core_event LIMIT 1"
        )

    assert list(Event.objects.order_by("pk").values()) == before
