"""Forms of a claim: the buyer's, the seller's answer, the platform's decision."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core import money
from marketplace.claims.models import Claim
from marketplace.claims.services.claims import WORDS
from marketplace.claims.states import Answer, ClaimReason, Wish
from marketplace.claims.windows import Window
from marketplace.evidence.fields import PhotosField
from marketplace.fields import yuan_field
from marketplace.plain_words import PlainForm

MOST_PHOTOS = 3
CHOOSE = _("Please choose one.")
CHOICE = {"required": CHOOSE, "invalid_choice": CHOOSE}
WHOLE = _("Please give a whole number from 1.")


def _words(label, **options) -> forms.CharField:
    return forms.CharField(label=label, max_length=WORDS, widget=forms.Textarea(attrs={"rows": 3}), **options)


class ClaimForm(PlainForm):
    """What of a line is claimed, why, and what the buyer wishes."""

    use_required_attribute = False
    units = forms.IntegerField(
        label=_("How many?"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value"), WHOLE)
        | {"max_value": _("At most %(limit_value)s can be claimed.")},
    )
    reason = forms.ChoiceField(label=_("What is wrong?"), widget=forms.RadioSelect, error_messages=CHOICE)
    wish = forms.ChoiceField(label=_("What do you wish?"), widget=forms.RadioSelect, error_messages=CHOICE)
    words = _words(_("Tell the seller about it"), required=False)
    photos = PhotosField(label=_("Photos"), most=MOST_PHOTOS, required=False)

    def __init__(self, *args, window: Window, **kwargs):
        super().__init__(*args, **kwargs)
        units = self.fields["units"]
        units.max_value, units.initial = window.units, 1
        units.validators.append(forms.IntegerField(max_value=window.units).validators[0])
        self.fields["reason"].choices = [(each, each.label) for each in window.reasons]
        self.fields["wish"].choices = [(each, each.label) for each in window.wishes]
        if len(window.wishes) == 1:
            self.initial.setdefault("wish", window.wishes[0])
        self.fields["photos"].required = window.is_fresh
        if window.is_fresh:
            self.fields["photos"].help_text = _("At least one: it shows what is wrong with fresh goods.")

    def clean(self) -> dict:
        data = super().clean()
        if data.get("reason") == ClaimReason.NOT_WANTED and data.get("wish") == Wish.REFUND:
            self.add_error("wish", _("Without a reason, the goods have to come back."))
        return data


class AnswerForm(PlainForm):
    """The seller's answer; of an offer how much, of a refusal why."""

    use_required_attribute = False
    answer = forms.ChoiceField(
        label=_("What do you answer?"), choices=Answer, widget=forms.RadioSelect, error_messages=CHOICE
    )
    offered = yuan_field(label=_("How much do you offer?"), required=False, help_text=_("Only where it is a part"))
    words = _words(_("Tell the buyer why"), required=False, help_text=_("No need where you grant all of it"))

    def __init__(self, *args, claim: Claim, **kwargs):
        super().__init__(*args, **kwargs)
        self.claim = claim

    def clean(self) -> dict:
        data = super().clean()
        said = data.get("answer")
        if said == Answer.OFFER and "offered" not in self.errors:
            fen = money.to_fen(data["offered"]) if data.get("offered") is not None else 0
            if not 0 < fen < self.claim.amount_fen:
                self.add_error("offered", _("Please give more than nothing and less than all of it."))
        if said == Answer.REFUSE and not data.get("words", "").strip():
            self.add_error("words", _("Whoever refuses says why."))
        return data

    def offered_fen(self) -> int | None:
        """Return what is offered, in fen, of an offer."""
        if self.cleaned_data["answer"] != Answer.OFFER:
            return None
        return money.to_fen(self.cleaned_data["offered"])


class DecisionForm(AnswerForm):
    """The platform's decision: all, a part or nothing; and whether the goods come back."""

    wish = forms.ChoiceField(
        label=_("Of all the money: do the goods come back?"),
        widget=forms.RadioSelect,
        required=False,
        error_messages=CHOICE,
    )
    field_order = ("answer", "wish", "offered", "words")

    def __init__(self, *args, window: Window, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["answer"].label = _("What do you decide?")
        self.fields["answer"].choices = [
            (Answer.ACCEPT, _("All of the money")),
            (Answer.OFFER, _("A part of the money")),
            (Answer.REFUSE, _("Nothing")),
        ]
        self.fields["offered"].label = _("How much of it?")
        self.fields["words"].label = _("Tell both sides why")
        names = {Wish.REFUND: _("No, the buyer keeps or discards them"), Wish.RETURN: _("Yes, over the counter")}
        self.fields["wish"].choices = [(each, names[each]) for each in window.wishes]
        self.initial.setdefault("wish", self.claim.wish)
