"""Tables to take along: CSV with the mark that Excel reads Chinese by, and no cell that a spreadsheet runs."""

import csv
import datetime as dt
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from core.clock import BEIJING
from marketplace.statistics import formulas


def answer(name: str, head: Sequence[str], lines: Iterable[Sequence], *, today: dt.date) -> HttpResponse:
    """Return a table as a file that is named for what it holds and its day."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{today:%Y%m%d}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(head)
    for line in lines:
        writer.writerow([formulas.safe(cell) for cell in line])
    return response


def moment(at: dt.datetime | None) -> str:
    """Return a time in Beijing as a spreadsheet reads it."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}" if at else ""
