"""What a pickup point says of itself: its opening hours by weekday, and the crates a day that it keeps."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from core.storage_class import StorageClass
from marketplace.plain_words import PlainForm
from marketplace.wording import WEEKDAYS

MOST_CRATES = 2000
TIME = {"type": "time", "class": "inp"}
WHICH_TIME = dict.fromkeys(("required", "invalid"), _("Please give a time such as 08:00."))


class WeekForm(PlainForm):
    """Opening hours, one span a weekday; both fields empty mean closed."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for day in range(7):
            for end in ("opens", "closes"):
                widget = forms.TimeInput(attrs=TIME, format="%H:%M")
                time = forms.TimeField(label=WEEKDAYS[day], required=False, widget=widget, error_messages=WHICH_TIME)
                self.add_field(f"d{day}_{end}", time)

    @property
    def days(self) -> list[tuple]:
        """The rows of the week: its day's name and the two fields."""
        return [(WEEKDAYS[day], self[f"d{day}_opens"], self[f"d{day}_closes"]) for day in range(7)]

    def clean(self) -> dict:
        data = super().clean()
        for day in range(7):
            opens, closes = data.get(f"d{day}_opens"), data.get(f"d{day}_closes")
            if bool(opens) != bool(closes) or (opens and closes <= opens):
                self.add_error(f"d{day}_opens", _("Please give when it opens and, later, when it closes."))
        if not self.hours() and not any(name.startswith("d") and name[1].isdigit() for name in self.errors):
            self.add_error("d0_opens", _("Please give the hours of at least one day."))
        return data

    def hours(self) -> list[tuple[int, dt.time, dt.time]]:
        """Return the weekday from 0, when it opens and when it closes, of each day on which it does."""
        data = self.cleaned_data
        return [
            (day, data[f"d{day}_opens"], data[f"d{day}_closes"])
            for day in range(7)
            if data.get(f"d{day}_opens") and data.get(f"d{day}_closes")
        ]


class CratesForm(PlainForm):
    """The crates a day that a point keeps of each storage class."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for storage_class, words in StorageClass.choices:
            number = forms.IntegerField(
                label=words, required=False, min_value=0, max_value=MOST_CRATES,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                error_messages={"invalid": _("Please give a whole number of crates.")},
            )  # fmt: skip
            self.add_field(f"crates_{storage_class}", number)

    @property
    def crates(self) -> list:
        """The fields of crates a day, by storage class."""
        return [self[f"crates_{each}"] for each in StorageClass.values]

    def clean(self) -> dict:
        data = super().clean()
        if not any(data.get(f"crates_{each}") for each in StorageClass.values) and not any(
            name.startswith("crates_") for name in self.errors
        ):
            self.add_error(f"crates_{StorageClass.AMBIENT}", _("Please give the crates of at least one class."))
        return data

    def crates_a_day(self) -> dict[str, int]:
        """Return the crates a day by storage class, 0 for one that is not kept."""
        return {each: self.cleaned_data.get(f"crates_{each}") or 0 for each in StorageClass.values}
