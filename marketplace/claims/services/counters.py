"""At which counter a claim is dealt with: where its order was collected, or the nearest one where that is closed."""

import datetime as dt
import logging

from django.db import transaction

from core import events
from core.events import NewEvent
from marketplace.claims.models import Claim
from marketplace.claims.services.moving import locked
from marketplace.claims.states import ClaimState
from villages import queries as villages
from villages.models import PickupPoint
from villages.states import PointState

log = logging.getLogger(__name__)


def counter_of(point: PickupPoint) -> PickupPoint:
    """Return where goods of a point are taken in and their money is paid: there, or at the nearest open point."""
    if point.state != PointState.CLOSED:
        return point
    near = villages.points_near(float(point.longitude), float(point.latitude), limit=1)
    return near[0].point if near else point


def leave_closed_points(*, by, at: dt.datetime, limit: int = 100) -> int:
    """Let claims that have not ended, at a counter that is closed by now, go on at the nearest one; return how many.

    The buyer is told where, also while goods that were taken in travel back: their money is paid at a counter too.
    """
    left = Claim.objects.filter(point__state=PointState.CLOSED, ended_at=None)
    return sum(_left(claim, by=by, at=at) for claim in left.order_by("pk")[:limit])


@transaction.atomic
def _left(claim: Claim, *, by, at: dt.datetime) -> bool:
    claim = locked(claim)
    closed, point = claim.point, counter_of(claim.point)
    if point == closed:
        log.warning("no open point near %s for claim %s", closed.code, claim.number)
        return False
    if not Claim.objects.filter(pk=claim.pk, point=closed, ended_at=None).update(point=point):
        return False
    payload = {
        "order": claim.order.number,
        "consignment": claim.consignment.number,
        "seller": claim.consignment.seller_id,
        "before": closed.pk,
        "point": point.pk,
        "state": ClaimState(claim.state),
    }
    events.append([NewEvent("claim", claim.number, "claim.point_changed", payload)], by=by, at=at)
    return True
