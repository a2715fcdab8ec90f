"""Each promise is seen to speak: one corrupted row, and it is named."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core import clock, events, invariants
from core.models import Event
from logistics.models import Consignment, Parcel
from logistics.states import CollectionProof
from marketplace.counter.services import handover
from marketplace.order.models import Order
from marketplace.partner.models import StockMovement, StockRecord
from marketplace.settlement.models import Posting
from marketplace.statistics.models import PromiseMonth, SalesDay
from marketplace.statistics.services import rollups
from tests.factories import shop
from tests.factories.counter import qr_of
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(monkeypatch):
    """An order that was handed over, at a time when nothing is overdue."""
    monkeypatch.setattr(clock, "now", lambda: MONDAY + dt.timedelta(days=1, hours=1))
    made = shop.shop()
    placed = shop.at_point(shop.order(made.point, shop.listing(made.seller), quantity=2))
    handover.hand_over(
        placed,
        point=made.point,
        outcomes={},
        proof=CollectionProof.QR,
        code=qr_of(placed),
        nonce="n1",
        by=shop.operator(made.point),
        at=MONDAY + dt.timedelta(days=1),
    )
    assert invariants.findings() == []
    return placed


def spoken() -> set[str]:
    return {finding.code for finding in invariants.findings()}


def test_s1_names_stock_that_no_movement_explains(order):
    StockRecord.objects.update(num_in_stock=1)
    assert "S1" in spoken()


def test_s1_names_an_allocation_without_an_order(order):
    StockRecord.objects.update(num_allocated=1)
    assert "S1" in spoken()


def test_m1_names_an_amount_that_went_astray(order):
    posting = Posting.objects.filter(kind="EARNED").get()
    with connection.cursor() as cursor:
        without_trigger(
            cursor, "settlement_posting", "UPDATE settlement_posting SET amount_fen = 1 WHERE id = %s", posting.pk
        )
    assert "M1" in spoken()


def test_c1_names_a_line_that_was_taken_twice(order):
    with connection.cursor() as cursor:
        without_trigger(cursor, "logistics_collectionline", "UPDATE logistics_collectionline SET taken = %s", 5)
    assert "C1" in spoken()


def test_c1_names_a_parcel_that_does_not_follow(order):
    Parcel.objects.update(state="AT_POINT")
    assert "C1" in spoken()


def test_c2_names_a_collection_at_another_point(order):
    Consignment.objects.update(point_id=order.consignments.get().origin_stop_id)
    assert "C2" in spoken()


def test_c2_names_goods_that_were_handed_over_unpaid(order):
    with connection.cursor() as cursor:
        without_trigger(cursor, "settlement_posting", "DELETE FROM settlement_posting WHERE kind = %s", "CASH_TAKEN")
    assert {"C2", "M1"} <= spoken()


def test_o2_names_what_is_overdue(order):
    Order.objects.update(status="AWAITING_PAYMENT", hold_until=MONDAY)
    assert "O2" in spoken()


def test_o2_names_what_waits_for_a_route_by_when_it_began_to_wait(order):
    now = clock.now()
    Consignment.objects.update(state="AWAITING_ROUTE", created_at=MONDAY, waiting_since=now)
    assert "O2" not in spoken()

    Consignment.objects.update(waiting_since=now - dt.timedelta(minutes=6))
    assert "O2" in spoken()


def test_r1_names_arrivals_that_do_not_recount(order):
    PromiseMonth.objects.create(month=MONDAY.date().replace(day=1), point_county="430723000000", arrived=1)
    assert "R1" in spoken()


def test_r1_names_a_figure_that_does_not_recount(order):
    SalesDay.objects.filter(taken_fen__gt=0).update(taken_fen=1)
    assert "R1" in spoken()


def test_the_command_names_the_row_and_fails(order, capsys):
    SalesDay.objects.filter(taken_fen__gt=0).update(taken_fen=1)

    with pytest.raises(CommandError):
        call_command("check_invariants", "R1")

    assert "R1 sales of" in capsys.readouterr().err


def test_the_command_refuses_an_unknown_promise():
    with pytest.raises(CommandError):
        call_command("check_invariants", "Z9")


@pytest.mark.parametrize("model", [Event, Posting, StockMovement])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_append_only_tables_refuse_change(order, model, change):
    row = model.objects.first()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        if change == "update":
            model.objects.filter(pk=row.pk).update(actor="somebody")
        else:
            model.objects.filter(pk=row.pk).delete()

    assert model.objects.filter(pk=row.pk, actor=row.actor).exists()


def test_readers_count_each_event_once(order):
    before = SalesDay.objects.get(taken_fen__gt=0).taken_fen

    events.publish()
    rollups.read_events()
    rollups.read_events()

    assert SalesDay.objects.get(taken_fen__gt=0).taken_fen == before == 9000


def without_trigger(cursor, table: str, statement: str, *parameters) -> None:
    """Corrupt an append-only table as only a broken database could."""
    if connection.vendor == "postgresql":
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET LOCAL session_replication_role = origin")
        return
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
    triggers = cursor.fetchall()
    for name, _sql in triggers:
        cursor.execute(f"DROP TRIGGER {name}")
    cursor.execute(statement, parameters)
    for _name, definition in triggers:
        cursor.execute(definition)
