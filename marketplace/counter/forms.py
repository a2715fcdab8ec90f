"""The operator's forms. What is typed is read generously: blanks, dots and small letters are no mistakes."""

import datetime as dt
import re
import secrets

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from logistics import label_qr, pickup_qr
from logistics.models import ConsignmentLine
from logistics.services.collections import Outcome
from logistics.states import IN_HAND, CollectionProof, CounterPayment
from marketplace.claims import proofs
from marketplace.counter.states import Reason, What
from marketplace.evidence.fields import PhotosField
from marketplace.evidence.models import Photo
from marketplace.fields import PhoneField, yuan_field
from marketplace.plain_words import PlainForm
from marketplace.wording import moment_words

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


class LineForm(PlainForm):
    """What became of the open units of one line."""

    use_required_attribute = False  # what is folded away would keep the form from being sent
    asks_photo = True
    what = forms.ChoiceField(choices=What, widget=forms.RadioSelect)
    units = forms.IntegerField(
        min_value=1,
        widget=forms.NumberInput(attrs=DIGITS),
        error_messages=dict.fromkeys(("required", "invalid", "min_value"), _("Please give a whole number from 1.")),
    )
    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=[("", _("Please choose")), *Reason.choices],
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Please choose why.")),
    )

    photos = PhotosField(label=_("Photos"), most=3, required=False)

    def __init__(self, *args, line: ConsignmentLine, **kwargs):
        super().__init__(*args, prefix=f"l{line.pk}", **kwargs)
        self.line = line
        self.initial.setdefault("what", What.TAKEN)
        self.initial.setdefault("units", line.open)
        units = self.fields["units"]
        units.label = _("How many of the %(open)d are not taken?") % {"open": line.open}
        units.widget.attrs |= {"min": 1, "max": line.open}

    @property
    def value_fen(self) -> int:
        """The value of the line's open units."""
        return self.line.open * self.line.order_line.unit_price_fen

    def clean(self) -> dict:
        data = super().clean()
        if data.get("what") in (None, What.TAKEN):
            # Whatever stands in the fields that are folded away then is not meant.
            self.errors.pop("units", None)
            self.errors.pop("reason", None)
            self.errors.pop("photos", None)
        elif self._lacks_photo(data):
            self.add_error("photos", _("Please take a photo of it."))
        if data.get("what") == What.REJECTED and data.get("reason") == Reason.MISSING:
            self.add_error("reason", _("What is not in the parcel is short, not rejected."))
        if data.get("what") != What.TAKEN and data.get("units", 0) > self.line.open:
            self.add_error("units", _("Only %(open)d are here.") % {"open": self.line.open})
        return data

    def _lacks_photo(self, data: dict) -> bool:
        # Whatever the reason: the photo shows in what state the goods go back.
        is_rejected = data["what"] == What.REJECTED and data.get("reason") != Reason.MISSING
        return self.asks_photo and is_rejected and not data.get("photos") and "photos" not in self.errors

    def proofs(self) -> list[Photo]:
        """Return the photos of what was short or rejected."""
        return self.cleaned_data.get("photos", []) if self.cleaned_data.get("what") != What.TAKEN else []

    def outcome(self) -> Outcome:
        """Return what was said; of a line with a mistake, that all of it is taken."""
        line = self.line
        if not self.is_valid() or self.cleaned_data["what"] == What.TAKEN:
            return Outcome(taken=line.open)
        data = self.cleaned_data
        units = data["units"]
        short, rejected = (units, 0) if data["what"] == What.SHORT else (0, units)
        return Outcome(taken=line.open - units, short=short, rejected=rejected, reason=data["reason"])


class CollectorForm(PlainForm):
    """Who collects for the buyer; all empty where the buyer is there."""

    name = forms.CharField(
        label=_("Name of who collects"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = PhoneField(label=_("Phone of who collects"), required=False)

    def clean(self) -> dict:
        data = super().clean()
        typed = [name for name in ("name", "phone") if data.get(name) or name in self.errors]
        if len(typed) == 1:
            missing = "phone" if typed == ["name"] else "name"
            self.add_error(missing, _("Please give both, the name and the phone."))
        return data

    def collector(self) -> tuple[str, str] | None:
        """Return name and phone in E.164, or None where the buyer collects."""
        data = self.cleaned_data
        return (data["name"], data["phone"]) if data.get("name") else None


class CashForm(PlainForm):
    """What an operator counted."""

    counted = yuan_field(label=_("Counted"))
    note = forms.CharField(
        label=_("Why it differs"), max_length=200, required=False, help_text=_("Only where the count differs")
    )


class HandOverForm(PlainForm):
    """What proves that the goods go to the right person, and what the operator saw when deciding.

    :param proven: a QR was read already, so that no code is asked for.
    :param takes_qr: the platform's QR can be shown. :param paid_by: how it is paid as far as nothing else is said.
    """

    use_required_attribute = False  # the amount can be asked for before the code is known
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=NONCE_LENGTH)
    shown_fen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    paid_by = forms.ChoiceField(
        label=_("Paid how?"),
        choices=CounterPayment,
        widget=forms.RadioSelect,
        required=False,
    )
    code = forms.CharField(
        label=_("Pickup code"),
        max_length=200,
        help_text=_("8 digits that the buyer reads out, or the QR"),
        widget=forms.TextInput(attrs=DIGITS | {"placeholder": "000 · 0000 · 0", "class": "inp-code"}),
        error_messages={"required": _("Please type the 8 digits that the buyer reads out.")},
    )

    def __init__(
        self, *args, proven: bool, takes_qr: bool = False, paid_by: CounterPayment = CounterPayment.CASH, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.fields["code"].required = not proven
        if not takes_qr:
            self.fields["paid_by"].choices = [(each.value, each.label) for each in IN_HAND]
        self.initial.setdefault("nonce", new_nonce())
        self.initial.setdefault("paid_by", paid_by)

    def clean_paid_by(self) -> CounterPayment:
        return CounterPayment(self.cleaned_data["paid_by"] or CounterPayment.CASH)

    def proof(self) -> tuple[CollectionProof, str]:
        """Return what kind of proof was given in the code's field, and its text."""
        text = self.cleaned_data["code"]
        is_qr = pickup_qr.is_one(text)
        return (CollectionProof.QR if is_qr else CollectionProof.TYPED_CODE), text


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
