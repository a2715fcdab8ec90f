"""Packing: stock and allocation are consumed, parcels get their numbers and labels."""

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks, numbers
from core.events import NewEvent
from logistics.models import Consignment, ConsignmentLine, Parcel
from logistics.states import ConsignmentState
from marketplace.order.models import Order
from marketplace.partner.services import stock

PARCEL_NUMBER_LENGTH = 13
MAX_PARCELS = 20


class UnableToPack(Exception):
    """The consignment cannot be packed."""


@transaction.atomic
def pack(consignment: Consignment, *, parcels: int = 1, by, at: dt.datetime) -> list[Parcel]:
    """Mark a routed consignment as packed into a number of parcels; packing it again returns the same parcels.

    :param parcels: how many boxes, 1 to 20 and no more than the consignment has crates or units.
    :raises UnableToPack: when it waits for its route, was cancelled, or the number of parcels makes no sense.
    """
    locks.lock(Order.objects.filter(pk=consignment.order_id), rank=locks.Rank.ORDER).get()
    consignment = locks.lock(Consignment.objects.filter(pk=consignment.pk), rank=locks.Rank.CONSIGNMENT).get()
    if consignment.packed_at:
        return list(consignment.parcels.all())
    if consignment.state == ConsignmentState.CANCELLED:
        raise UnableToPack(_("The buyer has cancelled this order: please do not send it."))
    if consignment.state != ConsignmentState.ROUTED:
        raise UnableToPack(_("The way of this consignment is still being planned. Please try again in a minute."))
    lines = list(ConsignmentLine.objects.filter(consignment=consignment).select_related("order_line"))
    most = min(MAX_PARCELS, consignment.crates, sum(line.open for line in lines))
    if not 1 <= parcels <= most:
        raise UnableToPack(
            _("It has room of %(n)d crates on every vehicle, so at most %(n)d parcels: one label a crate.")
            % {"n": most}
        )
    units = defaultdict(int)
    for line in lines:
        units[line.order_line.stockrecord_id] += line.open
    Consignment.objects.filter(pk=consignment.pk).update(state=ConsignmentState.PACKED, packed_at=at)
    stock.pack(dict(units), reference=consignment.number, by=by, at=at)
    share, more = divmod(consignment.crates, parcels)
    rows = Parcel.objects.bulk_create(
        Parcel(
            number=numbers.draw(PARCEL_NUMBER_LENGTH),
            consignment=consignment,
            sequence=sequence,
            crates=share + (sequence <= more),
            packed_at=at,
        )
        for sequence in range(1, parcels + 1)
    )
    payload = {
        "order": consignment.order.number,
        "seller": consignment.seller_id,
        "parcels": [parcel.number for parcel in rows],
        "before": ConsignmentState.ROUTED,
        "after": ConsignmentState.PACKED,
    }
    events.append([NewEvent("consignment", consignment.number, "consignment.packed", payload)], by=by, at=at)
    return rows
