"""Timetables as spreadsheets: XLSX with a sheet each for lanes, rounds and stops, or one of them as CSV.

What comes in is a stranger's file: its size, the size that it unpacks to, its rows and columns have limits, and a cell
is never run. Titles and headers are known in both languages.
"""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from marketplace.statistics import formulas

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED_BYTES = 40 * 1024 * 1024
MOST_ENTRIES = 200
MOST_ROWS = 5000
MOST_COLUMNS = 16
LONGEST_CELL = 200
_FIRST_YEAR = 1904  # spreadsheets keep a time without a day as one of the first days that they know


class UnableToReadSheet(Exception):
    """The file is no spreadsheet of timetables; the sentence is for the person who sent it."""


@dataclass(frozen=True)
class Layout:
    """A sheet: its title, and its columns with their headers."""

    title: Promise
    columns: dict[str, Promise]
    width: tuple[int, ...] = ()


_SHARED = {
    "weekdays": _("Weekdays (1 to 7, Monday is 1)"),
    "departs": _("Leaves at"),
    "duration_minutes": _("Duration in minutes"),
    "cutoff_minutes": _("Cut-off in minutes"),
    "crates": _("Crates"),
    "storage_classes": _("Storage classes"),
}
_ENDS = {"last_day": _("Last day (empty: until further notice)")}
MAY_LACK = frozenset({"driver", "last_day"})  # columns without which a table is read all the same
LAYOUTS = {
    "LANES": Layout(
        _("Lanes"),
        {"code": _("Code of the line"), "origin": _("Begins at"), "destination": _("Ends at")} | _SHARED | _ENDS,
        (24, 26, 26, 22, 10, 12, 12, 8, 18, 14),
    ),
    "ROUNDS": Layout(
        _("Rounds"),
        {"code": _("Code of the line"), "hub": _("Hub"), "name": _("Name of the round")}
        | _SHARED
        | {"driver": _("Driver (name, or phone)")}
        | _ENDS,
        (18, 26, 26, 22, 10, 12, 12, 8, 18, 18, 14),
    ),
    "STOPS": Layout(
        _("Stops"),
        {"code": _("Code of the round"), "point": _("Pickup point"), "minutes": _("Minutes after leaving")},
        (18, 40, 16),
    ),
}
ERROR = _("What is wrong")


@dataclass
class Table:
    """The rows of one sheet as text, each with its number in the file."""

    kind: str
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """Return the columns that it has: those that a file may lack, where it has them."""
        there = set(self.rows[0][1]) if self.rows else set(LAYOUTS[self.kind].columns)
        return [name for name in LAYOUTS[self.kind].columns if name in there]


def read(name: str, data: bytes) -> list[Table]:
    """Return the tables of a file.

    :raises UnableToReadSheet: when it is too large, cannot be read, or holds none of our tables.
    """
    if len(data) > MOST_BYTES:
        raise UnableToReadSheet(gettext("The file is too large: at most 2 MB."))
    sheets = _csv(data) if name.lower().endswith(".csv") else _xlsx(data)
    tables = [table for title, rows in sheets if (table := _table(title, rows)) is not None]
    if not tables:
        raise UnableToReadSheet(
            gettext("There is no table of lanes, rounds or stops in it. Please start from an export.")
        )
    if len({table.kind for table in tables}) < len(tables):
        raise UnableToReadSheet(gettext("The same table stands in it twice."))
    return tables


def _xlsx(data: bytes) -> list[tuple[str, list[list[str]]]]:
    unreadable = gettext("This is no file of a spreadsheet (XLSX or CSV).")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            # An entry gives no more than it declares: reading stops there.
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
                raise UnableToReadSheet(gettext("The file unpacks to more than a spreadsheet should."))
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [(sheet.title, _rows(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS))) for sheet in book]
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        DefusedXmlException,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OSError,
        NotImplementedError,
    ) as error:
        raise UnableToReadSheet(unreadable) from error


