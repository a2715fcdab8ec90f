"""Reading the rows of a spreadsheet of timetables against hubs, points and the versions in force."""

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db.models import Prefetch
from django.utils import translation
from django.utils.translation import gettext as _

from core.storage_class import StorageClass
from logistics import drafts
from logistics.drafts import Call, Change, Draft, LaneDraft, RoundDraft, Until
from logistics.models import Hub, Lane, Round, RoundStop
from logistics.services import timetables
from marketplace.network import sheets
from marketplace.network.sheet_drivers import Drivers, UnableToFindDriver
from marketplace.network.sheet_readings import Asked, Reading, RowError
from marketplace.network.sheets import Table
from villages.models import PickupPoint

_TIME = re.compile(r"(\d{1,2})[:：](\d{2})(?::\d{2})?")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_BETWEEN = re.compile(r"[、,，;；/\s]+")
NEW = ("new", "新")


def with_stops(found):
    """Return rounds with their stops, in three queries."""
    stops = RoundStop.objects.select_related("point").order_by("sequence")
    return found.prefetch_related(Prefetch("stops", stops))


def read(tables: list[Table], *, from_date: dt.date, seen: dict[str, int]) -> Reading:
    """Return the changes of some tables against what is in force on a day; rows that change nothing are left out.

    :param seen: the revisions of the lines when the file was sent.
    """
    by_kind = {table.kind: table for table in tables}
    reader = _Reader(by_kind, from_date=from_date, seen=seen)
    for row, cells in by_kind["LANES"].rows if "LANES" in by_kind else ():
        reader.lane(row, cells)
    reader.stops()
    for row, cells in by_kind["ROUNDS"].rows if "ROUNDS" in by_kind else ():
        reader.round(row, cells)
    reader.stops_alone()
    return reader.reading


@dataclass
class _Stops:
    """The rows of a round in the table of stops: those that can be read, and whether all can."""

    first_row: int
    calls: list[tuple[Call, int]] = field(default_factory=list)
    is_sound: bool = True


