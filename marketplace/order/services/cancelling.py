"""Cancelling: by the buyer until the first consignment is packed, or by the sweep when a hold runs out."""

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment, ConsignmentLine
from logistics.services import leases, legs
from logistics.states import CANCELLABLE, OVER_FOR_BUYER, ConsignmentState
from marketplace.order.models import Order
from marketplace.order.services import projection
from marketplace.order.services.freezing import county_of, line_payload
from marketplace.order.states import OrderState, PaymentMethod
from marketplace.partner.services import stock
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value
from villages.services import crates
from villages.services.crates import CratesRequest


class UnableToCancel(Exception):
    """The order has gone too far, or has ended."""


@transaction.atomic
def cancel(order: Order, *, by, at: dt.datetime) -> Order:
    """Cancel an order of which nothing is packed: stock, crates, places on departures and what was due fall back.

    :raises UnableToCancel: when something is packed, or the order has ended.
    """
    order = locks.lock(Order.objects.filter(pk=order.pk), rank=locks.Rank.ORDER).get()
    consignments = list(locks.lock(Consignment.objects.filter(order=order), rank=locks.Rank.CONSIGNMENT))
    if all(consignment.state in OVER_FOR_BUYER for consignment in consignments):
        raise UnableToCancel(_("This order has ended already."))
    if any(consignment.state not in CANCELLABLE or consignment.packed_at for consignment in consignments):
        raise UnableToCancel(_("Something of it is packed already: it can be rejected at the counter instead."))
    leases.see_free(consignments, device_id=None, refusal=UnableToCancel, at=at)
    was_paid = order.payment_method == PaymentMethod.ONLINE and order.status == OrderState.OPEN
    Consignment.objects.filter(pk__in=[c.pk for c in consignments]).update(
        state=ConsignmentState.CANCELLED, ended_at=at
    )
    lines = list(ConsignmentLine.objects.filter(consignment__in=consignments).select_related("order_line"))
    units, goods = defaultdict(int), defaultdict(int)
    entries = defaultdict(list)
    for line in lines:
        units[line.order_line.stockrecord_id] += line.open
        goods[line.consignment_id] += line.open * line.order_line.unit_price_fen
        entries[line.consignment_id].append(line_payload(line.order_line, line.open))
        line.cancelled, line.open = line.cancelled + line.open, 0
    ConsignmentLine.objects.bulk_update(lines, ["cancelled", "open"])
    stock.release(units)
    crates.release(
        [
            CratesRequest(point_id=c.point_id, day=c.held_day, storage_class=c.storage_class, crates=c.crates)
            for c in consignments
        ]
    )
    legs.release(consignments, by=by, at=at)
    booking.book_not_delivered(
        [Value(c, goods[c.pk], c.freight_fen) for c in consignments],
        reference="cancel",
        was_paid=was_paid,
        by=by,
        at=at,
    )
    events.append(
        [
            NewEvent(
                "consignment",
                consignment.number,
                "consignment.cancelled",
                {"order": order.number, "point_county": county_of(lines), "lines": entries[consignment.pk]},
            )
            for consignment in consignments
        ],
        by=by,
        at=at,
    )
    projection.settle(order, by=by, at=at)
    return order


def release_overdue(*, by, at: dt.datetime, limit: int = 200) -> int:
    """Cancel orders whose hold for payment has run out, and return how many."""
    overdue = Order.objects.filter(status=OrderState.AWAITING_PAYMENT, hold_until__lt=at).order_by("hold_until")[:limit]
    done = 0
    for order in overdue:
        try:
            cancel(order, by=by, at=at)
        except UnableToCancel:
            continue
        done += 1
    return done
