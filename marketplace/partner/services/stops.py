"""The stop at which a seller drops parcels: chosen by the seller, and left when it closes."""

import datetime as dt
import logging

from django.db import transaction
from django.utils.translation import gettext as _

from core import events
from core.clock import day_of
from core.events import NewEvent
from logistics.queries import calls_at
from marketplace.partner.models import Partner
from villages import queries as villages
from villages.models import PickupPoint
from villages.queries import NearPoint
from villages.states import PointState

log = logging.getLogger(__name__)

OFFERED = 8
ASKED, CLOSED = "asked", "point-closed"


class UnableToChangeStop(Exception):
    """The stop stays as it was; the sentence is for the seller."""


def offered(seller: Partner, *, at: dt.datetime) -> list[NearPoint]:
    """Return the open points nearest to the seller's stop, or home, at which a round calls; itself among them."""
    place = seller.drop_off or (seller.home_division and villages.nearest_point(seller.home_division_id))
    if not place:
        return []
    served = PickupPoint.objects.open().filter(calls_at(day=day_of(at)))
    return villages.points_near(float(place.longitude), float(place.latitude), limit=OFFERED, among=served)


@transaction.atomic
def change(seller: Partner, *, stop: PickupPoint, by, at: dt.datetime, reason: str = ASKED) -> None:
    """Let a seller drop what is ordered from now on at another stop; what is ordered already goes from the old one.

    :param reason: a word for the log: ``asked``, ``point-closed``.
    :raises UnableToChangeStop: where the point is not open or no round calls there, or it is the seller's already.
    """
    if not PickupPoint.objects.open().filter(calls_at(day=day_of(at)), pk=stop.pk).exists():
        raise UnableToChangeStop(_("No vehicle calls at %(name)s. Please choose another one.") % {"name": stop.name})
    before = seller.drop_off_id
    changed = Partner.objects.filter(pk=seller.pk, drop_off=before).exclude(drop_off=stop).update(drop_off=stop)
    if not changed:
        raise UnableToChangeStop(_("You drop at %(name)s already.") % {"name": stop.name})
    payload = {"seller": seller.pk, "before": before, "after": stop.pk, "reason": reason}
    events.append([NewEvent("seller", seller.pk, "seller.stop_changed", payload)], by=by, at=at)
    seller.drop_off = stop


def leave_closing(*, by, at: dt.datetime) -> int:
    """Give sellers whose stop closes the nearest one at which a round calls; return how many.

    Where there is none, the seller keeps the stop, is looked at again, and the log says so.
    """
    closing = (PointState.CLOSING, PointState.CLOSED)
    left = Partner.objects.filter(drop_off__state__in=closing).select_related("drop_off", "home_division")
    return sum(_left(seller, by=by, at=at) for seller in left.order_by("pk"))


def _left(seller: Partner, *, by, at: dt.datetime) -> bool:
    near = offered(seller, at=at)
    if not near:
        log.warning("seller %s drops at %s, which closes, and no stop is near", seller.pk, seller.drop_off.code)
        return False
    try:
        change(seller, stop=near[0].point, by=by, at=at, reason=CLOSED)
    except UnableToChangeStop as refusal:
        log.info("seller %s keeps its stop: %s", seller.pk, refusal)
        return False
    return True
