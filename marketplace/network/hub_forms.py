"""The planner's forms of a hub: the hub itself, what goods need there, who scans there."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from logistics.services.transfers import MOST_MINUTES
from marketplace.network.planning_forms import day_field, minutes_field, person_of
from marketplace.plain_words import PlainForm
from marketplace.users.models import User


class HubForm(PlainForm):
    """A hub as its planner keeps it."""

    use_required_attribute = False
    name = forms.CharField(
        label=pgettext_lazy("of a place", "Name"),
        max_length=64,
        error_messages={"required": _("Please give the hub a name.")},
    )
    longitude = forms.DecimalField(label=_("Longitude"), max_digits=9, decimal_places=6, widget=forms.TextInput)
    latitude = forms.DecimalField(label=_("Latitude"), max_digits=9, decimal_places=6, widget=forms.TextInput)
    closed_from = day_field(_("Closed from"), required=False, help_text=_("Empty: it is open."))
    reopens_on = day_field(_("Opens again on"), required=False, help_text=_("Empty: until further notice."))


class TransferForm(PlainForm):
    """What goods need at a hub, and the day from which they do."""

    use_required_attribute = False
    minutes = minutes_field(
        _("Transfer"),
        most=MOST_MINUTES,
        help_text=_("What goods need from one vehicle to the dock of the next, before its cut-off."),
    )
    from_date = day_field(_("Applies from"), help_text=_("Tomorrow at the earliest. Until then all stays as it is."))


class WorkerForm(PlainForm):
    """Somebody who is to scan at a hub."""

    use_required_attribute = False
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        error_messages={"required": _("Please give the phone of somebody with an account here.")},
        help_text=_("Of somebody with an account here."),
    )

    def clean_phone(self) -> User | None:
        return person_of(self.cleaned_data["phone"])
