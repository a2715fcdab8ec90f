"""The application's form, and the county's decision."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.storage_class import StorageClass
from marketplace.applying import credit_codes
from marketplace.applying.services.applications import Stated
from marketplace.applying.states import ApplicationState
from marketplace.evidence.fields import PhotosField
from marketplace.fields import PhoneField
from marketplace.plain_words import PlainForm
from marketplace.wording import WEEKDAYS
from villages.models import Division
from villages.states import Level, PointKind

MOST_CRATES = 2000
TIME = {"type": "time", "class": "inp"}
WHICH_TIME = dict.fromkeys(("required", "invalid"), _("Please give a time such as 08:00."))
PLACES = (Level.VILLAGE, Level.TOWNSHIP)


class ApplicationForm(PlainForm):
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

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for day in range(7):
            for end in ("opens", "closes"):
                self.fields[f"d{day}_{end}"] = forms.TimeField(
                    required=False, widget=forms.TimeInput(attrs=TIME, format="%H:%M"), error_messages=WHICH_TIME
                )
        for storage_class, words in StorageClass.choices:
            self.fields[f"crates_{storage_class}"] = forms.IntegerField(
                label=words, required=False, min_value=0, max_value=MOST_CRATES,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                error_messages={"invalid": _("Please give a whole number of crates.")},
            )  # fmt: skip

    @property
    def days(self) -> list[tuple]:
        """The rows of the week: its day's name and the two fields."""
        return [(WEEKDAYS[day], self[f"d{day}_opens"], self[f"d{day}_closes"]) for day in range(7)]

    @property
    def crates(self) -> list:
        """The fields of crates a day, by storage class."""
        return [self[f"crates_{each}"] for each in StorageClass.values]

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

    def clean(self) -> dict:
        data = super().clean()
        for day in range(7):
            opens, closes = data.get(f"d{day}_opens"), data.get(f"d{day}_closes")
            if bool(opens) != bool(closes) or (opens and closes <= opens):
                self.add_error(f"d{day}_opens", _("Please give when it opens and, later, when it closes."))
        if not self._hours() and not any(name.startswith("d") and name[1].isdigit() for name in self.errors):
            self.add_error("d0_opens", _("Please give the hours of at least one day."))
        if not any(data.get(f"crates_{each}") for each in StorageClass.values):
            self.add_error(f"crates_{StorageClass.AMBIENT}", _("Please give the crates of at least one class."))
        return data

    def _hours(self) -> list[tuple[int, str, str]]:
        data = self.cleaned_data
        return [
            (day, f"{data[f'd{day}_opens']:%H:%M}", f"{data[f'd{day}_closes']:%H:%M}")
            for day in range(7)
            if data.get(f"d{day}_opens") and data.get(f"d{day}_closes")
        ]

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
        crates = {each: data.get(f"crates_{each}") or 0 for each in StorageClass.values}
        return Stated(**{name: data[name] for name in same}, hours=self._hours(), crates=crates)


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
