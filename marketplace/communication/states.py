"""States and channels of messages."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MessageState(TextChoices):
    DUE = "DUE", _("Due")
    SENT = "SENT", _("Sent")
    DEAD = "DEAD", _("Not deliverable")


class MessageChannel(TextChoices):
    SMS = "SMS", _("Text message")
    EMAIL = "EMAIL", _("E-mail")
