"""The hand-over as the counter does it: prove, collect, take the money, book it, all in one transaction."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from django.db import transaction
from django.utils.translation import gettext as _

from core import locks
from logistics.models import Collection, Consignment, ConsignmentLine
from logistics.services import collections, milestones
from logistics.services.collections import Outcome, Presented, UnableToCollect
from logistics.states import IN_HAND, CollectionProof, ConsignmentState, CounterPayment
from marketplace.counter.services import cash, proving, rejected
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos as evidence
from marketplace.order.models import Order
from marketplace.order.services import projection
from marketplace.order.services.freezing import line_payload
from marketplace.order.states import PaymentMethod
from marketplace.payment.services import spending
from marketplace.settlement import ledger
from marketplace.settlement.services import earnings
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value
from villages.models import Device


@dataclass(frozen=True)
class Due:
    """What the buyer pays at the counter for the outcomes as they stand, in fen."""

    goods_fen: int
    freight_fen: int

    @property
    def total_fen(self) -> int:
        return self.goods_fen + self.freight_fen


def due(order: Order, *, point_id: int, outcomes: Mapping[int, Outcome], among: Set[int] | None = None) -> Due:
    """Return what is to be paid when the waiting consignments are handed over with these outcomes.

    :param among: only these consignments.
    """
    values = [each for each in _values(order.pk, point_id, outcomes) if among is None or each.consignment.pk in among]
    if order.payment_method != PaymentMethod.AT_POINT:
        return Due(0, 0)
    return Due(sum(v.goods_fen for v in values), sum(v.freight_fen for v in values))


def hand_over(
    order: Order,
    *,
    point,
    outcomes: Mapping[int, Outcome],
    proof: CollectionProof,
    code: str,
    nonce: str,
    by,
    at: dt.datetime,
    seen: Set[int] | None = None,
    stepped_up: bool = False,
    device: Device | None = None,
    collector: tuple[str, str] | None = None,
    paid_by: CounterPayment = CounterPayment.CASH,
    photos: Mapping[int, Sequence[Photo]] = MappingProxyType({}),
) -> Collection:
    """Hand over what waits of an order at the operator's own point and book it.

    :param code: the typed code's digits, or the text of the buyer's QR.
    :param nonce: names this hand-over; the same one again returns the same receipt by ``AlreadyCollected``.
    :param seen: the consignment lines on the operator's screen; where others wait by now, nothing is handed over.
    :param stepped_up: the operator gave the second factor just now.
    :param device: the paired device at which it is done.
    :param collector: name and phone in E.164 of somebody who collects for the buyer (代取).
    :param photos: by consignment line, proof of why units were rejected.
    :raises proving.UnableToProve: when the code does not belong to the order, or tries are used up.
    :raises collections.AlreadyCollected: with the first collection's receipt.
    :raises collections.WaitingHasChanged: when other lines wait than were seen.
    :raises UnableToCollect: when nothing waits here, the units do not add up, or the operator holds too much cash.
    :raises spending.NotPaid, spending.PaidTooLittle: by the platform's QR, where that does not pay what is due.
    """
    reference = proving.prove(
        order, point=point, proof=proof, code=code, by=by, at=at, device=device, stepped_up=stepped_up
    )
    presented = Presented(proof, nonce, reference, device.pk if device else None, collector, paid_by)
    with transaction.atomic():
        handed = book(order, point=point, outcomes=outcomes, presented=presented, by=by, at=at, seen=seen)
        _bind(handed, photos, at=at)
        cash.see_room(handed.collection)
        milestones.passed("collecting-cash-seen")
    milestones.passed("collecting-committed")
    return handed.collection


def book(
    order: Order,
    *,
    point,
    outcomes: Mapping[int, Outcome],
    presented: Presented,
    by,
    at: dt.datetime,
    seen: Set[int] | None = None,
    among: Set[int] | None = None,
) -> collections.HandedOver:
    """Collect and book what was proven already, inside the caller's transaction; see ``collections.collect``."""
    locks.lock(Order.objects.filter(pk=order.pk), rank=locks.Rank.ORDER).get()
    if order.payment_method != PaymentMethod.AT_POINT:
        presented = replace(presented, paid_by=CounterPayment.CASH)  # of nothing: it was paid before
    handed = collections.collect(
        order.pk,
        point_id=point.pk,
        outcomes=outcomes,
        presented=presented,
        payload_of=line_payload,
        cash_of=partial(_cash, order) if presented.paid_by in IN_HAND else _no_cash,
        by=by,
        at=at,
        seen=seen,
        among=among,
    )
    rejected.send_back(handed, by=by, at=at)
    _book(order, point, handed, by=by, at=at)
    if presented.paid_by == CounterPayment.PLATFORM_QR:
        _spend(order, handed, by=by, at=at)
    milestones.passed("collecting-booked")
    projection.settle(order, by=by, at=at)
    milestones.passed("collecting-settled")
    return handed


