"""What a planner says of a lane or a round, and whether it makes sense; values only, no database."""

import datetime as dt
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from core.storage_class import StorageClass
from logistics.models import Lane, Round

MOST_STOPS = 25
LONGEST_MINUTES = 24 * 60
MOST_CRATES = 5000
MOST_CUTOFF_MINUTES = 12 * 60
WEEKDAYS = "1234567"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a draft: the field, and a sentence for whoever wrote it.

    :param call: of a round's stop, which; ``about_minutes`` tells whether its minutes are wrong and not its point.
    """

    field: str
    text: str
    call: int | None = None
    about_minutes: bool = False


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What lanes and rounds share.

    :param weekdays: digits 1–7, Monday first. :param departs: Beijing time.
    :param cutoff_minutes: how long before leaving its hub goods must be there.
    """

    weekdays: str
    departs: dt.time
    duration_minutes: int
    cutoff_minutes: int
    crates: int
    storage_classes: tuple[str, ...]

    def problems(self) -> list[Problem]:
        """Return what is wrong with it in itself; the register, hubs and points are not asked."""
        found = []
        if not self.weekdays or set(self.weekdays) - set(WEEKDAYS):
            found.append(Problem("weekdays", _("Please choose the weekdays on which it runs.")))
        if not self.storage_classes or set(self.storage_classes) - set(StorageClass.values):
            found.append(Problem("storage_classes", _("Please choose what it keeps: ambient, chilled or frozen.")))
        for field, least, most in (
            ("duration_minutes", 1, LONGEST_MINUTES),
            ("cutoff_minutes", 0, MOST_CUTOFF_MINUTES),
            ("crates", 1, MOST_CRATES),
        ):
            if not least <= getattr(self, field) <= most:
                words = _("Please give a whole number from %(least)d to %(most)d.")
                found.append(Problem(field, words % {"least": least, "most": most}))
        return found


@dataclass(frozen=True, kw_only=True)
class LaneDraft(Draft):
    """A lane between two hubs, by their keys."""

    origin_id: int
    destination_id: int

    def problems(self) -> list[Problem]:
        found = super().problems()
        if self.origin_id == self.destination_id:
            found.append(Problem("destination", _("A lane ends at another hub than it begins at.")))
        return found


@dataclass(frozen=True)
class Call:
    """A stop of a round: the point, and minutes after leaving the hub."""

    point_id: int
    offset_minutes: int


@dataclass(frozen=True, kw_only=True)
class RoundDraft(Draft):
    """A round from a hub along points and back."""

    hub_id: int
    name: str
    calls: tuple[Call, ...]
    driver_id: int | None = None

    def problems(self) -> list[Problem]:
        found = super().problems()
        if not self.name.strip():
            found.append(Problem("name", _("Please give the round a name.")))
        if not self.calls:
            found.append(Problem("stops", _("A round has at least one stop.")))
        if len(self.calls) > MOST_STOPS:
            found.append(Problem("stops", _("A round has at most %(most)d stops.") % {"most": MOST_STOPS}))
        return found + self._problems_of_calls()

    def _problems_of_calls(self) -> list[Problem]:
        found, earlier, points = [], 0, set()
        for number, call in enumerate(self.calls):
            if call.point_id in points:
                found.append(Problem("stops", _("A round stops at each point once."), number))
            if call.offset_minutes <= earlier:
                found.append(Problem("stops", _("Each stop is reached later than the one before it."), number, True))
            elif call.offset_minutes >= self.duration_minutes:
                text = _("The vehicle must be back at the hub after the last stop.")
                found.append(Problem("stops", text, number, True))
            points.add(call.point_id)
            earlier = max(earlier, call.offset_minutes)
        return found


@dataclass(frozen=True)
class Until:
    """When a line ends: the first day without it, or None for until further notice."""

    day: dt.date | None


@dataclass(frozen=True)
class Change:
    """What is to become of a line of versions.

    :param code: the line; empty for a new one. :param draft: what it is to be; None ends the line.
    :param seen: the revision on which the change rests (``timetables.revision_of``); None where nobody looked before.
    :param until: when it is to end; None leaves that as it is.
    """

    code: str
    draft: LaneDraft | RoundDraft | None
    seen: int | None = None
    until: Until | None = None


def of_lane(lane: Lane) -> LaneDraft:
    """Return a lane's version as a draft."""
    return LaneDraft(**_shared(lane), origin_id=lane.origin_id, destination_id=lane.destination_id)


def of_round(round_: Round) -> RoundDraft:
    """Return a round's version as a draft, with its stops in their order."""
    stops = sorted(round_.stops.all(), key=lambda stop: stop.sequence)
    return RoundDraft(
        **_shared(round_),
        hub_id=round_.hub_id,
        name=round_.name,
        driver_id=round_.driver_id,
        calls=tuple(Call(stop.point_id, stop.offset_minutes) for stop in stops),
    )


def of(timetable: Lane | Round) -> LaneDraft | RoundDraft:
    return of_lane(timetable) if isinstance(timetable, Lane) else of_round(timetable)


def normal(draft: LaneDraft | RoundDraft) -> LaneDraft | RoundDraft:
    """Return a draft with weekdays and storage classes in their one order, so that equal ones are equal."""
    return replace(
        draft,
        weekdays="".join(sorted(set(draft.weekdays))),
        storage_classes=tuple(each for each in StorageClass.values if each in draft.storage_classes),
    )


def _shared(timetable: Lane | Round) -> dict:
    return {
        "weekdays": timetable.weekdays,
        "departs": timetable.departs,
        "duration_minutes": timetable.duration_minutes,
        "cutoff_minutes": timetable.cutoff_minutes,
        "crates": timetable.crates,
        "storage_classes": tuple(each for each in StorageClass.values if each in timetable.storage_classes),
    }
