"""What nobody collected in time: it expires, its crates are freed, and what was due for it falls."""

import datetime as dt

from django.db import transaction

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment, ConsignmentLine, Parcel
from logistics.services import goods_returns, leases
from logistics.services.keeping import PERISHABLE
from logistics.states import ConsignmentState, Disposal, ParcelState, ReturnReason
from marketplace.order.models import Order
from marketplace.order.services import projection
from marketplace.order.services.freezing import county_of, line_payload
from marketplace.order.states import PaymentMethod
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value


def expire_overdue(*, by, at: dt.datetime, limit: int = 200) -> int:
    """Expire the consignments whose time at the counter is over, and return how many."""
    overdue = Consignment.objects.filter(state=ConsignmentState.AT_POINT, collect_by__lt=at).order_by("collect_by")
    overdue = overdue.exclude(leases.waits(at=at))
    return sum(expire(consignment, by=by, at=at) for consignment in overdue.select_related("order")[:limit])


@transaction.atomic
def expire(consignment: Consignment, *, by, at: dt.datetime) -> bool:
    """Let an uncollected consignment expire: perishable goods are to be written off, others go back to their seller.

    It is over for the buyer now; it ends when the goods are back or written off.

    Exactly one of collected and expired happens: the state is moved by guarded update under the order's lock.

    :returns: whether it was still waiting, and so expired now.
    """
    order = locks.lock(Order.objects.filter(pk=consignment.order_id), rank=locks.Rank.ORDER).get()
    locks.lock(Consignment.objects.filter(pk=consignment.pk), rank=locks.Rank.CONSIGNMENT).get()
    if Consignment.objects.filter(leases.waits(at=at), pk=consignment.pk).exists():
        return False  # its time waits for the phone that has or had it offline, or for what that uploaded
    perishable = consignment.storage_class in PERISHABLE
    this = Consignment.objects.filter(pk=consignment.pk)
    if not this.filter(state=ConsignmentState.AT_POINT).update(state=ConsignmentState.EXPIRED, ended_at=at):
        return False
    lines = list(ConsignmentLine.objects.filter(consignment=consignment).select_related("order_line"))
    units, goods, entries = {}, 0, []
    for line in lines:
        units[line.pk] = line.open
        goods += line.open * line.order_line.unit_price_fen
        entries.append(line_payload(line.order_line, line.open))
        line.expired, line.open = line.expired + line.open, 0
    ConsignmentLine.objects.bulk_update(lines, ["expired", "open"])
    parcels = Parcel.objects.filter(consignment=consignment)
    shelf = parcels.order_by("sequence").values_list("shelf", flat=True).first() or ""
    parcels.update(state=ParcelState.WRITTEN_OFF if perishable else ParcelState.RETURNED)
    disposal = Disposal.WRITE_OFF if perishable else Disposal.BACK
    goods_returns.begin(
        consignment, reason=ReturnReason.EXPIRED, disposal=disposal, units=units, by=by, at=at, shelf=shelf
    )
    was_paid = order.payment_method == PaymentMethod.ONLINE
    booking.book_not_delivered(
        [Value(consignment, goods, consignment.freight_fen)], reference="expire", was_paid=was_paid, by=by, at=at
    )
    payload = {
        "order": order.number,
        "point_county": county_of(lines),
        "disposal": disposal,
        "collect_by": consignment.collect_by.isoformat(),
        "lines": entries,
    }
    events.append([NewEvent("consignment", consignment.number, "consignment.expired", payload)], by=by, at=at)
    projection.settle(order, by=by, at=at)
    return True
