"""States and channels of messages, and why one could not be delivered."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MessageState(TextChoices):
    DUE = "DUE", _("Due")
    SENDING = "SENDING", _("Being sent")
    SENT = "SENT", _("Sent")
    DEAD = "DEAD", _("Not deliverable")


MOVES = {
    # Taken by a sender; or too old to be sent at all.
    MessageState.DUE: {MessageState.SENDING, MessageState.DEAD},
    # Refused for now; or nobody knows what became of it.
    MessageState.SENDING: {MessageState.SENT, MessageState.DUE, MessageState.DEAD},
    # Replayed by staff; or its sender tells late that it was sent after all.
    MessageState.DEAD: {MessageState.DUE, MessageState.SENT},
    MessageState.SENT: set(),
}


class MessageChannel(TextChoices):
    SMS = "SMS", _("Text message")
    EMAIL = "EMAIL", pgettext_lazy("channel", "E-mail")
    PAGE = "PAGE", _("Order page")


# What messages are about, as staff read it; their words are not for staff.
SUBJECTS = {
    "order.placed": _("Order confirmed"),
    "order.changed": _("The day changed"),
    "order.point_changed": _("The point changed"),
    "order.point_closed": _("The point is closed"),
    "order.cancelled": _("Order cancelled"),
    "consignment.reminded": _("Reminder"),
    "consignment.extended": _("Kept longer"),
    "consignment.expired": _("Not collected in time"),
    "consignment.point_closes": _("Days off of a point"),
    "consignment.arrived": _("Ready to collect"),
    "claim.opened": _("A buyer's claim"),
    "claim.answered": _("Claim answered"),
    "claim.escalated": _("Claim with the platform"),
    "claim.returning": _("Claim accepted, goods to be brought"),
    "claim.point_changed": _("Claim, another counter"),
    "claim.sent_back": _("Claim, goods taken in"),
    "claim.to_pay": _("Claim, money at the counter"),
    "claim.refunded": _("Claim refunded"),
    "claim.closed": _("Claim closed"),
    "claim.rejected": _("Claim refused"),
    "goods_return.dropped": _("Goods are back"),
    "order.code_reissued": _("Another pickup code"),
    "sample.put_up": _("A point shows a sample"),
    "seller.stop_changed": _("Another drop-off stop"),
    "application.decided": _("Pickup point application"),
    "point.decided": _("The county's decision on a point"),
    "payment.refund_owed": _("A payment goes back"),
    "phone_code": _("Code for a phone"),
}


class DeadReason(TextChoices):
    REFUSED = "REFUSED", _("Refused for good")
    TRIES = "TRIES", _("Tried too often")
    TOO_LATE = "TOO_LATE", _("Too late to be of use")
    UNKNOWN = "UNKNOWN", _("Nobody knows whether it was sent")
