"""The planner's forms of a hub: the hub itself, what goods need there, who scans there."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from logistics.services.hubs import MOST_TRANSFER_MINUTES, HubDetails
from marketplace.network.planning_forms import day_field, minutes_field, person_of
from marketplace.plain_words import PlainForm
from marketplace.users.models import User
from villages.models import Division


class PlaceForm(PlainForm):
    """What a hub is called and where it stands."""

    use_required_attribute = False
    name = forms.CharField(
        label=pgettext_lazy("of a place", "Name"),
        max_length=64,
        error_messages={"required": _("Please give the hub a name.")},
    )
    address = forms.CharField(label=_("Address"), max_length=120, required=False)
    longitude = forms.DecimalField(
        label=_("Longitude"), max_digits=9, decimal_places=6, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    latitude = forms.DecimalField(
        label=_("Latitude"), max_digits=9, decimal_places=6, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )


class HubForm(PlaceForm):
    """A hub as its planner keeps it."""

    closed_from = day_field(_("Closed from"), required=False, help_text=_("Empty: it is open."))
    reopens_on = day_field(_("Opens again on"), required=False, help_text=_("Empty: until further notice."))


class NewHubForm(PlaceForm):
    """A hub that is added; without a place on the map it stands in the middle of its division."""

    division = forms.ChoiceField(label=_("Where"), error_messages={"required": _("Please choose the division.")})
    transfer_minutes = minutes_field(
        _("Transfer"),
        most=MOST_TRANSFER_MINUTES,
        help_text=_("What goods need from one vehicle to the dock of the next, before its cut-off."),
    )
    field_order = ["division", "name", "address", "longitude", "latitude", "transfer_minutes"]

    def __init__(self, *args, divisions: Iterable[Division], **kwargs):
        super().__init__(*args, **kwargs)
        self.divisions = {each.code: each for each in divisions}
        self.fields["division"].choices = [("", _("Please choose"))] + [
            (each.code, each.name) for each in self.divisions.values()
        ]
        for name in ("longitude", "latitude"):
            self.fields[name].required = False

    def clean(self) -> dict:
        data = super().clean()
        where = self.divisions.get(data.get("division"))
        if where is not None and not self.errors and data["longitude"] is None and data["latitude"] is None:
            data |= {"longitude": where.longitude, "latitude": where.latitude}
        for name in ("longitude", "latitude"):
            if not self.errors and data.get(name) is None:
                self.add_error(name, _("A place has a longitude and a latitude."))
        return data

    def details(self) -> HubDetails:
        names = ("name", "address", "longitude", "latitude")
        return HubDetails(**{name: self.cleaned_data[name] for name in names})


class TransferForm(PlainForm):
    """What goods need at a hub, and the day from which they do."""

    use_required_attribute = False
    minutes = minutes_field(
        _("Transfer"),
        most=MOST_TRANSFER_MINUTES,
        help_text=_("What goods need from one vehicle to the dock of the next, before its cut-off."),
    )
    from_date = day_field(_("Applies from"), help_text=_("Tomorrow at the earliest. Until then all stays as it is."))


class EndForm(PlainForm):
    """The first day without a hub."""

    use_required_attribute = False
    from_date = day_field(_("A hub no more from"), help_text=_("Lanes and rounds that use it must have ended by then."))


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
