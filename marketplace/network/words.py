"""What is said of a reading that was acted on."""

from django.utils.translation import gettext_lazy as _

from logistics.states import ScanKind

DONE = {
    ScanKind.DROPPED: _("Dropped: %(number)s"),
    ScanKind.LOADED: _("Loaded: %(number)s"),
    ScanKind.UNLOADED: _("Unloaded: %(number)s"),
    ScanKind.SURPLUS: _("Taken in as surplus: %(number)s"),
    ScanKind.RECEIVED: _("Received: %(number)s"),
}