def _bind(handed: collections.HandedOver, photos: Mapping[int, Sequence[Photo]], *, at: dt.datetime) -> None:
    try:
        for row in handed.lines:
            evidence.bind(photos.get(row.consignment_line_id, ()), matter=matter_of(row.pk), at=at)
    except evidence.UnableToBind as refusal:
        raise UnableToCollect(_("A photo is not there any more. Please take it again.")) from refusal


def matter_of(collection_line_id: int) -> str:
    """Return what photos of rejected goods are kept under."""
    return f"collection-line:{collection_line_id}"


def _values(order_id: int, point_id: int, outcomes: Mapping[int, Outcome]) -> list[Value]:
    lines = ConsignmentLine.objects.filter(
        consignment__order_id=order_id,
        consignment__point_id=point_id,
        consignment__state=ConsignmentState.AT_POINT,
    ).select_related("order_line", "consignment")
    taken: dict[Consignment, int] = defaultdict(int)
    for line in lines:
        outcome = outcomes.get(line.pk)
        units = line.open if outcome is None else outcome.taken
        taken[line.consignment] += units * line.order_line.unit_price_fen
    return [Value(c, fen, c.freight_fen if fen else 0) for c, fen in taken.items()]


def _cash(order: Order, consignment: Consignment, taken_fen: int) -> int:
    if order.payment_method != PaymentMethod.AT_POINT or not taken_fen:
        return 0
    return taken_fen + consignment.freight_fen


def _no_cash(consignment: Consignment, taken_fen: int) -> int:
    return 0


def _spend(order: Order, handed: collections.HandedOver, *, by, at: dt.datetime) -> None:
    """Take what is due from what was paid by the platform's QR; nothing where nothing was taken."""
    taken = defaultdict(int)
    consignment_of = dict(
        ConsignmentLine.objects.filter(consignment__in=handed.consignments).values_list("pk", "consignment_id")
    )
    for row in handed.lines:
        taken[consignment_of[row.consignment_line_id]] += row.taken_fen
    due_fen = sum(_cash(order, consignment, taken[consignment.pk]) for consignment in handed.consignments)
    if due_fen:
        spending.spend(order, collection=handed.collection, due_fen=due_fen, by=by, at=at)


def _book(order: Order, point, handed: collections.HandedOver, *, by, at: dt.datetime) -> None:
    taken, missed = defaultdict(int), defaultdict(int)
    line_of = {
        line.pk: line
        for line in ConsignmentLine.objects.select_related("order_line").filter(consignment__in=handed.consignments)
    }
    for row in handed.lines:
        line = line_of[row.consignment_line_id]
        taken[line.consignment_id] += row.taken_fen
        missed[line.consignment_id] += (row.short + row.rejected) * line.order_line.unit_price_fen
    reference = f"collection:{handed.collection.pk}"
    was_paid = order.payment_method == PaymentMethod.ONLINE
    got, not_got = [], []
    for consignment in handed.consignments:
        # Freight is earned when anything was taken, and waived when nothing was.
        freight = consignment.freight_fen
        got.append(Value(consignment, taken[consignment.pk], freight if taken[consignment.pk] else 0))
        not_got.append(Value(consignment, missed[consignment.pk], 0 if taken[consignment.pk] else freight))
    postings = booking.earned(got, reference=reference)
    postings += earnings.of_collection(
        order,
        point_id=point.pk,
        consignments=handed.consignments,
        rows=[(line_of[row.consignment_line_id], row.taken_fen) for row in handed.lines],
    )
    postings += booking.not_delivered(not_got, reference=reference, was_paid=was_paid)
    if not was_paid:
        taken_fen = handed.collection.cash_fen
        postings.append(
            booking.cash_taken(order_id=order.pk, point_id=point.pk, amount_fen=taken_fen, reference=reference)
        )
    ledger.book(postings, by=by, at=at)
