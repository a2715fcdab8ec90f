"""How orders end: cancelled, handed over, not collected; and what is booked for each."""

import datetime as dt

import pytest

from core import clock, invariants
from core.models import Event
from core.storage_class import StorageClass
from logistics import codes
from logistics.models import Collection, GoodsReturn, Leg
from logistics.services.collections import AlreadyCollected, Outcome, UnableToCollect
from logistics.states import CollectionProof, ConsignmentState, Disposal, ReturnReason
from marketplace.counter.services import handover, proving
from marketplace.order.models import Order
from marketplace.order.services import cancelling, placing, uncollected
from marketplace.order.states import OrderState, PaymentMethod
from marketplace.partner.models import StockRecord
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import shop
from tests.factories.counter import qr_of
from tests.factories.shop import MONDAY
from villages.models import PointDay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_its_week(monkeypatch):
    """The checks look at due times by this clock."""
    monkeypatch.setattr(clock, "now", lambda: MONDAY + dt.timedelta(days=2))


LATER = MONDAY + dt.timedelta(days=2)


def stock(product) -> tuple[int, int]:
    return StockRecord.objects.values_list("num_in_stock", "num_allocated").get(product=product)


def hand_over(order, point, operator, **changes) -> Collection:
    arguments = {
        "outcomes": {},
        "proof": CollectionProof.TYPED_CODE,
        "code": codes.typed_code(order.number, epoch=order.code_epoch),
        "nonce": "n1",
        "by": operator,
        "at": LATER,
    } | changes
    return handover.hand_over(order, point=point, **arguments)


def test_a_cancelled_order_gives_back_all_that_it_held():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=10)
    order = shop.order(made.point, product, quantity=4)
    shop.routed(order)
    assert Leg.objects.filter(released_at=None).exists()

    cancelling.cancel(order, by=None, at=LATER)

    order.refresh_from_db()
    assert order.status == OrderState.CANCELLED
    assert stock(product) == (10, 0)
    assert list(PointDay.objects.values_list("held", flat=True)) == [0]
    assert not Leg.objects.filter(released_at=None).exists()
    assert ledger.balance(AccountKind.BUYER_CLEARING) == 0
    assert ledger.balance(AccountKind.UNEARNED) == 0
    assert invariants.findings() == []


def test_a_packed_order_cannot_be_cancelled():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=10)
    order = shop.order(made.point, product)
    shop.packed(order)
    postings, told = order.postings.count(), Event.objects.count()

    with pytest.raises(cancelling.UnableToCancel):
        cancelling.cancel(order, by=None, at=LATER)

    order.refresh_from_db()
    assert order.status == OrderState.OPEN
    assert (order.postings.count(), Event.objects.count(), stock(product)) == (postings, told, (9, 0))


def test_an_order_is_cancelled_once():
    made = shop.shop()
    order = shop.order(made.point, shop.listing(made.seller))
    cancelling.cancel(order, by=None, at=LATER)

    with pytest.raises(cancelling.UnableToCancel):
        cancelling.cancel(order, by=None, at=LATER)


def test_packing_consumes_stock_and_allocation_and_makes_parcels():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=10)
    order = shop.order(made.point, product, quantity=3)

    consignment = shop.packed(order)[0]

    assert stock(product) == (7, 0)
    assert list(product.stockrecords.get().movements.order_by("pk").values_list("kind", "quantity")) == [
        ("OPENING", 10),
        ("PACKED", -3),
    ]
    assert consignment.state == ConsignmentState.PACKED
    assert consignment.parcels.count() == 1
    assert invariants.findings() == []


def test_a_hand_over_takes_the_cash_and_pays_everybody():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller, price_fen=5000), quantity=2))
    operator = shop.operator(made.point)

    collection = hand_over(order, made.point, operator)

    assert collection.cash_fen == 10_600
    assert ledger.balance(AccountKind.OPERATOR_CASH, party_id=made.point.pk) == -10_600
    assert ledger.balance(AccountKind.SELLER_PAYABLE, party_id=made.seller.pk) == 9_800
    assert ledger.balance(AccountKind.POINT, party_id=made.point.pk) == 30, "for the parcel"
    assert ledger.balance(AccountKind.COMMISSION) == 200 - 30
    assert ledger.balance(AccountKind.FREIGHT) == 600
    assert ledger.balance(AccountKind.BUYER_CLEARING) == 0
    order.refresh_from_db()
    assert order.status == OrderState.COMPLETED
    assert invariants.findings() == []


def test_what_is_short_or_rejected_is_not_paid():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller, price_fen=5000), quantity=3))
    line = order.consignments.get().lines.get()
    outcomes = {line.pk: Outcome(taken=1, short=1, rejected=1, reason="压坏")}

    collection = hand_over(order, made.point, shop.operator(made.point), outcomes=outcomes)

    assert collection.cash_fen == 5_600
    line.refresh_from_db()
    assert (line.open, line.taken, line.short, line.rejected) == (0, 1, 1, 1)
    assert ledger.balance(AccountKind.UNEARNED) == 0
    assert invariants.findings() == []


