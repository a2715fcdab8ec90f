"""States of a claim, with the moves that each allows; why somebody claims, what is wished and answered."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ClaimState(TextChoices):
    OPEN = "OPEN", _("Waits for the seller")
    ANSWERED = "ANSWERED", _("Waits for the buyer's word")
    ESCALATED = "ESCALATED", _("The platform decides")
    RETURNING = "RETURNING", _("To be brought to the counter")
    SENT_BACK = "SENT_BACK", _("On the way back to the seller")
    TO_PAY = "TO_PAY", _("Money waits at the counter")
    REFUNDED = "REFUNDED", _("Refunded")
    CLOSED = "CLOSED", pgettext_lazy("of a claim", "Closed")
    REJECTED = "REJECTED", pgettext_lazy("of a claim", "Refused by the platform")


# What leads to money: paid at the counter, or booked for the provider where it was paid online.
GRANTED = {ClaimState.TO_PAY, ClaimState.REFUNDED}
MOVES = {
    ClaimState.OPEN: {
        ClaimState.ANSWERED,
        ClaimState.ESCALATED,
        ClaimState.RETURNING,
        ClaimState.CLOSED,
        *GRANTED,
    },
    ClaimState.ANSWERED: {ClaimState.ESCALATED, ClaimState.CLOSED, *GRANTED},
    ClaimState.ESCALATED: {ClaimState.RETURNING, ClaimState.REJECTED, ClaimState.CLOSED, *GRANTED},
    ClaimState.RETURNING: {ClaimState.SENT_BACK, ClaimState.CLOSED},
    ClaimState.SENT_BACK: GRANTED,
    ClaimState.TO_PAY: {ClaimState.REFUNDED},
    ClaimState.REFUNDED: set(),
    ClaimState.CLOSED: set(),
    ClaimState.REJECTED: set(),
}
ENDED = frozenset(state for state, moves in MOVES.items() if not moves)
# Its units can be claimed again.
WITHOUT_EFFECT = frozenset({ClaimState.CLOSED, ClaimState.REJECTED})
WITHDRAWABLE = frozenset({ClaimState.OPEN, ClaimState.ANSWERED, ClaimState.ESCALATED, ClaimState.RETURNING})


class ClaimReason(TextChoices):
    """Why something is claimed; ``NOT_WANTED`` needs no other reason, and is for goods that keep."""

    SPOILED = "SPOILED", _("Spoiled")
    BROKEN = "BROKEN", _("Broken or leaking")
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED", _("Not as described")
    MISSING = "MISSING", _("Less in it than it says")
    NOT_WANTED = "NOT_WANTED", _("Without a reason, within 7 days")


class Wish(TextChoices):
    REFUND = "REFUND", _("Money back, I keep or discard it")
    RETURN = "RETURN", _("Money back, I bring it to the counter")


class Answer(TextChoices):
    """What the seller says, or staff in the seller's place."""

    ACCEPT = "ACCEPT", pgettext_lazy("answer to a claim", "Accept")
    OFFER = "OFFER", _("Offer a part")
    REFUSE = "REFUSE", pgettext_lazy("answer to a claim", "Refuse")
