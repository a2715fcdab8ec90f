"""States of a payment attempt and of a refund."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AttemptState(TextChoices):
    OPEN = "OPEN", pgettext_lazy("of a payment", "Open")
    SUCCEEDED = "SUCCEEDED", _("Succeeded")
    FAILED = "FAILED", _("Failed")
    REFUNDING = "REFUNDING", _("Being refunded")
    REFUNDED = "REFUNDED", _("Refunded")


CAPTURED = (AttemptState.SUCCEEDED, AttemptState.REFUNDING, AttemptState.REFUNDED)
ATTEMPT_MOVES = {
    AttemptState.OPEN: {AttemptState.SUCCEEDED, AttemptState.FAILED},
    AttemptState.SUCCEEDED: {AttemptState.REFUNDING},
    AttemptState.FAILED: set(),
    AttemptState.REFUNDING: {AttemptState.REFUNDED},
    AttemptState.REFUNDED: set(),
}


class RefundReason(TextChoices):
    """Why a provider pays money back."""

    CHANGE = "CHANGE", _("Less was taken than was paid for")
    UNUSED = "UNUSED", _("Nothing was handed over for it")
    CLAIM = "CLAIM", _("A claim was granted")


class RefundState(TextChoices):
    DUE = "DUE", pgettext_lazy("of a refund", "Due")
    DONE = "DONE", pgettext_lazy("of a refund", "Paid back")
    REFUSED = "REFUSED", pgettext_lazy("of a refund", "Refused by the provider")


REFUND_MOVES = {
    RefundState.DUE: {RefundState.DONE, RefundState.REFUSED},
    RefundState.REFUSED: {RefundState.DUE},
    RefundState.DONE: set(),
}
