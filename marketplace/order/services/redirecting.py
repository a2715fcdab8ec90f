"""Changing the pickup point of an order that is on its way."""

import datetime as dt
import logging
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from core.models import Event
from core.nudges import nudge
from logistics.models import Consignment
from logistics.promises import Refusal
from logistics.services import leases, redirecting
from logistics.services.redirecting import UnableToRedirect
from logistics.states import OVER_FOR_BUYER
from logistics.tasks import route_waiting
from marketplace.order.models import Order
from marketplace.order.states import OrderState
from villages import queries as villages
from villages.models import PickupPoint
from villages.states import PointState

log = logging.getLogger(__name__)

POINTS_TRIED = 12
LEFT = (PointState.SUSPENDED, PointState.CLOSING, PointState.CLOSED)
ASKED = "asked"


class UnableToChangePoint(Exception):
    """The order stays bound for its point; the sentence is for the person who asked."""


def on_their_way(order: Order) -> list[Consignment]:
    """Return the consignments of an order that have not ended."""
    return list(order.consignments.exclude(state__in=OVER_FOR_BUYER).order_by("pk"))


def may_change_point(order: Order) -> bool:
    """Tell whether the buyer may still ask for another point: until the last hub has loaded the first parcel."""
    return order.status == OrderState.OPEN and redirecting.may_be_redirected(on_their_way(order))


def change_point(order: Order, *, point_id: int, by, at: dt.datetime, reason: str = ASKED) -> Order:
    """Let an order be collected at another point; what was agreed of its price and freight stays.

    :param reason: a word for the log: ``asked``, ``point-closed``.
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
            promised_at = redirecting.redirect(
                on_their_way(locked), point=point, is_agreed=reason == ASKED, by=by, at=at
            )
            before = locked.pickup_point_id
            Order.objects.filter(pk=locked.pk).update(pickup_point=point)
            payload = {
                "order": locked.number,
                "before": before,
                "after": point.pk,
                "promised_at": promised_at.isoformat(),
                "reason": reason,
            }
            events.append([NewEvent("order", locked.number, "order.point_changed", payload)], by=by, at=at)
    except UnableToRedirect as refusal:
        raise UnableToChangePoint(str(refusal)) from refusal
    nudge(route_waiting)
    locked.pickup_point = point
    return locked


def leave_closed_points(*, by, at: dt.datetime, limit: int = 100) -> int:
    """Let orders that are on their way to a point that is closed or suspended go to the next one; return how many.

    It is the nearest open point to which all that is on its way can be brought. Where there is none, or a part of the
    order is at the old point or on the vehicle to it, the order stays bound for it and is looked at again; the log says
    once that the point of one that waits for another is closed.
    """
    bound = Consignment.objects.exclude(leases.leased(at=at)).filter(
        state__in=redirecting.REDIRECTABLE, point__state__in=LEFT
    )
    orders = Order.objects.filter(pk__in=bound.values("order")[:limit], status=OrderState.OPEN)
    return sum(_left(order, by=by, at=at) for order in orders.select_related("pickup_point").order_by("pk"))


def _left(order: Order, *, by, at: dt.datetime) -> bool:
    closed, consignments = order.pickup_point, on_their_way(order)
    if not may_change_point(order):
        return False
    near = [
        other.point
        for other in villages.points_near(float(closed.longitude), float(closed.latitude), limit=POINTS_TRIED)
    ]
    try:
        offered = redirecting.offers(consignments, points=near, at=at)
        point = next((each for each in near if not isinstance(offered[each.pk], Refusal)), None)
        if point is None:
            log.warning("no point near %s can have order %s", closed.code, order.number)
            _note_closed(order, by=by, at=at)
            return False
        change_point(order, point_id=point.pk, by=by, at=at, reason="point-closed")
    except (UnableToRedirect, UnableToChangePoint) as refusal:
        log.warning("order %s stays bound for %s: %s", order.number, closed.code, refusal)
        _note_closed(order, by=by, at=at)
        return False
    return True


@transaction.atomic
def _note_closed(order: Order, *, by, at: dt.datetime) -> None:
    if order.number in told_closed([order]):
        return
    payload = {"order": order.number, "point": order.pickup_point_id}
    events.append([NewEvent("order", order.number, "order.point_closed", payload)], by=by, at=at)


def told_closed(orders: Iterable[Order]) -> set[str]:
    """Return the numbers of those orders of which was said that their point is closed, which it still is."""
    points = {order.number: order.pickup_point_id for order in orders if order.pickup_point.state != PointState.OPEN}
    if not points:
        return set()
    said = Event.objects.filter(stream="order", stream_id__in=points, name="order.point_closed")
    rows = said.values_list("stream_id", "payload")
    return {number for number, payload in rows if payload["point"] == points[number]}
