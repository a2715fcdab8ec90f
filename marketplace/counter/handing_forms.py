"""The forms of a hand-over: what became of each line, who collects, how it is proven and paid."""

from django import forms
from django.utils.translation import gettext_lazy as _

from logistics import pickup_qr
from logistics.models import ConsignmentLine
from logistics.services.collections import Outcome
from logistics.states import IN_HAND, CollectionProof, CounterPayment
from marketplace.counter.forms import DIGITS, NONCE_LENGTH, new_nonce
from marketplace.counter.states import Reason, What
from marketplace.evidence.fields import PhotosField
from marketplace.evidence.models import Photo
from marketplace.fields import PhoneField
from marketplace.plain_words import PlainForm


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
