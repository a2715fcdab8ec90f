"""The planner's console, to look at: the network on the map, lanes and rounds in lists, a line with its history.

Planners and the staff of divisions see the network of the whole province; what a planner changes is the own division's
(``planning_changes``).
"""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock
from logistics import drafts
from logistics.models import Hub, Lane, Round
from logistics.services import timetables
from marketplace.access import divisions_of as governed_by
from marketplace.network import planning_queries as queries
from marketplace.network import planning_words as words
from villages import codes
from villages.models import Division

PAGE_SIZE = 30
LONGEST_SEARCH = 40
UNSERVED_SHOWN = 20


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The network on the map and the hubs beside it; ``?place=`` comes near, ``?hub=`` shows a hub's rounds."""
    today = clock.today()
    chosen = None
    if request.GET.get("hub"):
        chosen = Hub.objects.select_related("division").filter(code=request.GET["hub"][:20]).first()
        if chosen is None:
            raise Http404("no such hub")
    place = place_of(request, default=codes.prefecture_of(chosen.division_id) if chosen else None)
    found = queries.overview(place, chosen=chosen, day=today)
    own = timetables.divisions_of(request.user)
    context = context_of(request) | {
        "place": place,
        "place_name": _name(place),
        "prefectures": queries.prefectures(),
        "found": found,
        "chosen": chosen,
        "may_change_hub": chosen is not None and any(codes.is_within(chosen.division_id, code) for code in own),
        "today": today,
    }
    return render(request, "network/planning/overview.html", context)


@require_safe
def lanes(request: HttpRequest) -> HttpResponse:
    """The lanes in force and to come."""
    return _listed(request, "lanes", queries.lanes)


@require_safe
def rounds(request: HttpRequest) -> HttpResponse:
    """The rounds in force and to come."""
    unserved = queries.unserved_points(timetables.divisions_of(request.user), day=clock.today())
    return _listed(request, "rounds", queries.rounds, unserved=unserved[:UNSERVED_SHOWN])


def _listed(request: HttpRequest, kind: str, question, **more) -> HttpResponse:
    today = clock.today()
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    place = place_of(request)
    found = question(text=text, place="" if place == queries.PROVINCE else place, day=today)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    own = timetables.divisions_of(request.user)
    context = context_of(request) | {
        "kind": kind,
        "page": page,
        "rows": [(row, words.weekdays(row.weekdays), words.storage_classes(row.storage_classes)) for row in page],
        "text": text,
        "place": place,
        "prefectures": queries.prefectures(),
        "today": today,
        "may_add": bool(timetables.plans_lanes(own) if kind == "lanes" else own),
        **more,
    }
    return render(request, f"network/planning/{kind}.html", context)


@require_safe
def line(request: HttpRequest, code: str) -> HttpResponse:
    """A lane or a round: what is in force, what is to come, what was, and who changed it."""
    versions = versions_of(code)
    now, today = clock.now(), clock.today()
    current = queries.in_force(versions, today)
    may_change = can_change(request, current)
    described = [(row, _said(row, shows_driver=may_change)) for row in reversed(versions)]
    context = context_of(request) | {
        "code": code,
        "row": current,
        "is_lane": isinstance(current, Lane),
        "said": [pair for pair in next(said for row, said in described if row is current) if pair[0] != _("Stops")],
        "versions": _with_differences(described),
        "changes": queries.history(code) if may_change else [],
        "departures": queries.next_departures(code, at=now),
        "may_change": may_change,
        "has_ended": current.valid_to is not None and current.valid_to <= today,
        "today": today,
    }
    return render(request, "network/planning/line.html", context)


def _said(row: Lane | Round, *, shows_driver: bool) -> list[tuple[str, str]]:
    if isinstance(row, Lane):
        hubs_ = {row.origin_id: row.origin.name, row.destination_id: row.destination.name}
        return words.figures(drafts.of(row), points={}, people={}, hubs=hubs_)
    points = {stop.point_id: stop.point.name for stop in row.stops.all()}
    name = row.driver.get_full_name() if row.driver and shows_driver else "—"
    return words.figures(drafts.of(row), points=points, people={row.driver_id: name}, hubs={row.hub_id: row.hub.name})


def _with_differences(described: list) -> list[tuple]:
    """Return each version, the last first, with what it changed against the one before it."""
    found = []
    for number, (row, said) in enumerate(described):
        earlier = dict(described[number + 1][1]) if number + 1 < len(described) else None
        changed = (
            [(label, earlier.get(label, ""), value) for label, value in said if earlier.get(label) != value]
            if (earlier is not None)
            else []
        )
        found.append((row, changed))
    return found


def versions_of(code: str) -> list:
    """Return the versions of a line; a 404 where there is none."""
    versions = queries.line(code)
    if not versions:
        raise Http404("no such lane or round")
    return versions


def can_change(request: HttpRequest, row: Lane | Round) -> bool:
    """Tell whether the person plans this line."""
    mine = timetables.lanes_of(request.user) if isinstance(row, Lane) else timetables.rounds_of(request.user)
    return mine.filter(pk=row.pk).exists()


def place_of(request: HttpRequest, *, default: str | None = None) -> str:
    """Return the prefecture or province that is asked for: by default the person's own prefecture."""
    asked = request.GET.get("place")
    if asked is None:
        own = [*timetables.divisions_of(request.user), *governed_by(request.user)]
        asked = default or (codes.prefecture_of(own[0]) if own else queries.PROVINCE)
    if asked != queries.PROVINCE and asked not in {code for code, _name_ in queries.prefectures()}:
        raise Http404("no such prefecture")
    return asked


def context_of(request: HttpRequest) -> dict:
    """Return what every page of the console shows."""
    own = timetables.divisions_of(request.user)
    names = Division.objects.filter(pk__in=own or governed_by(request.user)).values_list("name", flat=True)
    return {"own": own, "own_name": "、".join(names), "is_planner": bool(own)}


def _name(place: str) -> str:
    return Division.objects.filter(pk=place).values_list("name", flat=True).first() or ""