def test_freight_is_waived_when_nothing_is_taken():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller), quantity=1))
    line = order.consignments.get().lines.get()

    collection = hand_over(
        order, made.point, shop.operator(made.point), outcomes={line.pk: Outcome(taken=0, rejected=1)}
    )

    assert collection.cash_fen == 0
    assert ledger.balance(AccountKind.FREIGHT) == 0
    assert invariants.findings() == []


def test_outcomes_must_add_up():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller), quantity=2))
    line = order.consignments.get().lines.get()

    with pytest.raises(UnableToCollect):
        hand_over(order, made.point, shop.operator(made.point), outcomes={line.pk: Outcome(taken=1)})

    assert not Collection.objects.exists()
    assert order.consignments.get().state == ConsignmentState.AT_POINT


def test_the_second_hand_over_sees_the_receipt_of_the_first():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller)))
    operator = shop.operator(made.point)
    first = hand_over(order, made.point, operator)

    with pytest.raises(AlreadyCollected) as caught:
        hand_over(order, made.point, operator, nonce="n2")

    assert caught.value.collection == first
    assert Collection.objects.count() == 1
    assert invariants.findings() == []


def test_a_code_is_refused_at_another_point():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller)))
    operator = shop.operator(made.network.stop)

    with pytest.raises(UnableToCollect):
        hand_over(order, made.network.stop, operator)

    assert not Collection.objects.exists()


def test_a_mistyped_code_is_no_try_and_a_wrong_one_is():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller)))
    operator = shop.operator(made.point)
    right = codes.typed_code(order.number, epoch=1)
    mistyped = right[:-1] + str((int(right[-1]) + 1) % 10)
    wrong = codes.typed_code("999999999999", epoch=1)

    with pytest.raises(proving.UnableToProve):
        hand_over(order, made.point, operator, code=mistyped)
    assert order.code_attempts.count() == 0

    for _ in range(proving.TRIES_PER_ORDER):
        with pytest.raises(proving.UnableToProve):
            hand_over(order, made.point, operator, code=wrong)
    assert order.code_attempts.count() == proving.TRIES_PER_ORDER

    with pytest.raises(proving.UnableToProve):
        hand_over(order, made.point, operator, code=right)
    assert hand_over(order, made.point, operator, proof=CollectionProof.QR, code=qr_of(order))


def test_a_qr_of_an_older_epoch_is_void():
    made = shop.shop()
    order = shop.at_point(shop.order(made.point, shop.listing(made.seller)))
    old = qr_of(order)
    Order.objects.filter(pk=order.pk).update(code_epoch=2)
    order.refresh_from_db()

    with pytest.raises(proving.UnableToProve):
        hand_over(order, made.point, shop.operator(made.point), proof=CollectionProof.QR, code=old)


@pytest.mark.parametrize(
    ("storage_class", "disposal"),
    [(StorageClass.AMBIENT, Disposal.BACK), (StorageClass.CHILLED, Disposal.WRITE_OFF)],
)
def test_what_nobody_collects_expires_and_is_to_go_back_or_to_be_written_off(storage_class, disposal):
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=10, storage_class=storage_class)
    order = shop.at_point(shop.order(made.point, product, quantity=2))

    assert uncollected.expire_overdue(by="test", at=MONDAY + dt.timedelta(days=1)) == 0
    assert uncollected.expire_overdue(by="test", at=MONDAY + dt.timedelta(days=30)) == 1
    assert uncollected.expire_overdue(by="test", at=MONDAY + dt.timedelta(days=30)) == 0

    consignment, back = order.consignments.get(), GoodsReturn.objects.get()
    assert (consignment.state, stock(product)) == (ConsignmentState.EXPIRED, (8, 0))
    assert (back.disposal, back.reason, back.shelf) == (disposal, ReturnReason.EXPIRED, "A-01")
    assert ledger.balance(AccountKind.BUYER_CLEARING) == 0
    order.refresh_from_db()
    assert order.status == OrderState.COMPLETED
    assert invariants.findings() == []


def test_an_unpaid_hold_is_released_when_its_time_is_over():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=5)
    order = held_order(made, product)

    assert cancelling.release_overdue(by="test", at=MONDAY) == 0
    assert cancelling.release_overdue(by="test", at=MONDAY + dt.timedelta(hours=1)) == 1

    order.refresh_from_db()
    assert (order.status, stock(product)) == (OrderState.CANCELLED, (5, 0))


def held_order(made, product):
    return placing.place(
        shop.basket(product),
        point_id=made.point.pk,
        contact=shop.contact(),
        payment_method=PaymentMethod.ONLINE,
        by=None,
        at=MONDAY,
    )
