"""What the county decides on a point that was opened: done, and told to those who own it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.communication import words
from marketplace.communication.services import messages
from villages.models import Operator, PickupPoint
from villages.services import points
from villages.states import OperatorRole, PointState, Reason

REFUSALS = (points.UnableToOpenPoint, points.UnableToSuspendPoint, points.UnableToClosePoint)


@transaction.atomic
def decide(point: PickupPoint, *, to: PointState, reason: str, by, at: dt.datetime) -> None:
    """Open a suspended point again, suspend it, or let it close; its owners are told by text message.

    :param reason: of ``villages.states.Reason``; none where it is opened again.
    :raises UnableToOpenPoint, UnableToSuspendPoint, UnableToClosePoint: when its state does not allow it.
    """
    if to == PointState.OPEN:
        points.open([point], by=by, at=at)
        told = _("%(point)s takes parcels again.")
    elif to == PointState.SUSPENDED:
        points.suspend([point], by=by, at=at, reason=reason)
        told = _("The county has suspended %(point)s (%(why)s). Nothing new comes; what waits can be handed over.")
    else:
        points.begin_closing([point], by=by, at=at, reason=reason)
        told = _(
            "The county lets %(point)s close (%(why)s). It takes nothing new and closes once nothing is left there."
        )
    body = words.signed(told % {"point": point.name, "why": Reason(reason).label if reason else ""})
    owners = Operator.objects.filter(point=point, until=None, role=OperatorRole.OWNER, user__is_active=True)
    for row in owners.select_related("user").order_by("pk"):
        if row.user.phone:
            messages.enqueue_sms(row.user.phone, name="point.decided", body=body, at=at)