def _csv(data: bytes) -> list[tuple[str, list[list[str]]]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            return [("", _rows(csv.reader(io.StringIO(text, newline=""))))]
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise UnableToReadSheet(gettext("This is no file of a spreadsheet (XLSX or CSV).")) from error
    raise UnableToReadSheet(gettext("This is no file of a spreadsheet (XLSX or CSV)."))


def _rows(rows: Iterable[Sequence]) -> list[list[str]]:
    found = []
    for number, row in enumerate(rows):
        if number > MOST_ROWS:
            raise UnableToReadSheet(gettext("The table is too long: at most %(most)d rows.") % {"most": MOST_ROWS})
        found.append([_text(cell) for cell in row[:MOST_COLUMNS]])
    return found


def _text(cell: object) -> str:
    """Return a cell as people see it; what ``formulas.safe`` put before it goes."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime) and cell.year > _FIRST_YEAR:
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, dt.datetime | dt.time):
        return f"{cell:%H:%M}"
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).replace("\x00", "").strip()[: LONGEST_CELL + 1]
    return text[1:] if text.startswith("'") and text[1:].startswith(formulas.DANGEROUS) else text


def _table(title: str, rows: list[list[str]]) -> Table | None:
    """Return the table that its header tells; None for another sheet."""
    if not rows:
        return None
    header = [cell.strip() for cell in rows[0]]
    for kind in LAYOUTS:
        places = _places(kind, header)
        if places is None:
            continue
        table = Table(kind)
        for number, row in enumerate(rows[1:], start=2):
            cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
            if any(cells.values()):
                table.rows.append((number, cells))
        return table
    return None


def _places(kind: str, header: list[str]) -> dict[str, int] | None:
    found = {}
    for name, words in LAYOUTS[kind].columns.items():
        place = next((header.index(each) for each in _in_all_languages(words) if each in header), None)
        if place is None and name not in MAY_LACK:
            return None
        if place is not None:
            found[name] = place
    return found


def _in_all_languages(words: Promise) -> set[str]:
    found = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.add(str(words))
    return found


def header(kind: str) -> dict[str, str]:
    """Return the headers of a sheet by column, in the language of the person."""
    return {name: str(words) for name, words in LAYOUTS[kind].columns.items()}


def xlsx(tables: Iterable[Table], *, errors: dict[tuple[str, int], str] | None = None) -> bytes:
    """Return tables as a workbook, safe to open.

    :param errors: by sheet and row; where given, each sheet has a last column with them, and keeps the rows' places.
    """
    book = Workbook()
    book.remove(book.active)
    for table in tables:
        layout, names = LAYOUTS[table.kind], table.columns
        sheet = book.create_sheet(str(layout.title))
        heads = [header(table.kind)[name] for name in names] + ([str(ERROR)] if errors is not None else [])
        sheet.append(heads)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        widths = dict(zip(layout.columns, layout.width, strict=True))
        for width, cell in zip([*(widths[name] for name in names), 48], sheet[1], strict=False):
            sheet.column_dimensions[cell.column_letter].width = width
        sheet.freeze_panes = "A2"
        for number, (row, cells) in enumerate(table.rows, start=2):
            place = row if errors is not None else number
            values = [_value(name, cells[name]) for name in names]
            if errors is not None:
                values.append(formulas.safe(errors.get((table.kind, row), "")))
            for column, value in enumerate(values, start=1):
                sheet.cell(place, column, value)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _value(name: str, text: str) -> str | int:
    numeric = name in ("duration_minutes", "cutoff_minutes", "crates", "minutes") and text.isascii() and text.isdigit()
    return int(text) if numeric and len(text) < 9 else formulas.safe(text)


def as_csv(table: Table) -> bytes:
    """Return a table as CSV that a spreadsheet opens as UTF-8 and runs nothing of."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([header(table.kind)[name] for name in table.columns])
    for _number, cells in table.rows:
        writer.writerow([formulas.safe(cells[name]) for name in table.columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode()
