"""The planner's forms: a lane, a round with its stops, days of the calendar, a hub."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core import phones
from core.sealed import digest
from core.storage_class import StorageClass
from logistics.drafts import MOST_CRATES, MOST_CUTOFF_MINUTES, Call, LaneDraft, RoundDraft
from logistics.models import Hub, Round
from logistics.states import ClosureKind, ClosureScope
from marketplace.plain_words import PlainForm
from marketplace.users.models import User
from marketplace.wording import WEEKDAYS
from villages.models import Division, PickupPoint

WHOLE = {"inputmode": "numeric", "autocomplete": "off"}
SPARE_ROWS = 2


def minutes_field(label, *, most: int, least: int = 0, **options) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        widget=forms.TextInput(attrs=WHOLE),
        error_messages=dict.fromkeys(("required", "invalid"), _("Please give a whole number.")),
        **options,
    )


def day_field(label, **options) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"],
        error_messages=dict.fromkeys(("required", "invalid"), _("Please give a day, such as 2026-12-01.")),
        **options,
    )


class TimetableForm(PlainForm):
    """What lanes and rounds share, and the day from which it applies."""

    use_required_attribute = False
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"),
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS, start=1)],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Please choose the weekdays on which it runs.")},
    )
    departs = forms.TimeField(
        label=_("Leaves at"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages=dict.fromkeys(("required", "invalid"), _("Please give a time, such as 08:30.")),
    )
    duration_minutes = minutes_field(_("Duration"), least=1, most=24 * 60)
    cutoff_minutes = minutes_field(
        _("Cut-off"), most=MOST_CUTOFF_MINUTES, help_text=_("Goods must be at the hub so long before it leaves.")
    )
    crates = minutes_field(_("Crates"), least=1, most=MOST_CRATES)
    storage_classes = forms.MultipleChoiceField(
        label=_("Storage classes"),
        choices=StorageClass.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Please choose what it keeps: ambient, chilled or frozen.")},
    )
    from_date = day_field(_("Applies from"), help_text=_("Tomorrow at the earliest. Until then all stays as it is."))
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def shared(self) -> dict:
        """Return what is in every draft."""
        data = self.cleaned_data
        return {
            "weekdays": "".join(data["weekdays"]),
            "departs": data["departs"],
            "duration_minutes": data["duration_minutes"],
            "cutoff_minutes": data["cutoff_minutes"],
            "crates": data["crates"],
            "storage_classes": tuple(data["storage_classes"]),
        }


def initial_of(draft: LaneDraft | RoundDraft) -> dict:
    """Return what the form begins with."""
    return {
        "weekdays": list(draft.weekdays),
        "departs": draft.departs,
        "duration_minutes": draft.duration_minutes,
        "cutoff_minutes": draft.cutoff_minutes,
        "crates": draft.crates,
        "storage_classes": list(draft.storage_classes),
    }


class LaneForm(TimetableForm):
    """A lane; its hubs are chosen when it is added and stay."""

    origin = forms.ModelChoiceField(label=_("Begins at"), queryset=Hub.objects.none(), required=False)
    destination = forms.ModelChoiceField(label=_("Ends at"), queryset=Hub.objects.none(), required=False)
    field_order = ["origin", "destination"]

    def __init__(self, *args, hubs: Iterable[Hub] | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        if hubs is None:
            del self.fields["origin"], self.fields["destination"]
            return
        for name in ("origin", "destination"):
            self.fields[name].queryset = hubs
            self.fields[name].required = True
            self.fields[name].empty_label = _("Please choose")
            self.fields[name].error_messages["required"] = _("Please choose a hub.")

    def draft(self, *, keys: tuple[int, int] | None = None) -> LaneDraft:
        origin, destination = keys or (self.cleaned_data["origin"].pk, self.cleaned_data["destination"].pk)
        return LaneDraft(**self.shared(), origin_id=origin, destination_id=destination)


class RoundForm(TimetableForm):
    """A round; its stops stand in a table of their own."""

    name = forms.CharField(
        label=_("Name of the round"), max_length=64, error_messages={"required": _("Please give the round a name.")}
    )
    driver = forms.ChoiceField(label=_("Driver"), required=False)
    driver_phone = forms.CharField(
        label=_("Another driver's phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("Of somebody with an account here."),
    )
    field_order = ["name"]

    def __init__(self, *args, hub: Hub, **kwargs):
        super().__init__(*args, **kwargs)
        drivers = User.objects.filter(
            pk__in=Round.objects.within(hub.division.parent_id or hub.division_id).values("driver")
        )
        none = [("", pgettext_lazy("driver", "none yet"))]
        self.fields["driver"].choices = none + [(str(user.pk), user.get_full_name()) for user in drivers]

    def clean_driver_phone(self) -> User | None:
        return person_of(self.cleaned_data["driver_phone"])

    def draft(self, *, hub_id: int, calls: tuple[Call, ...]) -> RoundDraft:
        data = self.cleaned_data
        driver = data["driver_phone"].pk if data["driver_phone"] else int(data["driver"]) if data["driver"] else None
        return RoundDraft(**self.shared(), hub_id=hub_id, name=data["name"].strip(), driver_id=driver, calls=calls)


def person_of(text: str) -> User | None:
    """Return the person with a phone; None for no phone."""
    if not text.strip():
        return None
    try:
        found = User.objects.filter(phone_hash=digest(phones.normalise(text)), is_active=True).first()
    except phones.UnableToReadPhone:
        found = None
    if found is None:
        raise forms.ValidationError(gettext("Nobody here has this phone."))
    return found


@dataclass
class StopRow:
    """A row of the table of stops, as it was typed."""

    point: str = ""
    minutes: str = ""
    error: str = ""


class StopTable:
    """The stops of a round: point and minutes; their order follows from the minutes, an empty row is none."""

    def __init__(self, rows: Sequence[StopRow], *, points: Iterable[PickupPoint]):
        self.points = list(points)
        self.rows = list(rows)
        self.errors: list[str] = []
        self._by_code = {point.code: point for point in self.points}

    @classmethod
    def of_round(cls, round_: Round | None, *, points: Iterable[PickupPoint]) -> "StopTable":
        stops = round_.stops.all() if round_ is not None else ()
        rows = [StopRow(f"{stop.point.code} {stop.point.name}", str(stop.offset_minutes)) for stop in stops]
        return cls([*rows, *(StopRow() for _ in range(SPARE_ROWS))], points=points)

    @classmethod
    def posted(cls, data: QueryDict, *, points: Iterable[PickupPoint]) -> "StopTable":
        pairs = zip(data.getlist("stop_point"), data.getlist("stop_minutes"), strict=False)
        return cls([StopRow(point.strip()[:120], minutes.strip()[:8]) for point, minutes in pairs][:60], points=points)

    def remove(self, number: int) -> None:
        del self.rows[number : number + 1]

    def extend(self) -> None:
        self.rows += [StopRow() for _ in range(SPARE_ROWS)]

    def calls(self) -> tuple[Call, ...]:
        """Return the stops in the order of their minutes; what cannot be read is said at its row."""
        found = []
        for row in self.rows:
            if not row.point and not row.minutes:
                continue
            point = self._by_code.get(row.point.split()[0]) if row.point else None
            if point is None:
                row.error = gettext("Please choose a point of this hub's county.")
            elif not (row.minutes.isascii() and row.minutes.isdigit()):
                row.error = gettext("Please give the minutes after leaving the hub.")
            else:
                found.append(Call(point.pk, int(row.minutes)))
        return tuple(sorted(found, key=lambda call: call.offset_minutes))

    @property
    def is_sound(self) -> bool:
        return not any(row.error for row in self.rows)


class DaysForm(PlainForm):
    """Days of the calendar."""

    use_required_attribute = False
    name = forms.CharField(
        label=_("What the days are called"),
        max_length=40,
        error_messages={"required": _("Please say what these days are called.")},
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=ClosureKind.choices)
    scope = forms.ChoiceField(label=_("What stops"), choices=ClosureScope.choices, initial=ClosureScope.ALL)
    division = forms.ChoiceField(label=_("Where"))
    first_day = day_field(_("First day"))
    last_day = day_field(_("Last day"), help_text=_("This day included."))

    def __init__(self, *args, divisions: Iterable[Division], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = [(each.code, each.name) for each in divisions]


def tomorrow(today: dt.date) -> dt.date:
    return today + dt.timedelta(days=1)
