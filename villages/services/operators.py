"""Operators of a point: invited by a link that works once, removed at once; the point itself changes hands."""

import datetime as dt

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from villages.models import Invitation, Operator, PickupPoint
from villages.states import InvitationState, OperatorRole, PointState

SALT = "villages.invitation"
_SIGNER = signing.Signer(salt=SALT)
LASTS = dt.timedelta(days=7)
OPEN_INVITATIONS = 20
OPERATORS_OF_A_POINT = 50


class UnableToInvite(Exception):
    """The point is closed, or has as many invitations or operators as it may have."""


class UnableToJoin(Exception):
    """The invitation was used, revoked or is too old, or the person is an operator there already."""


class UnableToRemove(Exception):
    """The person is the point's last owner, or no operator there any more."""


def is_owner(user, *, point: PickupPoint) -> bool:
    """Tell whether a person owns a point now."""
    return Operator.objects.filter(user=user, point=point, until=None, role=OperatorRole.OWNER).exists()


def invite(point: PickupPoint, *, by, at: dt.datetime) -> Invitation:
    """Make an invitation to be an operator of a point.

    :raises UnableToInvite: where the point is closed, or too many invitations or operators are there.
    """
    with transaction.atomic():
        locks.mutex(f"operators:{point.pk}")
        if PickupPoint.objects.filter(pk=point.pk, state=PointState.CLOSED).exists():
            raise UnableToInvite(_("This point is closed."))
        if Operator.objects.filter(point=point, until=None).count() >= OPERATORS_OF_A_POINT:
            raise UnableToInvite(_("This point has 50 operators already."))
        if waiting(point, at=at).count() >= OPEN_INVITATIONS:
            raise UnableToInvite(_("20 invitations wait already. Please withdraw one first."))
        made = Invitation.objects.create(point=point, made_by=by, made_at=at, expires_at=at + LASTS)
        _tell(point.pk, "point.operator_invited", {"invitation": made.pk}, by=by, at=at)
        return made


def waiting(point: PickupPoint, *, at: dt.datetime):
    """Return the invitations of a point that can still be accepted, the newest first."""
    return Invitation.objects.filter(point=point, state=InvitationState.OPEN, expires_at__gt=at).order_by("-pk")


def token_of(invitation: Invitation) -> str:
    """Return the signed text that an invitation's link carries, the same each time that it is shown."""
    return _SIGNER.sign_object(invitation.pk)


def of_token(token: str, *, at: dt.datetime) -> Invitation | None:
    """Return the invitation of a link while it can be accepted."""
    try:
        pk = _SIGNER.unsign_object(token)
    except signing.BadSignature:
        return None
    found = Invitation.objects.filter(pk=pk, state=InvitationState.OPEN, expires_at__gt=at)
    return found.exclude(point__state=PointState.CLOSED).select_related("point").first()


def accept(invitation: Invitation, *, by, at: dt.datetime) -> Operator:
    """Make a person an operator of the point that invites; each invitation once.

    :raises UnableToJoin: where the invitation is over, or the person is an operator there already.
    """
    with transaction.atomic():
        locks.mutex(f"operators:{invitation.point_id}")
        if Operator.objects.filter(point=invitation.point_id, user=by, until=None).exists():
            raise UnableToJoin(_("You are an operator of this point already."))
        moved = Invitation.objects.filter(pk=invitation.pk, state=InvitationState.OPEN, expires_at__gt=at).update(
            state=InvitationState.ACCEPTED, accepted_by=by, ended_at=at
        )
        if not moved:
            raise UnableToJoin(_("This invitation is over. Please ask the owner of the point for another one."))
        made = Operator.objects.create(point_id=invitation.point_id, user=by, since=at)
        _tell(invitation.point_id, "point.operator_joined", {"user": by.pk, "invitation": invitation.pk}, by=by, at=at)
        return made


def withdraw(invitation: Invitation, *, by, at: dt.datetime) -> None:
    """Let an invitation's link lead nowhere from now on.

    :raises UnableToInvite: where it is over already.
    """
    with transaction.atomic():
        moved = Invitation.objects.filter(pk=invitation.pk, state=InvitationState.OPEN).update(
            state=InvitationState.WITHDRAWN, ended_at=at
        )
        if not moved:
            raise UnableToInvite(_("This invitation was accepted or withdrawn already."))
        _tell(invitation.point_id, "point.invitation_withdrawn", {"invitation": invitation.pk}, by=by, at=at)


def remove(operator: Operator, *, by, at: dt.datetime) -> None:
    """End somebody's work at a point, with their next request.

    :raises UnableToRemove: for the owner, who hands the point over first, and for whoever is gone already.
    """
    with transaction.atomic():
        locks.mutex(f"operators:{operator.point_id}")
        here = Operator.objects.filter(pk=operator.pk, until=None)
        if here.filter(role=OperatorRole.OWNER).exists():
            raise UnableToRemove(_("The owner stays until the point is handed over to somebody else."))
        if not here.update(until=at):
            raise UnableToRemove(_("This person is no operator of the point any more."))
        _tell(operator.point_id, "point.operator_left", {"user": operator.user_id}, by=by, at=at)


def hand_over_point(operator: Operator, *, by, at: dt.datetime) -> None:
    """Make an operator the owner of the point; the owner who does it becomes an operator.

    :raises UnableToRemove: where the person is no operator any more, or ``by`` no owner.
    """
    with transaction.atomic():
        locks.mutex(f"operators:{operator.point_id}")
        here = Operator.objects.filter(point=operator.point_id, until=None)
        if not here.filter(user=by, role=OperatorRole.OWNER).exists():
            raise UnableToRemove(_("Only the owner hands the point over."))
        if not here.filter(pk=operator.pk, role=OperatorRole.OPERATOR).update(role=OperatorRole.OWNER):
            raise UnableToRemove(_("This person is no operator of the point any more."))
        here.filter(user=by).update(role=OperatorRole.OPERATOR)
        _tell(operator.point_id, "point.owner_changed", {"from": by.pk, "to": operator.user_id}, by=by, at=at)


def _tell(point_id: int, name: str, payload: dict, *, by, at: dt.datetime) -> None:
    events.append([NewEvent("point", point_id, name, payload)], by=by, at=at)
