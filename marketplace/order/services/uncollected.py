"""What nobody collected in time: it expires, its crates are freed, and what was due for it falls."""

import datetime as dt
from collections import defaultdict

from django.db import transaction

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment, ConsignmentLine, Parcel
from logistics.states import ConsignmentState, ParcelState
from marketplace.order.models import Order
from marketplace.order.services import projection
from marketplace.order.services.freezing import county_of, line_payload
from marketplace.order.states import PaymentMethod
from marketplace.partner.services import stock
from marketplace.partner.states import MovementKind
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value

PERISHABLE = frozenset({"CHILLED", "FROZEN"})


def expire_overdue(*, by, at: dt.datetime, limit: int = 200) -> int:
    """Expire the consignments whose time at the counter is over, and return how many."""
    overdue = Consignment.objects.filter(state=ConsignmentState.AT_POINT, collect_by__lt=at).order_by("collect_by")
    return sum(expire(consignment, by=by, at=at) for consignment in overdue.select_related("order")[:limit])


@transaction.atomic
def expire(consignment: Consignment, *, by, at: dt.datetime) -> bool:
    """End an uncollected consignment: perishable goods are written off, others go back to the seller's stock.

    Exactly one of collected and expired happens: the state is moved by guarded update under the order's lock.

    :returns: whether it was still waiting, and so expired now.
    """
    order = locks.lock(Order.objects.filter(pk=consignment.order_id), rank=locks.Rank.ORDER).get()
    locks.touch(locks.Rank.CONSIGNMENT)
    perishable = consignment.storage_class in PERISHABLE
    end = ConsignmentState.WRITTEN_OFF if perishable else ConsignmentState.RETURNED
    this = Consignment.objects.filter(pk=consignment.pk)
    if not this.filter(state=ConsignmentState.AT_POINT).update(state=ConsignmentState.EXPIRED):
        return False
    this.update(state=end, ended_at=at)
    lines = list(ConsignmentLine.objects.filter(consignment=consignment).select_related("order_line"))
    units, goods, entries = defaultdict(int), 0, []
    for line in lines:
        units[line.order_line.stockrecord_id] += line.open
        goods += line.open * line.order_line.unit_price_fen
        entries.append(line_payload(line.order_line, line.open))
        line.expired, line.open = line.expired + line.open, 0
    ConsignmentLine.objects.bulk_update(lines, ["expired", "open"])
    Parcel.objects.filter(consignment=consignment).update(
        state=ParcelState.WRITTEN_OFF if perishable else ParcelState.RETURNED
    )
    if not perishable:
        stock.take_back(dict(units), kind=MovementKind.RETURNED, reference=consignment.number, by=by, at=at)
    was_paid = order.payment_method == PaymentMethod.ONLINE
    booking.book_not_delivered(
        [Value(consignment, goods, consignment.freight_fen)], reference="expire", was_paid=was_paid, by=by, at=at
    )
    payload = {
        "order": order.number,
        "point_county": county_of(lines),
        "end": end,
        "collect_by": consignment.collect_by.isoformat(),
        "lines": entries,
    }
    names = ["consignment.expired", "consignment.written_off" if perishable else "consignment.returned"]
    events.append([NewEvent("consignment", consignment.number, name, payload) for name in names], by=by, at=at)
    projection.settle(order, by=by, at=at)
    return True
