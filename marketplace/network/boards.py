"""Watching: what is late and stuck, how full and how punctual the vehicles are, for a hub, a division, the province.

Each list is also given as CSV (``?as=csv``) to whoever may see it.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock
from logistics.models import Consignment, Departure
from logistics.states import ConsignmentState, HubKind
from marketplace.network import board_map, board_runs, board_troubles
from marketplace.network.board_runs import Grouping
from marketplace.network.board_scope import OutOfScope, Scope, scope_of
from marketplace.network.board_troubles import Stuck
from marketplace.statistics import promises, tables
from marketplace.statistics.queries import PROVINCE
from villages import codes, known_names

PAGE_SIZE = 30
SPANS = (1, 7, 30)
MOST_ROWS = 20_000  # of a spreadsheet


@dataclass(frozen=True)
class PartLine:
    """A line of the table beside the map: a prefecture or a hub, with what is late and stuck there."""

    name: str
    place: str
    late: int
    stuck: int


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """What is late and stuck at a glance, on the map and in a table, and how the vehicles of today run."""
    scope, now, today = _scope(request), clock.now(), clock.today()
    tally = board_troubles.tally(scope, at=now)
    fills = board_runs.fill_by_hub(scope, first=today, last=today)
    month = promises.months(today)["month"]
    context = _context(scope, "board") | {
        "tally": tally,
        "kinds": [(kind, tally.stuck[kind].total()) for kind in Stuck],
        "fill": board_runs.total(fills),
        "kept": promises.on_time(scope.place, period=month) if scope.place else None,
        "parts": _parts(scope, tally),
        "map": board_map.drawn(scope, tally),
        "now": now,
    }
    return render(request, "network/board/board.html", context)


def _parts(scope: Scope, tally: board_troubles.Tally) -> list[PartLine]:
    names, found = known_names.names(), []
    if scope.level == "PROVINCE":
        for code in sorted({codes.prefecture_of(hub.division_id) for hub in scope.hubs}):
            mine = [hub.pk for hub in scope.hubs if codes.is_within(hub.division_id, code)]
            found.append(PartLine(names.get(code, code), code, *tally.of(*mine)))
    elif scope.place:
        for hub in scope.hubs:
            place = hub.division_id if hub.kind == HubKind.COUNTY and scope.level != "COUNTY" else ""
            found.append(PartLine(hub.name, place, *tally.of(hub.pk)))
    return sorted(found, key=lambda line: -(line.late + line.stuck))


def _unknown(row: Consignment) -> str:
    """Say why nobody knows when a consignment comes."""
    if row.state == ConsignmentState.AWAITING_ROUTE:
        return _("Not known: no vehicle can bring it")
    return _("Not known: its vehicle broke down")


@require_safe
def late(request: HttpRequest) -> HttpResponse:
    """Consignments that are to come later than promised."""
    scope, now = _scope(request), clock.now()
    rows = board_troubles.late(scope, at=now).select_related("origin_stop__division", "point__division")
    if _wants_csv(request):
        head = [_("Consignment"), _("From"), _("To"), _("State"), _("Promised"), _("Expected"), _("Minutes late")]
        lines = (
            [
                row.number,
                row.origin_stop.name,
                row.point.name,
                row.get_state_display(),
                tables.moment(row.promised_at),
                tables.moment(row.expected_at) if row.expected_at else _unknown(row),
                _minutes(max(row.expected_at, now) - row.promised_at) if row.expected_at else "",
            ]
            for row in rows[:MOST_ROWS]
        )
        return tables.answer("late", head, lines, today=clock.today())
    page = _page(request, rows)
    seen = board_troubles.last_seen([row.pk for row in page])
    context = _context(scope, "late") | {
        "page": page,
        "rows": [(row, seen.get(row.pk), "" if row.expected_at else _unknown(row)) for row in page],
        "now": now,
    }
    return render(request, "network/board/late.html", context)


@require_safe
def stuck(request: HttpRequest) -> HttpResponse:
    """What does not go on, by the reason (``?kind=``)."""
    scope, now = _scope(request), clock.now()
    tally = board_troubles.tally(scope, at=now)
    asked = request.GET.get("kind")
    kind = Stuck(asked) if asked in Stuck.values else next((k for k in Stuck if tally.stuck[k]), Stuck.WAITING)
    rows = board_troubles.stuck(kind, scope, at=now)
    if _wants_csv(request):
        head = [_("Number"), _("Why"), _("Where"), _("To"), _("Since")]
        lines = (
            [row.number, kind.label, row.where, row.to, tables.moment(row.since)]
            for row in (_stuck_line(kind, each) for each in rows[:MOST_ROWS])
        )
        return tables.answer(f"stuck-{kind}", head, lines, today=clock.today())
    page = _page(request, rows)
    context = _context(scope, "stuck") | {
        "page": page,
        "rows": [_stuck_line(kind, each) for each in page],
        "kinds": [(each, tally.stuck[each].total()) for each in Stuck],
        "kind": kind,
        "mine": {hub.pk for hub in scope.hubs} if not scope.place else set(),
        "now": now,
    }
    return render(request, "network/board/stuck.html", context)


@dataclass(frozen=True)
class StuckLine:
    """A line of the list of what is stuck: a consignment or parcel, where, whither, and since when."""

    number: str
    where: str
    to: str
    since: dt.datetime
    departure: Departure | None = None


def _stuck_line(kind: Stuck, row) -> StuckLine:
    if kind == Stuck.WAITING:
        return StuckLine(row.number, row.origin_stop.name, row.point.name, row.since)
    number = row.parcel.number if kind == Stuck.LEFT and row.parcel else None
    number = number or (row.consignment.number if kind == Stuck.LEFT else row.number)
    if kind == Stuck.SURPLUS:
        return StuckLine(number, row.hub.name, row.consignment.point.name, row.since)
    vehicle = row.departure.lane or row.departure.round
    where = f"{vehicle.origin.name} → {vehicle.destination.name}" if row.departure.lane else vehicle.name
    return StuckLine(number, where, row.consignment.point.name, row.since, row.departure)


@require_safe
def fill(request: HttpRequest) -> HttpResponse:
    """How full the vehicles are, both ways: by departure, round, hub or prefecture, of a day or of days up to it."""
    scope, today = _scope(request), clock.today()
    day, span = _day(request, today), _span(request)
    asked = request.GET.get("by")
    grouping = Grouping(asked) if asked in Grouping.values else Grouping.DEPARTURE
    days = {"first": day - dt.timedelta(days=span - 1), "last": day}
    hubs = board_runs.fill_by_hub(scope, **days)
    if grouping == Grouping.DEPARTURE:
        rows = board_runs.departures(scope, **days)
    elif grouping == Grouping.ROUND:
        rows = board_runs.fill_by_round(scope, **days)
    else:
        rows = hubs if grouping == Grouping.HUB else board_runs.by_prefecture(hubs, scope.hubs)
    if _wants_csv(request):
        return _fill_csv(grouping, rows, day=day)
    context = _context(scope, "fill") | {
        "page": _page(request, rows),
        "total": board_runs.total(hubs),
        "grouping": grouping,
        "groupings": [each for each in Grouping if scope.is_whole or each != Grouping.PREFECTURE],
        "day": day,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1),
        "span": span,
        "spans": SPANS,
    }
    return render(request, "network/board/fill.html", context)


def _fill_csv(grouping: Grouping, rows, *, day: dt.date) -> HttpResponse:
    if grouping == Grouping.DEPARTURE:
        head = [_("Leaves"), _("Line"), _("Crates"), _("Taken out"), _("Taken back")]
        lines = (
            [
                tables.moment(row.departs_at),
                str(row.round.name if row.round else f"{row.lane.origin.name} → {row.lane.destination.name}"),
                row.crates,
                row.taken_out,
                row.taken_back if row.round else "",
            ]
            for row in rows[:MOST_ROWS]
        )
    else:
        head = [
            _("Code"), _("Line or place"), _("Rounds"), _("Crates"), _("Taken out"), _("Taken back"),
            _("Lanes"), _("Crates of lanes"), _("Taken by lanes"),
        ]  # fmt: skip
        lines = (
            [
                row.code, row.name, row.departures, row.crates, row.out, row.back,
                row.lane_departures, row.lane_crates, row.lane_out,
            ]
            for row in rows
        )  # fmt: skip
    return tables.answer(f"fill-{grouping}", head, lines, today=day)


@require_safe
def lanes(request: HttpRequest) -> HttpResponse:
    """How punctual the lanes were in the last days, the worst first."""
    scope, today = _scope(request), clock.today()
    rows = board_runs.punctuality(scope, today=today)
    if _wants_csv(request):
        head = [
            _("Code"), _("From"), _("To"), _("Departures"), _("Arrivals noted"), _("On time"),
            _("Parcels unloaded"), _("Unloaded in time"),
        ]  # fmt: skip
        lines = (
            [
                row.code, row.origin, row.destination, row.departures, row.noted, row.in_time,
                row.unloaded, row.unloaded_in_time,
            ]
            for row in rows
        )  # fmt: skip
        return tables.answer("lanes", head, lines, today=today)
    noted, in_time = sum(row.noted for row in rows), sum(row.in_time for row in rows)
    context = _context(scope, "lanes") | {
        "page": _page(request, rows),
        "noted": noted,
        "departures": sum(row.departures for row in rows),
        "rate": board_runs.percent(in_time, noted),
        "days": board_runs.DAYS_WATCHED,
    }
    return render(request, "network/board/lanes.html", context)


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """The on-time rate by county of the point and month."""
    scope, today = _scope(request), clock.today()
    if not scope.place:
        raise Http404("a hub has no county of its own")
    offered = promises.months(today)
    name = request.GET.get("month") if request.GET.get("month") in offered else "month"
    rows = promises.by_county(scope.place, period=offered[name])
    if _wants_csv(request):
        head = [_("Code"), _("Division"), _("Arrived"), _("On time"), _("On-time rate (%)")]
        lines = ([row.code, row.name, row.arrived, row.in_time, row.rate] for row in rows)
        return tables.answer(f"promises-{offered[name].start:%Y%m}", head, lines, today=today)
    context = _context(scope, "kept") | {
        "page": _page(request, rows),
        "total": promises.on_time(scope.place, period=offered[name]),
        "month": name,
        "months": [("month", offered["month"].start), ("last", offered["last"].start)],
    }
    return render(request, "network/board/kept.html", context)


def _scope(request: HttpRequest) -> Scope:
    try:
        return scope_of(request.user, place=request.GET.get("place"))
    except OutOfScope as refusal:
        raise Http404("not this person's division") from refusal


def _context(scope: Scope, tab: str) -> dict:
    """Return what every page of the board shows; ``kept`` is also a figure of the first page, so the tab has a name."""
    names = known_names.names()
    above = [PROVINCE, codes.prefecture_of(scope.place), scope.place] if scope.place else []
    return {
        "scope": scope,
        "tab": tab,
        "above": [
            (code, names.get(code, code))
            for code in dict.fromkeys(above)
            if codes.is_within(code, scope.own) and code != scope.place
        ],
    }


def _page(request: HttpRequest, rows: Iterable):
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def _wants_csv(request: HttpRequest) -> bool:
    return request.GET.get("as") == "csv"


def _minutes(duration: dt.timedelta) -> int:
    return int(duration.total_seconds() // 60)


def _day(request: HttpRequest, today: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today


def _span(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in {str(span) for span in SPANS} else 1
