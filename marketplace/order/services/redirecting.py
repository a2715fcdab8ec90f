"""Changing the pickup point of an order that is on its way."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from core.nudges import nudge
from logistics.models import Consignment
from logistics.services import redirecting
from logistics.services.redirecting import UnableToRedirect
from logistics.states import ENDED
from logistics.tasks import route_waiting
from marketplace.order.models import Order
from marketplace.order.states import OrderState
from villages.models import PickupPoint


class UnableToChangePoint(Exception):
    """The order stays bound for its point; the sentence is for the person who asked."""


def on_their_way(order: Order) -> list[Consignment]:
    """Return the consignments of an order that have not ended."""
    return list(order.consignments.exclude(state__in=ENDED).order_by("pk"))


def may_change_point(order: Order) -> bool:
    """Tell whether the buyer may still ask for another point: until the last hub has loaded the first parcel."""
    return order.status == OrderState.OPEN and redirecting.may_be_redirected(on_their_way(order))


def change_point(order: Order, *, point_id: int, by, at: dt.datetime) -> Order:
    """Let an order be collected at another point; what was agreed of its price and freight stays.

    :raises UnableToChangePoint: when it is too far on its way, or the point cannot take it; then nothing is changed.
    """
    point = PickupPoint.objects.filter(pk=point_id).first()
    if point is None:
        raise UnableToChangePoint(_("Please choose a pickup point."))
    try:
        with transaction.atomic():
            locked = locks.lock(Order.objects.filter(pk=order.pk), rank=locks.Rank.ORDER).get()
            if locked.status != OrderState.OPEN:
                raise UnableToChangePoint(_("This order has ended already."))
            if locked.pickup_point_id == point.pk:
                raise UnableToChangePoint(_("The order goes to this point already."))
            promised_at = redirecting.redirect(on_their_way(locked), point=point, by=by, at=at)
            before = locked.pickup_point_id
            Order.objects.filter(pk=locked.pk).update(pickup_point=point)
            payload = {
                "order": locked.number,
                "before": before,
                "after": point.pk,
                "promised_at": promised_at.isoformat(),
            }
            events.append([NewEvent("order", locked.number, "order.point_changed", payload)], by=by, at=at)
    except UnableToRedirect as refusal:
        raise UnableToChangePoint(str(refusal)) from refusal
    nudge(route_waiting)
    locked.pickup_point = point
    return locked
