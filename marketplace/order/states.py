"""States of an order: a projection of what became of its consignments."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrderState(TextChoices):
    AWAITING_PAYMENT = "AWAITING_PAYMENT", _("Awaiting payment")
    OPEN = "OPEN", pgettext_lazy("of an order", "Open")
    COMPLETED = "COMPLETED", _("Completed")
    CANCELLED = "CANCELLED", _("Cancelled")


ORDER_MOVES = {
    OrderState.AWAITING_PAYMENT: {OrderState.OPEN, OrderState.CANCELLED},
    OrderState.OPEN: {OrderState.COMPLETED, OrderState.CANCELLED},
    OrderState.COMPLETED: set(),
    OrderState.CANCELLED: set(),
}


class PaymentMethod(TextChoices):
    AT_POINT = "AT_POINT", _("Pay on collection")
    ONLINE = "ONLINE", _("Pay online")


class Channel(TextChoices):
    WEB = "WEB", _("Web")
    PROXY = "PROXY", _("Ordered by the operator")
    SAMPLE = "SAMPLE", _("From a sample")


class TradeDirection(TextChoices):
    """From a rural origin to an urban point, the reverse, or neither (design, 'direction')."""

    TO_TOWN = "TO_TOWN", _("To town")
    TO_COUNTRY = "TO_COUNTRY", _("To the country")
    NEUTRAL = "NEUTRAL", _("Neutral")


class Funder(TextChoices):
    SELLER = "SELLER", _("Seller")
    PLATFORM = "PLATFORM", _("Platform")
    POINT = "POINT", _("Point")
    GOVERNMENT = "GOVERNMENT", _("Government")
