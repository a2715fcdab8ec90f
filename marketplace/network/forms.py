"""The form of whoever loads and unloads."""

from django import forms
from django.utils.translation import gettext_lazy as _

from logistics.services.departures import LONGEST_DELAY_MINUTES
from logistics.states import ScanKind
from marketplace.counter.forms import ReadingForm
from marketplace.plain_words import PlainForm

WHAT_TO_DO = _("Please choose whether it is loaded or unloaded.")


class ScanForm(ReadingForm):
    """The number on a label, read by the camera or typed."""

    do = forms.ChoiceField(required=False, widget=forms.RadioSelect, error_messages={"invalid_choice": WHAT_TO_DO})

    def __init__(self, *args, kinds: list[ScanKind], **kwargs):
        """:param kinds: what the person can do with this departure, the likeliest now first."""
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        self.fields["do"].choices = [(ScanKind.LOADED, _("Load")), (ScanKind.UNLOADED, _("Unload"))]
        if self.initial.get("do") not in kinds:
            self.initial["do"] = kinds[0]

    def clean_do(self) -> ScanKind:
        """Return what is done; what was not said is the likeliest."""
        return ScanKind(self.cleaned_data["do"] or self.kinds[0])


class DelayForm(PlainForm):
    """By how much a vehicle is late."""

    minutes = forms.IntegerField(
        label=_("Late by (minutes)"),
        min_value=1,
        max_value=LONGEST_DELAY_MINUTES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=dict.fromkeys(("required", "invalid"), _("Please give the minutes as a whole number.")),
    )
