"""States of an application to become a pickup point."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class ApplicationState(TextChoices):
    DRAFT = "DRAFT", pgettext_lazy("of an application", "Draft")
    SUBMITTED = "SUBMITTED", pgettext_lazy("of an application", "Under review")
    CHANGE_ASKED = "CHANGE_ASKED", pgettext_lazy("of an application", "To be changed")
    ACCEPTED = "ACCEPTED", pgettext_lazy("of an application", "Accepted")
    REFUSED = "REFUSED", pgettext_lazy("of an application", "Refused")
    OPENED = "OPENED", pgettext_lazy("of an application", "Open")


EDITABLE = frozenset({ApplicationState.DRAFT, ApplicationState.CHANGE_ASKED})
APPLICATION_MOVES = {
    ApplicationState.DRAFT: {ApplicationState.SUBMITTED},
    ApplicationState.SUBMITTED: {ApplicationState.CHANGE_ASKED, ApplicationState.ACCEPTED, ApplicationState.REFUSED},
    ApplicationState.CHANGE_ASKED: {ApplicationState.SUBMITTED},
    ApplicationState.ACCEPTED: {ApplicationState.OPENED},
    ApplicationState.REFUSED: set(),
    ApplicationState.OPENED: set(),
}
