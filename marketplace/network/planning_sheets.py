"""Timetables out and in as spreadsheets: an import is checked whole, shown, and made when the person agrees."""

from collections.abc import Callable
from dataclasses import asdict

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.sealed import seal, unseal
from logistics.models import SheetImport
from logistics.services import timetables
from logistics.services.timetables import UnableToChangeTimetable
from marketplace.network import sheet_changes, sheets
from marketplace.network.planning import context_of
from marketplace.network.planning_changes import tell
from marketplace.network.planning_forms import day_field, tomorrow
from marketplace.network.sheet_readings import Reading
from marketplace.network.sheets import Table, UnableToReadSheet
from marketplace.plain_words import PlainForm

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ERRORS_SHOWN = 100


class UploadForm(PlainForm):
    """A file, and the day from which it applies."""

    use_required_attribute = False
    file = forms.FileField(
        label=gettext_lazy("Spreadsheet"),
        help_text=gettext_lazy("XLSX or CSV, as exported here. At most 2 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": gettext_lazy("Please choose a file."),
            "empty": gettext_lazy("This file is empty."),
        },
    )
    from_date = day_field(gettext_lazy("Applies from"), help_text=gettext_lazy("Tomorrow at the earliest."))


@require_safe
def export(request: HttpRequest, name: str) -> HttpResponse:
    """The own lanes, rounds and stops of tomorrow as one workbook, or one of the tables as CSV."""
    tables = sheet_changes.export(request.user, day=tomorrow(clock.today()))
    wanted = name.removesuffix(".csv").upper()
    if name.endswith(".csv"):
        response = HttpResponse(
            sheets.as_csv(next(table for table in tables if table.kind == wanted)), content_type="text/csv"
        )
    else:
        response = HttpResponse(sheets.xlsx(tables), content_type=XLSX)
    stem, _dot, ending = name.partition(".")
    response["Content-Disposition"] = f'attachment; filename="{stem}-{clock.today():%Y%m%d}.{ending}"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The page of export and import; a file that is sent is read and kept with what is wrong with it."""
    form = UploadForm(request.POST or None, request.FILES or None, initial={"from_date": tomorrow(clock.today())})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            made = _kept(request, form)
            if made is not None:
                return redirect("network:planning-import", made.pk)
    earlier = SheetImport.objects.filter(user=request.user).defer("sheets").order_by("-pk")[:10]
    context = context_of(request) | {"form": form, "earlier": earlier}
    return render(request, "network/planning/sheets.html", context, status=status)


def _kept(request: HttpRequest, form: UploadForm) -> SheetImport | None:
    file, day = form.cleaned_data["file"], form.cleaned_data["from_date"]
    try:
        tables = sheets.read(file.name, file.read(sheets.MOST_BYTES + 1))
    except UnableToReadSheet as refusal:
        form.add_error("file", str(refusal))
        return None
    seen = sheet_changes.revisions(tables)
    reading, _effect = sheet_changes.check(tables, from_date=day, by=request.user, at=clock.now(), seen=seen)
    return SheetImport.objects.create(
        user=request.user,
        file_name=file.name[-120:],
        valid_from=day,
        sheets={"tables": _sealed(tables), "seen": seen},
        errors=[asdict(error) for error in reading.errors],
        uploaded_at=clock.now(),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def imported(request: HttpRequest, pk: int) -> HttpResponse:
    """A file that was sent: its errors, or what it would do and the button that does it."""
    found = get_object_or_404(SheetImport, pk=pk, user=request.user)
    if found.applied_at is not None:
        reading, effect = None, None
    else:
        reading, effect = sheet_changes.check(
            _tables(found), from_date=found.valid_from, by=request.user, at=clock.now(), seen=found.sheets["seen"]
        )
        if request.method == "POST" and effect is not None:
            try:
                effect = _applied(request, found, reading)
            except UnableToChangeTimetable as refusal:
                reading.errors, effect = sheet_changes.refused(reading, refusal), None
            else:
                messages.success(request, _("Applies from %(day)s.") % {"day": found.valid_from})
                tell(request, effect)
                return redirect("network:planning-import", pk)
    errors = reading.errors if reading is not None else []
    titles = {kind: str(layout.title) for kind, layout in sheets.LAYOUTS.items()}
    context = context_of(request) | {
        "found": found,
        "reading": reading,
        "effect": effect,
        "errors": [(titles.get(error.kind, ""), error) for error in errors[:ERRORS_SHOWN]],
        "more": max(0, len(errors) - ERRORS_SHOWN),
    }
    return render(request, "network/planning/import.html", context, status=422 if request.method == "POST" else 200)


def _applied(request: HttpRequest, found: SheetImport, reading: Reading) -> timetables.Effect:
    now = clock.now()
    effect = timetables.apply(reading.changes, from_date=found.valid_from, by=request.user, at=now)
    SheetImport.objects.filter(pk=found.pk).update(applied_at=now)
    return effect


@require_safe
def returned(request: HttpRequest, pk: int) -> HttpResponse:
    """The file that was sent, with a column that says what is wrong with each row."""
    found = get_object_or_404(SheetImport, pk=pk, user=request.user)
    tables = _tables(found)
    reading, _effect = sheet_changes.check(
        tables, from_date=found.valid_from, by=request.user, at=clock.now(), seen=found.sheets["seen"]
    )
    said: dict[tuple[str, int], list[str]] = {}
    for error in reading.errors if found.applied_at is None else ():
        words = f"{error.column}: {error.text}" if error.column else error.text
        said.setdefault((error.kind, error.row), []).append(words)
    response = HttpResponse(
        sheets.xlsx(tables, errors={place: " ".join(words) for place, words in said.items()}), content_type=XLSX
    )
    response["Content-Disposition"] = f'attachment; filename="import-{found.pk}.xlsx"'
    return response


def _sealed(tables: list[Table]) -> dict[str, list]:
    """Return tables as they are kept: people in them are sealed as they are everywhere."""
    return {table.kind: [(row, _turned(cells, seal)) for row, cells in table.rows] for table in tables}


def _tables(found: SheetImport) -> list[Table]:
    """Return the tables in the order of the workbook, which PostgreSQL's JSON does not keep."""
    kept = found.sheets["tables"]
    return [
        Table(kind, [(row, _turned(cells, unseal)) for row, cells in kept[kind]])
        for kind in sheets.LAYOUTS
        if kind in kept
    ]


def _turned(cells: dict[str, str], turn: Callable[[str], str]) -> dict[str, str]:
    return {name: turn(text) if name == "driver" else text for name, text in cells.items()}
