"""The province's console: sales by place, category and day; staff see their own division and below."""

import csv
import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock
from marketplace.access import divisions_of
from marketplace.statistics import formulas, promises, queries
from villages import codes, known_names, maps


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Sales of the person's division, or of one below it."""
    today = clock.today()
    own, place = _place(request)
    name, period = _period(request, today)
    sold = queries.cells(place, period=period)
    by_day = queries.days(place, today=today, period=period)
    parts = queries.places(place, queries.by_county(sold))
    orders, kept_parts = promises.with_orders(place, period=period)
    names = known_names.names()
    context = {
        "own": own,
        "own_name": names.get(own, own),
        "place": place,
        "place_name": names.get(place, place),
        "level": codes.level_of(place),
        "above": _above(own, place, names),
        "period_name": name,
        "period": period,
        "period_choices": [
            ("today", _("Today")),
            ("month", _("This month")),
            ("last", _("Last month")),
            ("year", _("This year")),
        ],
        "today": today,
        "heads": queries.heads(by_day, today=today, period=period),
        "orders": orders,
        "parts": parts,
        "total": sum(part.figures.taken_fen for part in parts),
        "categories": queries.by_category(sold),
        "days": queries.by_day(by_day, today=today),
        "map": _map(place, parts),
        "kept": promises.total(place, kept_parts),
        "kept_parts": kept_parts,
        "kept_map": _map(place, kept_parts),
        "channels": queries.by_channel(queries.channels_of(place, period=period)),
        "now": clock.now(),
    }
    return render(request, "statistics/index.html", context)


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The table by county as CSV, safe to open in a spreadsheet."""
    today = clock.today()
    _own, place = _place(request)
    name, period = _period(request, today)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="sales-{place[:6]}-{name}-{today:%Y%m%d}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([_("Code"), _("Division"), _("From"), _("Until"), _("Collected (yuan)"), _("Units")])
    names = known_names.names()
    for code, figures in queries.by_county(queries.cells(place, period=period)).items():
        row = [code, names.get(code, ""), period.start, period.end, f"{figures.taken_fen / 100:.2f}"]
        writer.writerow([formulas.safe(cell) for cell in [*row, figures.taken_units]])
    return response


def _place(request: HttpRequest) -> tuple[str, str]:
    """Return the person's own division and the one that is asked for; a 404 for one outside."""
    divisions = divisions_of(request.user)
    own = divisions[0]
    place = request.GET.get("place") or own
    if place not in known_names.names() or not queries.allowed(place, divisions):
        raise Http404("not this person's division")
    return own, place


def _period(request: HttpRequest, today: dt.date) -> tuple[str, queries.Period]:
    offered = queries.periods(today)
    name = request.GET.get("period", "month")
    return (name, offered[name]) if name in offered else ("month", offered["month"])


def _above(own: str, place: str, names: dict[str, str]) -> list[tuple[str, str]]:
    """Return the divisions between the person's own and the shown one, for the path above the page."""
    chain = [queries.PROVINCE, codes.prefecture_of(place), place]
    return [(code, names[code]) for code in dict.fromkeys(chain) if codes.is_within(code, own) and code != place]


def _map(place: str, parts: list[queries.Place] | list[promises.OnTime]) -> dict | None:
    """Return the shapes of a place's parts with their shades, and the box around them; none for a single county."""
    level = codes.level_of(place)
    if level not in ("PROVINCE", "PREFECTURE"):
        return None
    by_code = {part.code: part for part in parts}
    shapes = maps.prefectures() if level == "PROVINCE" else maps.counties()
    drawn = [(shape, by_code[shape.code]) for shape in shapes if shape.code in by_code]
    return {"shapes": drawn, "view_box": maps.box([shape for shape, _part in drawn]), "small": level == "PREFECTURE"}
