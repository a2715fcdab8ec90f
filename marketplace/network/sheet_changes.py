"""From the rows of a spreadsheet to changes of timetables, with an error at its row and column; and back."""

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext as _

from core.models import EventStream
from core.storage_class import StorageClass
from logistics import drafts
from logistics.drafts import Draft, Problem
from logistics.models import Hub, Lane, Round
from logistics.services import timetables
from logistics.services.timetables import UnableToChangeTimetable
from marketplace.network import sheet_drivers, sheets
from marketplace.network.sheet_readings import Reading, RowError
from marketplace.network.sheet_rows import read, with_stops
from marketplace.network.sheets import Table


def revisions(tables: Iterable[Table]) -> dict[str, int]:
    """Return how often each line of some tables was changed until now."""
    codes = {cells["code"] for table in tables for _row, cells in table.rows}
    found = EventStream.objects.filter(stream=timetables.STREAM, stream_id__in=codes)
    return dict(found.values_list("stream_id", "version"))


def export(user, *, day: dt.date) -> list[Table]:
    """Return the lanes and rounds that a person plans, as they are on a day."""
    hubs = {hub.pk: f"{hub.code} {hub.name}" for hub in Hub.objects.all()}
    lanes, rounds, stops = Table("LANES"), Table("ROUNDS"), Table("STOPS")
    own = list(timetables.lanes_of(user).valid_on(day).order_by("code"))
    until = timetables.end_of(Lane, [lane.code for lane in own])
    for lane in own:
        ends = {"origin": hubs[lane.origin_id], "destination": hubs[lane.destination_id]}
        _append(lanes, {"code": lane.code} | ends | _cells(drafts.of(lane)) | _last_day(until[lane.code]))
    own = list(with_stops(timetables.rounds_of(user).valid_on(day).select_related("driver").order_by("code")))
    until = timetables.end_of(Round, [each.code for each in own])
    for each in own:
        cells = {"code": each.code, "hub": hubs[each.hub_id], "name": each.name} | _cells(drafts.of(each))
        cells["driver"] = sheet_drivers.said(each.driver) if each.driver else ""
        _append(rounds, cells | _last_day(until[each.code]))
        for stop in each.stops.all():
            point = f"{stop.point.code} {stop.point.name}"
            _append(stops, {"code": each.code, "point": point, "minutes": str(stop.offset_minutes)})
    return [lanes, rounds, stops]


def _last_day(until: dt.date | None) -> dict[str, str]:
    return {"last_day": (until - dt.timedelta(days=1)).isoformat() if until else ""}


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


def check(
    tables: list[Table], *, from_date: dt.date, by, at: dt.datetime, seen: dict[str, int]
) -> tuple[Reading, timetables.Effect | None]:
    """Read tables and try them whole; return what was read, with all its errors, and what it would do without any."""
    reading = read(tables, from_date=from_date, seen=seen)
    problems = timetables.problems(reading.changes, from_date=from_date, by=by, at=at)
    reading.errors = _in_order(reading.errors + _at_rows(reading, problems), tables)
    if reading.errors:
        return reading, None
    try:
        return reading, timetables.preview(reading.changes, from_date=from_date, by=by, at=at)
    except UnableToChangeTimetable as refusal:
        reading.errors = refused(reading, refusal)
        return reading, None


def refused(reading: Reading, refusal: UnableToChangeTimetable) -> list[RowError]:
    """Return what a refusal says, at the rows that it is about."""
    return _at_rows(reading, refusal.problems)


def _at_rows(reading: Reading, problems: dict[int, list[Problem]]) -> list[RowError]:
    """Return problems at their rows; those of columns that could not be read are left out: the row says so already."""
    found = []
    for position, those in problems.items():
        asked = reading.asked[position] if position < len(reading.asked) else None
        for each in those:
            if asked is None or each.field == "from_date":
                found.append(RowError("", 0, "", each.text))
            elif each.field == "stops" and each.call is not None and asked.stop_rows:
                column = "minutes" if each.about_minutes else "point"
                if "duration_minutes" not in asked.wrong or column == "point":
                    row = asked.stop_rows[each.call]
                    found.append(RowError("STOPS", row, sheets.header("STOPS")[column], each.text))
            elif each.field not in asked.wrong:
                column = sheets.header(asked.kind).get(each.field, "")
                found.append(RowError(asked.kind, asked.row, column, each.text))
    return found


def _in_order(errors: Iterable[RowError], tables: Iterable[Table]) -> list[RowError]:
    """Return errors once each, as the file has its sheets, rows and columns."""
    sheet = {table.kind: number for number, table in enumerate(tables)}
    columns = {kind: ["", *sheets.header(kind).values()] for kind in sheets.LAYOUTS}

    def place(error: RowError) -> tuple[int, int, int]:
        column = columns[error.kind].index(error.column) if error.kind else 0
        return sheet.get(error.kind, -1), error.row, column

    return sorted(dict.fromkeys(errors), key=place)
