"""From the rows of a spreadsheet to changes of timetables, with an error at its row and column; and back."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db.models import Prefetch
from django.utils import translation
from django.utils.translation import gettext as _

from core.models import EventStream
from core.storage_class import StorageClass
from logistics import drafts
from logistics.drafts import Call, Draft, LaneDraft, RoundDraft
from logistics.models import Hub, Lane, Round, RoundStop
from logistics.services import timetables
from logistics.services.timetables import Change, UnableToChangeTimetable
from marketplace.network import sheets
from marketplace.network.sheets import Table
from villages.models import PickupPoint

_TIME = re.compile(r"(\d{1,2})[:：](\d{2})(?::\d{2})?")
_BETWEEN = re.compile(r"[、,，;；/\s]+")
NEW = ("new", "新")


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row: sheet, row in the file, column header, sentence."""

    kind: str
    row: int
    column: str
    text: str


@dataclass
class Reading:
    """The changes that a file asks for, and what is wrong with it; of a change the row that it comes from."""

    changes: list[Change] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0

    @property
    def unchanged(self) -> int:
        return self.rows - len(self.changes)


def revisions(tables: Iterable[Table]) -> dict[str, int]:
    """Return how often each line of some tables was changed until now."""
    codes = {cells["code"] for table in tables for _row, cells in table.rows}
    found = EventStream.objects.filter(stream=timetables.STREAM, stream_id__in=codes)
    return dict(found.values_list("stream_id", "version"))


def export(user, *, day: dt.date) -> list[Table]:
    """Return the lanes and rounds that a person plans, as they are on a day."""
    hubs = {hub.pk: f"{hub.code} {hub.name}" for hub in Hub.objects.all()}
    lanes, rounds, stops = Table("LANES"), Table("ROUNDS"), Table("STOPS")
    for lane in timetables.lanes_of(user).valid_on(day).order_by("code"):
        ends = {"origin": hubs[lane.origin_id], "destination": hubs[lane.destination_id]}
        _append(lanes, {"code": lane.code} | ends | _cells(drafts.of(lane)))
    for each in _rounds(timetables.rounds_of(user).valid_on(day).order_by("code")):
        _append(rounds, {"code": each.code, "hub": hubs[each.hub_id], "name": each.name} | _cells(drafts.of(each)))
        for stop in each.stops.all():
            point = f"{stop.point.code} {stop.point.name}"
            _append(stops, {"code": each.code, "point": point, "minutes": str(stop.offset_minutes)})
    return [lanes, rounds, stops]


def _append(table: Table, cells: dict[str, str]) -> None:
    table.rows.append((len(table.rows) + 2, cells))


def _cells(draft: Draft) -> dict[str, str]:
    return {
        "weekdays": draft.weekdays,
        "departs": f"{draft.departs:%H:%M}",
        "duration_minutes": str(draft.duration_minutes),
        "cutoff_minutes": str(draft.cutoff_minutes),
        "crates": str(draft.crates),
        "storage_classes": _(", ").join(str(StorageClass(each).label) for each in draft.storage_classes),
    }


def _rounds(found):
    stops = RoundStop.objects.select_related("point").order_by("sequence")
    return found.prefetch_related(Prefetch("stops", stops))


def check(
    tables: list[Table], *, from_date: dt.date, by, at: dt.datetime, seen: dict[str, int]
) -> tuple[Reading, timetables.Effect | None]:
    """Read tables and try them whole; return what was read, with its errors, and what it would do without any."""
    reading = read(tables, from_date=from_date, seen=seen)
    if reading.errors:
        return reading, None
    try:
        return reading, timetables.preview(reading.changes, from_date=from_date, by=by, at=at)
    except UnableToChangeTimetable as refusal:
        reading.errors = refused(reading, refusal)
        return reading, None


def refused(reading: Reading, refusal: UnableToChangeTimetable) -> list[RowError]:
    """Return what a refusal says, at the rows that it is about."""
    found = []
    for position, problems in refusal.problems.items():
        kind, row = reading.places[position] if position < len(reading.places) else ("LANES", 1)
        heads = sheets.header(kind)
        found += [RowError(kind, row, heads.get(each.field, ""), each.text) for each in problems]
    return found


def read(tables: list[Table], *, from_date: dt.date, seen: dict[str, int]) -> Reading:
    """Return the changes of some tables against what is in force on a day; rows that change nothing are left out.

    :param seen: the revisions of the lines when the file was sent.
    """
    by_kind = {table.kind: table for table in tables}
    reader = _Reader(by_kind, from_date=from_date, seen=seen)
    for row, cells in by_kind["LANES"].rows if "LANES" in by_kind else ():
        reader.lane(row, cells)
    calls = reader.calls()
    for row, cells in by_kind["ROUNDS"].rows if "ROUNDS" in by_kind else ():
        reader.round(row, cells, calls.pop(cells["code"], None))
    reader.stops_alone(calls)
    return reader.reading


