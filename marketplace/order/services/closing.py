"""Points that close: they do so as soon as nothing waits there, comes there or leaves from there, and nobody sends from
there any more."""

import datetime as dt
import logging

from django.db.models import Exists, OuterRef, Q

from logistics.models import Consignment, GoodsReturn, Parcel
from logistics.states import ENDED, ConsignmentState, ParcelState, ReturnState
from marketplace.partner.models import Partner
from villages.models import PickupPoint
from villages.services import points
from villages.states import PointState

NOT_SENT = (
    ConsignmentState.AWAITING_PAYMENT,
    ConsignmentState.AWAITING_ROUTE,
    ConsignmentState.ROUTED,
    ConsignmentState.PACKED,
)
log = logging.getLogger(__name__)


def close_empty(*, by, at: dt.datetime) -> int:
    """Close the closing points at which nothing is left; return how many."""
    bound = Consignment.objects.filter(point=OuterRef("pk")).exclude(state__in=ENDED)
    leaving = Consignment.objects.filter(origin_stop=OuterRef("pk"), state__in=NOT_SENT)
    dropped = Parcel.objects.filter(consignment__origin_stop=OuterRef("pk"), state=ParcelState.AT_STOP)
    lying = Q(point=OuterRef("pk"), state=ReturnState.AT_POINT) | Q(stop=OuterRef("pk"), state=ReturnState.AT_STOP)
    going_back = GoodsReturn.objects.filter(lying)
    senders = Partner.objects.filter(drop_off=OuterRef("pk"))
    left = Exists(bound) | Exists(leaving) | Exists(senders) | Exists(dropped) | Exists(going_back)
    closing = PickupPoint.objects.filter(~left, state=PointState.CLOSING)
    closed = 0
    for point in closing.order_by("pk"):
        try:
            points.close([point], by=by, at=at, reason="empty")
        except points.UnableToClosePoint as refusal:
            log.info("%s did not close: %s", point.code, refusal)
        else:
            closed += 1
    return closed
