"""The operator's forms. What is typed is read generously: blanks, dots and small letters are no mistakes."""

import re
import secrets

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from logistics import label_qr
from marketplace.evidence.fields import PhotosField
from marketplace.fields import PhoneField, yuan_field
from marketplace.plain_words import PlainForm

SHELF = re.compile(r"[A-Z0-9]{1,4}(-?[A-Z0-9]{1,6})?")
NONCE_LENGTH = 64
WHICH_SHELF = _("Please give the shelf as letters and digits, such as B-07.")
DIGITS = {"inputmode": "numeric", "autocomplete": "off"}


def new_nonce() -> str:
    """Return a name for one act of the operator; sent again, it is the same act."""
    return secrets.token_hex(16)


class SearchForm(PlainForm):
    """One field for all that a buyer can show or say: QR, parcel, order, or the phone's last digits."""

    q = forms.CharField(
        label=_("Parcel, order, or the phone's last 4 digits"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "enterkeyhint": "search"}),
        error_messages={"required": _("Please type a number or scan the QR.")},
    )


class ParcelForm(PlainForm):
    """The number on a label, or its last digits."""

    number = forms.CharField(
        label=_("Parcel number, or its last 6 digits"),
        max_length=200,  # as a label's QR is long
        widget=forms.TextInput(attrs=DIGITS | {"enterkeyhint": "next"}),
        error_messages={"required": _("Please type the number of the parcel, or scan its label.")},
    )

    def clean_number(self) -> str:
        text = self.cleaned_data["number"]
        if label_qr.is_one(text):
            try:
                return label_qr.read(text)
            except label_qr.UnableToReadLabel as error:
                raise forms.ValidationError(_("This is not a label of ours.")) from error
        digits = "".join(character for character in text if not character.isspace())
        if not digits.isascii() or not digits.isdigit() or len(digits) < 6:
            raise forms.ValidationError(_("A parcel number has 13 digits; the last 6 of them are enough."))
        return digits


class ReadingForm(ParcelForm):
    """The number on a label, with the name of this one reading."""

    nonce = forms.CharField(
        widget=forms.HiddenInput,
        max_length=NONCE_LENGTH,
        error_messages={"required": _("Please open the page again.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("nonce", new_nonce())


class CountForm(PlainForm):
    """How many boxes were counted off a vehicle."""

    use_required_attribute = False  # checking off is sent from the same page
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=NONCE_LENGTH)
    counted = forms.IntegerField(
        label=_("How many boxes did you count?"),
        min_value=1,
        max_value=10_000,
        widget=forms.TextInput(attrs=DIGITS),
        error_messages=dict.fromkeys(("required", "invalid", "min_value"), _("Please give a whole number from 1.")),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("nonce", new_nonce())


class ShelfForm(PlainForm):
    """Where a parcel is put: one of the suggested shelves, or another one."""

    OTHER = "other"
    use_required_attribute = False  # the other shelf is folded away
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=NONCE_LENGTH)
    choice = forms.ChoiceField(label=_("Which shelf?"), widget=forms.RadioSelect)
    other = forms.CharField(
        label=_("Another shelf"),
        max_length=12,
        help_text=_("Such as B-07"),
        error_messages=dict.fromkeys(("required", "max_length"), WHICH_SHELF),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    damaged = forms.BooleanField(label=_("It came damaged"), required=False)
    photos = PhotosField(label=_("Photos of the damage"), most=3, required=False)

    def __init__(self, *args, suggestions: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["choice"].choices = [(each, each) for each in suggestions] + [
            (self.OTHER, pgettext_lazy("shelf", "Other"))
        ]
        self.initial.setdefault("choice", suggestions[0])
        self.initial.setdefault("nonce", new_nonce())

    def clean(self) -> dict:
        data = super().clean()
        data["shelf"] = data.get("choice")
        if not data.get("damaged"):
            data["photos"] = []
            self.errors.pop("photos", None)
        elif not data.get("photos") and "photos" not in self.errors:
            self.add_error("photos", _("Please take a photo of it."))
        if data.get("choice") != self.OTHER:
            self.errors.pop("other", None)
        elif "other" not in self.errors:
            data["shelf"] = data["other"].upper()
            if not SHELF.fullmatch(data["shelf"]):
                self.add_error("other", WHICH_SHELF)
        return data


class CashForm(PlainForm):
    """What an operator counted."""

    counted = yuan_field(label=_("Counted"))
    note = forms.CharField(
        label=_("Why it differs"), max_length=200, required=False, help_text=_("Only where the count differs")
    )


class ProxyForm(PlainForm):
    """Whom the operator orders for, and the code by which they consent."""

    name = forms.CharField(
        label=_("Name of the buyer"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please tell who collects the parcel.")},
    )
    phone = PhoneField(
        label=_("Phone of the buyer"),
        help_text=_("The code to agree, the pickup code and the link go to it."),
        error_messages={"required": _("Please give the phone that the message goes to.")},
    )
    code = forms.CharField(
        label=_("Code that the buyer reads out"),
        max_length=8,
        widget=forms.TextInput(attrs=DIGITS),
        error_messages={"required": _("Please ask the buyer for the code that was sent.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.attrs["autocomplete"] = "off"
