"""The application's form, and the county's decision."""

from collections.abc import Collection

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.applying import credit_codes
from marketplace.applying.services.applications import Stated
from marketplace.applying.states import ApplicationState
from marketplace.evidence.fields import PhotosField
from marketplace.fields import PhoneField
from marketplace.plain_words import PlainForm
from marketplace.shop_forms import CratesForm, WeekForm
from villages.models import Division
from villages.states import Level, PointKind, PointState, Reason

PLACES = (Level.VILLAGE, Level.TOWNSHIP)


class ApplicationForm(WeekForm, CratesForm):
    """What somebody states who wants to run a point; photos that were kept before need not be sent again."""

    use_required_attribute = False  # a draft may be kept unfinished
    division = forms.CharField(
        label=_("Place"), widget=forms.HiddenInput, error_messages={"required": _("Please choose the village.")}
    )
    name = forms.CharField(
        label=_("Name of the shop"), max_length=32, help_text=_("As buyers know it"),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Kind of shop"), choices=PointKind)
    address = forms.CharField(
        label=_("Address in the village"), max_length=100, help_text=_("Road, number, what stands beside it")
    )
    contact_name = forms.CharField(
        label=_("Who answers for it"), max_length=32, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    contact_phone = PhoneField(label=_("Phone that buyers may call"))
    licence = forms.CharField(
        label=_("Unified social credit code"),
        max_length=24,
        help_text=_("18 characters on the business licence"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    licence_photos = PhotosField(label=_("Photo of the business licence"), most=2, required=False)
    front_photos = PhotosField(label=_("Photo of the shopfront"), most=2, required=False)

    def clean_division(self) -> Division:
        found = Division.objects.filter(code=self.cleaned_data["division"], valid_to=None, level__in=PLACES).first()
        if found is None:
            raise forms.ValidationError(_("Please choose the village."))
        return found

    def clean_licence(self) -> str:
        code = "".join(self.cleaned_data["licence"].split()).upper()
        if not credit_codes.is_sound(code):
            raise forms.ValidationError(_("This code is mistyped. Please compare its 18 characters with the licence."))
        return code

    def typed(self) -> dict[str, str]:
        """Return what stands in the fields, but for the photos."""
        return {name: self.data.get(name, "") for name in self.fields if not name.endswith("_photos")}

    def papers(self) -> dict[str, list]:
        """Return the photos that came with the form, by paper."""
        return {each: self.cleaned_data.get(f"{each}_photos", []) for each in ("licence", "front")}

    def stated(self) -> Stated:
        """Return what a valid form states."""
        data = self.cleaned_data
        same = ("division", "name", "kind", "address", "contact_name", "contact_phone", "licence")
        hours = [(day, f"{opens:%H:%M}", f"{closes:%H:%M}") for day, opens, closes in self.hours()]
        return Stated(**{name: data[name] for name in same}, hours=hours, crates=self.crates_a_day())


class DecisionForm(PlainForm):
    """The county's decision."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            (ApplicationState.ACCEPTED, _("Accept")),
            (ApplicationState.CHANGE_ASKED, _("Ask for a change")),
            (ApplicationState.REFUSED, _("Refuse")),
        ],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("What is to be changed, or why it is refused"),
        max_length=120,
        required=False,
        help_text=_("The applicant reads it; no need where you accept"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PointDecisionForm(PlainForm):
    """What the county does with a point, and why."""

    decision = forms.ChoiceField(label=_("What is to be done"), widget=forms.RadioSelect)
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", _("None")), *Reason.choices], required=False)

    WORDS = {
        PointState.OPEN: _("Reinstate: it takes parcels again"),
        PointState.SUSPENDED: _("Suspend: nothing new comes, what is on its way goes elsewhere"),
        PointState.CLOSING: _("Close for good, once nothing is left there"),
    }

    def __init__(self, *args, allowed: Collection[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [(state, words) for state, words in self.WORDS.items() if state in allowed]

    def clean(self) -> dict:
        data = super().clean()
        if data.get("decision") in (PointState.SUSPENDED, PointState.CLOSING) and not data.get("reason"):
            self.add_error("reason", _("Please choose why."))
        return data
