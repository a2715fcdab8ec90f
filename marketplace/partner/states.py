"""Kinds and states of sellers, and the kinds of stock movement."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SellerKind(TextChoices):
    FARMER = "FARMER", _("Farmer")
    HOUSEHOLD = "HOUSEHOLD", _("Household shop")
    COOPERATIVE = "COOPERATIVE", _("Cooperative")
    VILLAGE_SHOP = "VILLAGE_SHOP", _("Village shop")
    ENTERPRISE = "ENTERPRISE", _("Enterprise")


class SellerState(TextChoices):
    APPLIED = "APPLIED", _("Applied")
    ACTIVE = "ACTIVE", _("Active")
    SUSPENDED = "SUSPENDED", _("Suspended")


class MovementKind(TextChoices):
    OPENING = "OPENING", _("Opening stock")
    RECEIVED = "RECEIVED", _("Received")
    ADJUSTED = "ADJUSTED", _("Adjusted")
    RETURNED = "RETURNED", _("Returned")
    PACKED = "PACKED", _("Packed")
    WRITTEN_OFF = "WRITTEN_OFF", _("Written off")
