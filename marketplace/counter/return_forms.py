"""The forms of goods that go back, and of the money that goes back for them."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.claims import proofs
from marketplace.counter.forms import DIGITS, NONCE_LENGTH, ReadingForm, new_nonce
from marketplace.evidence.fields import PhotosField
from marketplace.plain_words import PlainForm
from marketplace.wording import moment_words


class ReturnLoadForm(PlainForm):
    """Which round takes a return along."""

    nonce = forms.CharField(widget=forms.HiddenInput, max_length=NONCE_LENGTH)
    departure = forms.ChoiceField(
        label=_("Which vehicle takes it?"),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Please choose a vehicle.")),
    )

    def __init__(self, *args, departures: list, at: dt.datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.departures = {str(each.pk): each for each in departures}
        self.fields["departure"].choices = [
            (pk, f"{moment_words(each.departs_at, now=at)} {each.round.name}") for pk, each in self.departures.items()
        ]
        self.initial.setdefault("nonce", new_nonce())
        if departures:
            self.initial.setdefault("departure", str(departures[0].pk))

    def clean_departure(self):
        return self.departures[self.cleaned_data["departure"]]


class WriteOffForm(PlainForm):
    """The operator's word that goods are thrown away, with photos where there are some."""

    photos = PhotosField(label=_("Photos"), most=3, required=False)


class ReturnReadingForm(ReadingForm):
    """The number of a return, or of a claim, or a claim's QR."""

    def clean_number(self) -> str:
        text = self.cleaned_data["number"].strip()
        return text if proofs.is_qr(text) else super().clean_number()


class PayOutForm(PlainForm):
    """The code that the buyer reads out from the claim's page; none where the QR was read."""

    code = forms.CharField(
        label=_("Code of the claim"),
        max_length=200,  # as a QR is long
        widget=forms.TextInput(attrs=DIGITS),
        error_messages={"required": _("Please type the code that the buyer shows, or scan the QR.")},
    )

    def __init__(self, *args, proven: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].required = not proven
