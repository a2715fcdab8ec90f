"""States and kinds of pickup points."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PointState(TextChoices):
    APPLIED = "APPLIED", _("Applied")
    OPEN = "OPEN", pgettext_lazy("of a point", "Open")
    SUSPENDED = "SUSPENDED", _("Suspended")
    CLOSING = "CLOSING", _("Closing")
    CLOSED = "CLOSED", _("Closed")


POINT_MOVES = {
    PointState.APPLIED: {PointState.OPEN, PointState.CLOSED},
    PointState.OPEN: {PointState.SUSPENDED, PointState.CLOSING, PointState.CLOSED},
    PointState.SUSPENDED: {PointState.OPEN, PointState.CLOSING, PointState.CLOSED},
    PointState.CLOSING: {PointState.CLOSED},
    PointState.CLOSED: set(),
}


class Reason(TextChoices):
    """Why a point was suspended or closes."""

    COMPLAINTS = "COMPLAINTS", _("Complaints of buyers")
    SAFETY = "SAFETY", _("Safety of food")
    PAPERS = "PAPERS", _("Papers missing or expired")
    MONEY = "MONEY", _("Cash not accounted for")
    ASKED = "ASKED", _("The owner asked for it")
    OTHER = "OTHER", pgettext_lazy("a reason", "Other")


class PointKind(TextChoices):
    VILLAGE_SHOP = "VILLAGE_SHOP", _("Village shop")
    TOWNSHIP_STATION = "TOWNSHIP_STATION", _("Township station")
    COMMUNITY_POINT = "COMMUNITY_POINT", _("Community point")
    SUPERMARKET = "SUPERMARKET", _("Supermarket")


class OperatorRole(TextChoices):
    OWNER = "OWNER", _("Owner")
    OPERATOR = "OPERATOR", _("Operator")


class PairingState(TextChoices):
    """Of a new phone's request to be paired with a point; it is over after some minutes as it is."""

    WAITING = "WAITING", _("Waiting")
    CONFIRMED = "CONFIRMED", _("Confirmed")


PAIRING_MOVES = {PairingState.WAITING: {PairingState.CONFIRMED}, PairingState.CONFIRMED: set()}


class InvitationState(TextChoices):
    """Of an invitation to be an operator; one that nobody accepts is over after some days as it is."""

    OPEN = "OPEN", pgettext_lazy("of an invitation", "Open")
    ACCEPTED = "ACCEPTED", _("Accepted")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


INVITATION_MOVES = {
    InvitationState.OPEN: {InvitationState.ACCEPTED, InvitationState.WITHDRAWN},
    InvitationState.ACCEPTED: set(),
    InvitationState.WITHDRAWN: set(),
}


class Level(TextChoices):
    PROVINCE = "PROVINCE", _("Province")
    PREFECTURE = "PREFECTURE", _("Prefecture")
    COUNTY = "COUNTY", _("County")
    TOWNSHIP = "TOWNSHIP", _("Township")
    VILLAGE = "VILLAGE", _("Village")


class LocationPrecision(TextChoices):
    SURVEYED = "SURVEYED", _("Surveyed")
    APPROXIMATE = "APPROXIMATE", _("Approximate")