class _Reader:
    """Reads rows against hubs, points and the versions in force, which it fetches once."""

    def __init__(self, by_kind: dict[str, Table], *, from_date: dt.date, seen: dict[str, int]):
        self.by_kind, self.seen, self.from_date = by_kind, seen, from_date
        self.reading = Reading()
        self.wrong: set[str] = set()
        self.stops_of: dict[str, _Stops] = {}
        hubs = list(Hub.objects.all())
        names = Counter(hub.name for hub in hubs)
        self.hubs = {hub.name: hub.pk for hub in hubs if names[hub.name] == 1} | {hub.code: hub.pk for hub in hubs}
        codes = {cells["code"] for table in by_kind.values() for _row, cells in table.rows}
        self.lanes = _in_force(Lane.objects.filter(code__in=codes), from_date)
        self.rounds = _in_force(with_stops(Round.objects.filter(code__in=codes).select_related("driver")), from_date)
        self.until = timetables.end_of(Lane, self.lanes) | timetables.end_of(Round, self.rounds)
        self.where = {hub.pk: hub.division_id for hub in hubs}
        rows = by_kind["ROUNDS"].rows if "ROUNDS" in by_kind else []
        self.drivers = Drivers(cells.get("driver", "") for _row, cells in rows)
        stops = by_kind["STOPS"].rows if "STOPS" in by_kind else []
        points = {cells["point"].split()[0] for _row, cells in stops if cells["point"]}
        self.points = dict(PickupPoint.objects.filter(code__in=points).values_list("code", "pk"))
        self.classes = _class_words()
        self.twice = {kind: _twice(table) for kind, table in by_kind.items()}

    def lane(self, row: int, cells: dict[str, str]) -> None:
        current = self.lanes.get(cells["code"])
        self._begin("LANES", row, cells)
        draft = LaneDraft(
            **self._shared("LANES", row, cells, current),
            origin_id=self._hub("LANES", row, "origin", cells),
            destination_id=self._hub("LANES", row, "destination", cells),
        )
        self._ask("LANES", row, cells["code"], draft, current, until=self._until("LANES", row, cells))

    def round(self, row: int, cells: dict[str, str]) -> None:
        current, stops = self.rounds.get(cells["code"]), None
        self._begin("ROUNDS", row, cells)
        if "code" in self.wrong:
            self.wrong.add("stops")  # nobody can tell whose they are
        elif cells["code"]:
            stops = self.stops_of.pop(cells["code"], None)
        calls, rows = self._calls(stops, current)
        if len(cells["name"]) > 64:
            text = _("This is too long: at most %(limit_value)d characters.") % {"limit_value": 64}
            self._wrong("ROUNDS", row, "name", text)
        hub = self._hub("ROUNDS", row, "hub", cells)
        draft = RoundDraft(
            **self._shared("ROUNDS", row, cells, current),
            hub_id=hub,
            name=cells["name"],
            calls=calls,
            driver_id=self._driver(row, cells, hub, current),
        )
        until = self._until("ROUNDS", row, cells)
        self._ask("ROUNDS", row, cells["code"], draft, current, stop_rows=rows, until=until)

    def stops(self) -> None:
        """Read the table of stops, each row for itself."""
        for row, cells in self.by_kind["STOPS"].rows if "STOPS" in self.by_kind else ():
            self.wrong = set()
            code = cells["code"]
            if not code:
                self._wrong("STOPS", row, "code", _("Please say which round this stop belongs to."))
            point = self.points.get(cells["point"].split()[0]) if cells["point"] else None
            if point is None:
                self._wrong("STOPS", row, "point", _("There is no such point."))
            minutes = self._number("STOPS", row, "minutes", cells)
            mine = self.stops_of.setdefault(code, _Stops(row))
            if self.wrong:
                mine.is_sound = False
            else:
                mine.calls.append((Call(point, minutes), row))

    def stops_alone(self) -> None:
        """Read the stops of rounds that stand in the table of stops alone: all else of them stays."""
        named = self.twice.get("ROUNDS", frozenset())
        for code, stops in self.stops_of.items():
            if not code or code in named:
                continue
            self.reading.rows += 1
            self.wrong = set()
            current = self.rounds.get(code)
            if current is None:
                for row, cells in self.by_kind["STOPS"].rows:
                    if cells["code"] == code:
                        self._wrong("STOPS", row, "code", _("There is no lane or round with this code."))
            else:
                calls, rows = self._calls(stops, current)
                draft = replace(drafts.of(current), calls=calls)
                self._ask("STOPS", stops.first_row, code, draft, current, stop_rows=rows)

    def _begin(self, kind: str, row: int, cells: dict[str, str]) -> None:
        self.reading.rows += 1
        self.wrong = set()
        if cells["code"] in self.twice[kind]:
            self._wrong(kind, row, "code", _("This code stands here twice."))

    def _calls(self, stops: _Stops | None, current: Round | None) -> tuple[tuple[Call, ...], tuple[int, ...]]:
        """Return the stops by minutes with their rows; where the file says nothing of them, those of now."""
        if stops is None:
            return drafts.of(current).calls if current is not None else (), ()
        if not stops.is_sound:
            self.wrong.add("stops")
        ordered = sorted(stops.calls, key=lambda each: each[0].offset_minutes)
        return tuple(call for call, _row in ordered), tuple(row for _call, row in ordered)

    def _ask(
        self,
        kind: str,
        row: int,
        code: str,
        draft: Draft,
        current: Lane | Round | None,
        *,
        stop_rows: tuple[int, ...] = (),
        until: Until | None = None,
    ) -> None:
        ends_on = self.until.get(code)
        is_kept = until is None or (current is not None and until.day == ends_on)
        same = current is not None and drafts.of(current) == drafts.normal(draft)
        if same and is_kept and not self.wrong:
            return
        if is_kept and (ends_on is None or ends_on > self.from_date):
            until = None
        fresh = not code or code.lower().startswith(NEW)
        change = Change("" if fresh else code, draft, None if fresh else self.seen.get(code, 0), until)
        self.reading.asked.append(Asked(change, kind, row, frozenset(self.wrong), stop_rows))

    def _shared(self, kind: str, row: int, cells: dict[str, str], current: Lane | Round | None) -> dict:
        """Return what lanes and rounds share; in place of what cannot be read what is there now, or something sound."""
        before = drafts.of(current) if current is not None else _HARMLESS
        time = _TIME.fullmatch(cells["departs"])
        departs = before.departs
        if time and int(time[1]) < 24 and int(time[2]) < 60:
            departs = dt.time(int(time[1]), int(time[2]))
        else:
            self._wrong(kind, row, "departs", _("Please give a time, such as 08:30."))
        numbers = {
            name: self._number(kind, row, name, cells) for name in ("duration_minutes", "cutoff_minutes", "crates")
        }
        numbers = {name: getattr(before, name) if found is None else found for name, found in numbers.items()}
        words = [word for word in _BETWEEN.split(cells["storage_classes"].strip()) if word]
        classes = tuple({self.classes[word.lower()]: None for word in words if word.lower() in self.classes})
        if not words or any(word.lower() not in self.classes for word in words):
            text = _("Please choose what it keeps: ambient, chilled or frozen.")
            self._wrong(kind, row, "storage_classes", text)
        weekdays = _BETWEEN.sub("", cells["weekdays"])
        if not weekdays or set(weekdays) - set("1234567"):
            self._wrong(kind, row, "weekdays", _("Please give the weekdays as digits from 1 to 7."))
        return {"weekdays": weekdays, "departs": departs, "storage_classes": classes} | numbers

    def _driver(self, row: int, cells: dict[str, str], hub: int, current: Round | None) -> int | None:
        before = current.driver if current is not None else None
        if "driver" not in cells:
            return before.pk if before else None
        try:
            return self.drivers.find(cells["driver"], division=self.where.get(hub, ""), now=before)
        except UnableToFindDriver as refusal:
            self._wrong("ROUNDS", row, "driver", str(refusal))
            return before.pk if before else None

    def _until(self, kind: str, row: int, cells: dict[str, str]) -> Until | None:
        """Return when the line is to end; None where the file says nothing of it."""
        text = cells.get("last_day")
        if not text:
            return None if text is None else Until(None)
        day = _DAY.fullmatch(text)
        try:
            return Until(dt.date(*map(int, day.groups())) + dt.timedelta(days=1))
        except (AttributeError, ValueError, OverflowError):
            self._wrong(kind, row, "last_day", _("Please give a day, such as 2026-12-01."))
            return None

    def _hub(self, kind: str, row: int, name: str, cells: dict[str, str]) -> int:
        text = cells[name]
        found = self.hubs.get(text) or (self.hubs.get(text.split()[0]) if text else None)
        if found is None:
            self._wrong(kind, row, name, _("There is no such hub."))
        return found or 0

    def _number(self, kind: str, row: int, name: str, cells: dict[str, str]) -> int | None:
        text = cells[name]
        if text.isascii() and text.isdigit() and len(text) < 7:
            return int(text)
        self._wrong(kind, row, name, _("Please give a whole number from 0 to 999,999, without a sign."))
        return None

    def _wrong(self, kind: str, row: int, column: str, text: str) -> None:
        self.wrong.add(column)
        self.reading.errors.append(RowError(kind, row, sheets.header(kind)[column], text))


# Stands in a new line for what cannot be read of its row, and causes no error of its own.
_HARMLESS = Draft(
    weekdays="1234567", departs=dt.time(8), duration_minutes=drafts.LONGEST_MINUTES, cutoff_minutes=0, crates=1,
    storage_classes=(StorageClass.AMBIENT,),
)  # fmt: skip


def _in_force(rows, day: dt.date) -> dict:
    """Return by line the version of a day; of one that has ended by then its last."""
    found = {}
    for row in rows.that_run().order_by("valid_from"):
        if row.valid_from <= day:
            found[row.code] = row
    return found


def _twice(table: Table) -> frozenset[str]:
    """Return the codes that stand in more than one row; a lane without stops may be called just new again and again."""
    if table.kind == "STOPS":
        return frozenset()
    counted = Counter(cells["code"] for _row, cells in table.rows)
    anonymous = {"", *NEW} if table.kind == "LANES" else {""}
    return frozenset(code for code, number in counted.items() if number > 1 and code.lower() not in anonymous)


def _class_words() -> dict[str, str]:
    """Return all words for storage classes, small, in both languages and as codes."""
    found = {each.lower(): each for each in StorageClass.values}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {str(each.label).lower(): each.value for each in StorageClass}
    return found
