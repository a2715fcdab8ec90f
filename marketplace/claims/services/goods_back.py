"""What a return leads to when it ends: stock, write-offs, the end of what expired."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import transaction

from core import events
from core.events import NewEvent
from logistics.models import Consignment, GoodsReturn, GoodsReturnLine
from logistics.services import goods_returns
from logistics.services.steps import UnableToScan
from logistics.states import MOVES, ConsignmentState, Disposal, ReturnReason, ReturnState
from marketplace.claims.services import refunds
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos as evidence
from marketplace.partner.services import stock
from marketplace.partner.states import MovementKind
from marketplace.settlement import ledger
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value


def matter_of(goods_return: GoodsReturn) -> str:
    """Return what photos of goods that are written off are kept under."""
    return f"goods-return:{goods_return.pk}"


@transaction.atomic
def receive(goods_return: GoodsReturn, *, counted: Mapping[int, tuple[int, int]], by, at: dt.datetime) -> GoodsReturn:
    """Take a return in at its seller's: what can be sold again is on hand again, the rest is written off.

    :param counted: by return line, units that came and how many of these can be sold again.
    :raises UnableToMoveReturn: when it has ended, or the units do not add up.
    :raises NotTheirs: by anybody but the seller's people.
    """
    consignment, found, lines = goods_returns.receive(goods_return, counted=counted, by=by, at=at)
    came, spoiled = Counter(), Counter()
    for line in lines:
        record = line.consignment_line.order_line.stockrecord_id
        came[record] += line.received
        spoiled[record] += line.received - line.resaleable
    if +came:
        stock.take_back(dict(+came), kind=MovementKind.RETURNED, reference=found.number, by=by, at=at)
    if +spoiled:
        stock.write_off(dict(+spoiled), reference=found.number, by=by, at=at)
    lost, bad = [line.units - line.received for line in lines], [line.received - line.resaleable for line in lines]
    _book(consignment, found, lines, lost, ReturnState.LOST, by=by, at=at)
    _book(consignment, found, lines, bad, ReturnState.WRITTEN_OFF, by=by, at=at)
    _end_expired(consignment, found, ConsignmentState.RETURNED, by=by, at=at)
    refunds.grant_for(found, by=by, at=at)
    return found


@transaction.atomic
def write_off(goods_return: GoodsReturn, *, by, at: dt.datetime, photos: Sequence[Photo] = ()) -> GoodsReturn:
    """Write goods off at their point, as its operator or the sweep confirms.

    :param photos: of the goods, where somebody took some.
    :raises UnableToMoveReturn: when it travels or has ended.
    :raises NotTheirs: by anybody but the point's operators.
    :raises evidence.UnableToBind: when a photo is gone.
    """
    found = _ended(goods_return, ReturnState.WRITTEN_OFF, by=by, at=at)
    evidence.bind(photos, matter=matter_of(found), at=at)
    return found


def end_overdue(*, by: str, at: dt.datetime, limit: int = 200) -> int:
    """Write off what nobody confirmed in time, and count as lost what is not back in time; return how many ended."""
    overdue = GoodsReturn.objects.filter(ended_at=None, due_at__lt=at).order_by("due_at")[:limit]
    return sum(_end_one(each, by=by, at=at) for each in overdue)


def _end_one(goods_return: GoodsReturn, *, by: str, at: dt.datetime) -> bool:
    gone = ReturnState.WRITTEN_OFF if goods_return.disposal == Disposal.WRITE_OFF else ReturnState.LOST
    try:
        with transaction.atomic():
            _ended(goods_return, gone, by=by, at=at)
    except UnableToScan:
        return False  # somebody was first
    return True


def _ended(goods_return: GoodsReturn, state: ReturnState, *, by, at: dt.datetime) -> GoodsReturn:
    consignment, found, lines = goods_returns.end(goods_return, as_=state, by=by, at=at)
    _book(consignment, found, lines, [line.units for line in lines], state, by=by, at=at)
    _end_expired(consignment, found, ConsignmentState.WRITTEN_OFF, by=by, at=at)
    refunds.grant_for(found, by=by, at=at)
    return found


def _book(
    consignment: Consignment,
    found: GoodsReturn,
    lines: Sequence[GoodsReturnLine],
    units: Sequence[int],
    why: ReturnState,
    *,
    by,
    at: dt.datetime,
) -> None:
    fen = sum(n * line.consignment_line.order_line.unit_price_fen for n, line in zip(units, lines, strict=True))
    value, reference = Value(consignment, fen), f"{why}:{found.number}"
    postings = booking.written_off([value], reference=reference, bearer=settings.WRITE_OFF_BEARER[why])
    ledger.book(postings, by=by, at=at)


def _end_expired(consignment: Consignment, found: GoodsReturn, to: ConsignmentState, *, by, at: dt.datetime) -> None:
    """End what nobody collected; what was collected in part has ended long ago."""
    if found.reason != ReturnReason.EXPIRED:
        return
    before = ConsignmentState(consignment.state)
    if to not in MOVES[before]:
        raise AssertionError(f"a consignment does not go from {before} to {to}")
    Consignment.objects.filter(pk=consignment.pk).update(state=to)
    payload = {"order": consignment.order.number, "return": found.number, "before": before, "after": to}
    events.append([NewEvent("consignment", consignment.number, f"consignment.{to.lower()}", payload)], by=by, at=at)
