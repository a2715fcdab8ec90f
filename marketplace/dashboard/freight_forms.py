"""Forms of the freight tariff: rates by storage class and distance, rows for pairs of counties, free delivery."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import money
from core.storage_class import StorageClass
from logistics.models import Tariff
from logistics.services.tariffs import FAR, MOST_FEN, Rate
from logistics.states import Reach
from marketplace.fields import yuan_field
from marketplace.plain_words import PlainForm
from villages import codes, known_names

SPARE_ROWS, MOST_ROWS = 3, 200
FIRST, FURTHER = "first", "further"
rate_field = partial(yuan_field, max_value=Decimal(MOST_FEN) / 100)


def day_field(**options) -> forms.DateField:
    return forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": _("Please give the day."),
            "invalid": _("Please give the day as 2026-03-02."),
        },
        **options,
    )


class TariffForm(PlainForm):
    """From which day on, and what the first crate and each further one cost by storage class and distance."""

    valid_from = day_field(label=_("Valid from"))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for storage_class in StorageClass:
            for reach in FAR:
                for part in (FIRST, FURTHER):
                    words = _("First crate") if part == FIRST else _("Each further crate")
                    label = format_lazy("{} · {} · {}", storage_class.label, reach.label, words)
                    self.add_field(_name(storage_class, reach, part), rate_field(label=label))

    def table(self) -> Iterator[tuple[str, list[tuple[str, forms.BoundField, forms.BoundField]]]]:
        """Yield (storage class, rows of (distance, first, further)) for the page."""
        for storage_class in StorageClass:
            rows = [
                (reach.label, self[_name(storage_class, reach, FIRST)], self[_name(storage_class, reach, FURTHER)])
                for reach in FAR
            ]
            yield storage_class.label, rows

    def rates(self) -> list[Rate]:
        return [
            Rate(
                storage_class.value,
                reach,
                money.to_fen(self.cleaned_data[_name(storage_class, reach, FIRST)]),
                money.to_fen(self.cleaned_data[_name(storage_class, reach, FURTHER)]),
            )
            for storage_class in StorageClass
            for reach in FAR
        ]


def _name(storage_class: str, reach: str, part: str) -> str:
    return f"{storage_class}-{reach}-{part}".lower()


class PairForm(PlainForm):
    """A rate between two counties; a row in which no county is named is none."""

    storage_class = forms.ChoiceField(label=_("Storage class"), choices=StorageClass.choices, required=False)
    origin = forms.CharField(label=_("From the county"), max_length=40, required=False)
    destination = forms.CharField(label=_("To the county"), max_length=40, required=False)
    first = rate_field(label=_("First crate"), required=False)
    further = rate_field(label=_("Each further crate"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("origin", "destination"):
            self.fields[name].widget.attrs |= {"list": "counties", "autocomplete": "off"}

    def clean_origin(self) -> str:
        return _county(self.cleaned_data["origin"])

    def clean_destination(self) -> str:
        return _county(self.cleaned_data["destination"])

    def clean(self) -> dict:
        data = super().clean()
        names = ("origin", "destination", "first", "further")
        if any(data.get(name) not in ("", None) for name in names) and not self.errors:
            for name in names:
                if data.get(name) in ("", None):
                    self.add_error(name, gettext("This is missing in this row."))
        return data

    def rate(self) -> Rate | None:
        """Return the rate of a valid row; None for an empty one."""
        data = self.cleaned_data
        if not data["origin"]:
            return None
        return Rate(
            data["storage_class"] or StorageClass.AMBIENT.value,
            Reach.PAIR,
            money.to_fen(data["first"]),
            money.to_fen(data["further"]),
            data["origin"],
            data["destination"],
        )


def counties() -> dict[str, str]:
    """Return the name by which a county is typed, its prefecture before it, → its code."""
    names = known_names.names()
    return {
        f"{names.get(codes.prefecture_of(code), '')}{name}": code
        for code, name in names.items()
        if codes.level_of(code) == "COUNTY"
    }


def _county(text: str) -> str:
    """Return the code of a county that was typed by its name, with its prefecture's or without."""
    text = "".join(text.split())
    if not text:
        return ""
    known = counties()
    found = [code for name, code in known.items() if text in (name, code)]
    found = found or [code for name, code in known.items() if name.endswith(text)]
    if len(found) != 1:
        raise forms.ValidationError(
            gettext("More than one county has this name. Please put its prefecture before it.")
            if found
            else gettext("There is no such county. Please choose one of the list.")
        )
    return found[0]


def initial_of(tariff: Tariff | None, *, valid_from: dt.date) -> tuple[dict, list[dict]]:
    """Return what the forms begin with: the rates of a tariff, its pairs of counties, and some empty rows."""
    typed = {code: name for name, code in counties().items()}
    initial, pairs = {"valid_from": valid_from}, []
    for rate in tariff.rates.all() if tariff else ():
        first, further = money.to_yuan(rate.first_fen), money.to_yuan(rate.further_fen)
        if rate.reach == Reach.PAIR:
            pairs.append(
                {
                    "storage_class": rate.storage_class,
                    "origin": typed.get(rate.origin_county, rate.origin_county),
                    "destination": typed.get(rate.destination_county, rate.destination_county),
                    "first": first,
                    "further": further,
                }
            )
        else:
            initial[_name(rate.storage_class, rate.reach, FIRST)] = first
            initial[_name(rate.storage_class, rate.reach, FURTHER)] = further
    return initial, [*pairs, *({} for _row in range(SPARE_ROWS))]


class OfferForm(PlainForm):
    """Free delivery at the platform's cost."""

    from_yuan = rate_field(label=_("Free from goods worth"), help_text=_("Of one seller in one order"))
    valid_from = day_field(label=_("Begins"))
    valid_to = day_field(label=_("Ends before"), required=False, help_text=_("The first day without it"))
