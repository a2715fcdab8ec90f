"""What the operator can say of a line at the counter."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class What(TextChoices):
    """What became of a line."""

    TAKEN = "TAKEN", pgettext_lazy("of a line at the counter", "Taken")
    SHORT = "SHORT", pgettext_lazy("of a line at the counter", "Short")
    REJECTED = "REJECTED", pgettext_lazy("of a line at the counter", "Rejected")


class Reason(TextChoices):
    """Why units were not taken. Kept as a code, so that nothing personal is written down at the counter."""

    MISSING = "MISSING", _("Not in the parcel")
    BROKEN = "BROKEN", _("Broken or leaking")
    SPOILED = "SPOILED", _("Spoiled")
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED", _("Not as described")
    NOT_WANTED = "NOT_WANTED", _("Not wanted any more")
    OTHER = "OTHER", _("Another reason")
