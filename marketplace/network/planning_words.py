"""How weekdays, times and changes of a timetable are said."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.storage_class import StorageClass
from logistics.drafts import Draft, LaneDraft, RoundDraft
from marketplace.wording import WEEKDAYS

EVERY_DAY = "1234567"


def weekdays(digits: str) -> str:
    """Return weekdays as people say them: daily, a span of three and more days, or each by name."""
    if digits == EVERY_DAY:
        return _("daily")
    names = [str(WEEKDAYS[int(digit) - 1]) for digit in digits]
    if len(digits) > 2 and digits in EVERY_DAY:
        return _("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return _(", ").join(names)


def storage_classes(classes: Iterable[str]) -> str:
    """Return storage classes by name."""
    return _(", ").join(str(StorageClass(each).label) for each in StorageClass.values if each in classes)


def figures(
    draft: LaneDraft | RoundDraft, *, points: dict[int, str], people: dict[int, str], hubs: dict[int, str]
) -> list[tuple[str, str]]:
    """Return (label, value) of all that a draft says, in the order of the form."""
    minutes = _("%(n)d minutes")
    if isinstance(draft, LaneDraft):
        said = [(_("Begins at"), hubs.get(draft.origin_id, "")), (_("Ends at"), hubs.get(draft.destination_id, ""))]
    else:
        said = [(_("Hub"), hubs.get(draft.hub_id, "")), (_("Name of the round"), draft.name)]
    said += _shared(draft, minutes)
    if isinstance(draft, RoundDraft):
        driver = people.get(draft.driver_id, "") if draft.driver_id else pgettext("driver", "none yet")
        said.append((_("Driver"), driver))
        stops = [f"{points.get(call.point_id, '')} +{call.offset_minutes}" for call in draft.calls]
        said.append((_("Stops"), _(", ").join(stops)))
    return said


def _shared(draft: Draft, minutes: str) -> list[tuple[str, str]]:
    return [
        (_("Weekdays"), weekdays(draft.weekdays)),
        (_("Leaves at"), f"{draft.departs:%H:%M}"),
        (_("Duration"), minutes % {"n": draft.duration_minutes}),
        (_("Cut-off"), minutes % {"n": draft.cutoff_minutes}),
        (_("Crates"), str(draft.crates)),
        (_("Storage classes"), storage_classes(draft.storage_classes)),
    ]