class _Reader:
    """Reads rows against hubs, points and the versions in force, which it fetches once."""

    def __init__(self, by_kind: dict[str, Table], *, from_date: dt.date, seen: dict[str, int]):
        self.by_kind, self.seen = by_kind, seen
        self.reading = Reading()
        hubs = list(Hub.objects.all())
        self.hubs = {hub.code: hub.pk for hub in hubs} | {hub.name: hub.pk for hub in hubs}
        codes = {cells["code"] for table in by_kind.values() for _row, cells in table.rows}
        self.lanes = {row.code: row for row in Lane.objects.valid_on(from_date).filter(code__in=codes)}
        rounds = _rounds(Round.objects.valid_on(from_date).filter(code__in=codes))
        self.rounds = {row.code: row for row in rounds}
        stops = by_kind["STOPS"].rows if "STOPS" in by_kind else []
        points = {cells["point"].split()[0] for _row, cells in stops if cells["point"]}
        self.points = dict(PickupPoint.objects.filter(code__in=points).values_list("code", "pk"))
        self.classes = _class_words()

    def lane(self, row: int, cells: dict[str, str]) -> None:
        self.reading.rows += 1
        before = len(self.reading.errors)
        origin, destination = (self._hub("LANES", row, name, cells) for name in ("origin", "destination"))
        shared = self._shared("LANES", row, cells)
        if len(self.reading.errors) == before:
            draft = LaneDraft(**shared, origin_id=origin, destination_id=destination)
            self._ask("LANES", row, cells["code"], draft, self.lanes.get(cells["code"]))

    def round(self, row: int, cells: dict[str, str], calls: tuple[int, tuple[Call, ...]] | None) -> None:
        self.reading.rows += 1
        before = len(self.reading.errors)
        current = self.rounds.get(cells["code"])
        hub = self._hub("ROUNDS", row, "hub", cells)
        shared = self._shared("ROUNDS", row, cells)
        if len(cells["name"]) > 64:
            self._wrong(
                "ROUNDS", row, "name", _("This is too long: at most %(limit_value)d characters.") % {"limit_value": 64}
            )
        if len(self.reading.errors) == before:
            kept = drafts.of(current).calls if current is not None else ()
            draft = RoundDraft(
                **shared,
                hub_id=hub,
                name=cells["name"],
                calls=calls[1] if calls is not None else kept,
                driver_id=current.driver_id if current is not None else None,
            )
            self._ask("ROUNDS", row, cells["code"], draft, current)

    def calls(self) -> dict[str, tuple[int, tuple[Call, ...]]]:
        """Return for each round of the stops' table its first row there and its stops by minutes."""
        found: dict[str, list[tuple[int, Call]]] = defaultdict(list)
        for row, cells in self.by_kind["STOPS"].rows if "STOPS" in self.by_kind else ():
            point = self.points.get(cells["point"].split()[0]) if cells["point"] else None
            if not cells["code"]:
                self._wrong("STOPS", row, "code", _("Please say which round this stop belongs to."))
            elif point is None:
                self._wrong("STOPS", row, "point", _("There is no such point."))
            else:
                minutes = self._number("STOPS", row, "minutes", cells)
                if minutes is not None:
                    found[cells["code"]].append((row, Call(point, minutes)))
        return {
            code: (rows[0][0], tuple(sorted((call for _row, call in rows), key=lambda call: call.offset_minutes)))
            for code, rows in found.items()
        }

    def stops_alone(self, calls: dict[str, tuple[int, tuple[Call, ...]]]) -> None:
        """Read the stops of rounds that stand in the table of stops alone: all else of them stays."""
        for code, (row, stops) in calls.items():
            self.reading.rows += 1
            current = self.rounds.get(code)
            if current is None:
                self._wrong("STOPS", row, "code", _("There is no lane or round with this code."))
            else:
                self._ask("STOPS", row, code, replace(drafts.of(current), calls=stops), current)

    def _ask(self, kind: str, row: int, code: str, draft: LaneDraft | RoundDraft, current) -> None:
        if current is not None and drafts.of(current) == drafts.normal(draft):
            return
        fresh = not code or code.lower().startswith(NEW)
        self.reading.changes.append(Change("" if fresh else code, draft, None if fresh else self.seen.get(code, 0)))
        self.reading.places.append((kind, row))

    def _shared(self, kind: str, row: int, cells: dict[str, str]) -> dict:
        time = _TIME.fullmatch(cells["departs"])
        departs = None
        if time and int(time[1]) < 24 and int(time[2]) < 60:
            departs = dt.time(int(time[1]), int(time[2]))
        else:
            self._wrong(kind, row, "departs", _("Please give a time, such as 08:30."))
        numbers = {
            name: self._number(kind, row, name, cells) for name in ("duration_minutes", "cutoff_minutes", "crates")
        }
        words = [word for word in _BETWEEN.split(cells["storage_classes"].strip()) if word]
        unknown = [word for word in words if word.lower() not in self.classes]
        if unknown or not words:
            text = _("Please choose what it keeps: ambient, chilled or frozen.")
            self._wrong(kind, row, "storage_classes", text)
        weekdays = _BETWEEN.sub("", cells["weekdays"])
        if not weekdays or set(weekdays) - set("1234567"):
            self._wrong(kind, row, "weekdays", _("Please give the weekdays as digits from 1 to 7."))
        classes = tuple({self.classes[word.lower()]: None for word in words if word.lower() in self.classes})
        return {"weekdays": weekdays, "departs": departs, "storage_classes": classes} | numbers

    def _hub(self, kind: str, row: int, name: str, cells: dict[str, str]) -> int | None:
        text = cells[name]
        found = self.hubs.get(text) or (self.hubs.get(text.split()[0]) if text else None)
        if found is None:
            self._wrong(kind, row, name, _("There is no such hub."))
        return found

    def _number(self, kind: str, row: int, name: str, cells: dict[str, str]) -> int | None:
        text = cells[name]
        if text.isascii() and text.isdigit() and len(text) < 7:
            return int(text)
        self._wrong(kind, row, name, _("Please give a whole number."))
        return None

    def _wrong(self, kind: str, row: int, column: str, text: str) -> None:
        self.reading.errors.append(RowError(kind, row, sheets.header(kind)[column], text))


def _class_words() -> dict[str, str]:
    """Return all words for storage classes, small, in both languages and as codes."""
    found = {each.lower(): each for each in StorageClass.values}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {str(each.label).lower(): each.value for each in StorageClass}
    return found
