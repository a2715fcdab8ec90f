"""Questions of planners: the network on the map, lanes and rounds in lists, the history of a line, the calendar."""

import calendar
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Prefetch, Q, QuerySet

from core.models import Event
from logistics.models import Closure, Departure, Hub, Lane, Round, RoundStop
from logistics.queries import calls_at
from logistics.services import calendars, timetables
from logistics.states import HubKind
from marketplace.network import map_labels
from marketplace.users.models import User
from villages import codes, maps
from villages import queries as villages
from villages.models import Division, PickupPoint
from villages.names import short_name
from villages.states import PointState

PROVINCE = "430000000000"


@dataclass(frozen=True)
class Dot:
    """A hub or a stop on the map."""

    x: float
    y: float
    name: str
    code: str = ""
    kind: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class Stroke:
    """A lane, both ways, or a round on the map: an SVG path."""

    path: str
    kind: str


@dataclass(frozen=True)
class NetworkMap:
    """What the map shows, and its ``viewBox``."""

    shapes: tuple[maps.Shape, ...]
    strokes: list[Stroke]
    hubs: list[Dot]
    stops: list[Dot]
    labels: list[map_labels.Label]
    view_box: str
    is_near: bool


@dataclass(frozen=True)
class HubLine:
    """A hub in the list, with how many lanes and rounds it has on a day."""

    hub: Hub
    lanes: int
    rounds: int


@dataclass(frozen=True)
class Overview:
    """The map and the list beside it."""

    map: NetworkMap
    hubs: list[HubLine]
    rounds: list[Round]


def overview(place: str, *, chosen: Hub | None, day: dt.date) -> Overview:
    """Return the network of a day around a place, and the rounds of the chosen hub, in seven queries at most.

    :param place: the province or a prefecture; its hubs are listed.
    """
    hubs = list(Hub.objects.standing(day).select_related("division").order_by("code"))
    pairs = Counter(Lane.objects.valid_on(day).values_list("origin_id", "destination_id"))
    rounds_of = dict(Round.objects.valid_on(day).values_list("hub").annotate(n=Count("pk")).order_by())
    lanes_of: Counter = Counter()
    for (origin, destination), number in pairs.items():
        lanes_of[origin] += number
        lanes_of[destination] += number
    near = codes.level_of(place) == "PREFECTURE"
    listed = [
        HubLine(hub, lanes_of[hub.pk], rounds_of.get(hub.pk, 0))
        for hub in hubs
        if (codes.is_within(hub.division_id, place) if near else hub.kind == HubKind.PREFECTURE)
    ]
    rounds = list(rounds_at(chosen, day=day)) if chosen is not None else []
    return Overview(_map(place, hubs=hubs, pairs=set(pairs), chosen=chosen, rounds=rounds), listed, rounds)


def rounds_at(hub: Hub, *, day: dt.date) -> QuerySet[Round]:
    """Return a hub's rounds of a day with their stops, in three queries."""
    stops = RoundStop.objects.select_related("point").order_by("sequence")
    return Round.objects.valid_on(day).filter(hub=hub).prefetch_related(Prefetch("stops", stops)).order_by("departs")


def _map(
    place: str, *, hubs: list[Hub], pairs: set[tuple[int, int]], chosen: Hub | None, rounds: list[Round]
) -> NetworkMap:
    near = codes.level_of(place) == "PREFECTURE"
    where = {hub.pk: maps.place(float(hub.longitude), float(hub.latitude)) for hub in hubs}
    kinds = {hub.pk: hub.kind for hub in hubs}
    shown = {hub.pk for hub in hubs if not near or codes.is_within(hub.division_id, place)}
    strokes = []
    for pair in sorted({tuple(sorted(pair)) for pair in pairs}):
        a, b = pair
        if near and not shown & {a, b}:
            continue
        touches = chosen is not None and chosen.pk in pair
        long = kinds[a] == kinds[b] == HubKind.PREFECTURE
        kind = "of-hub" if touches else "long" if long else "short"
        (x, y), (u, v) = where[a], where[b]
        strokes.append(Stroke(f"M{x:g} {y:g}L{u:g} {v:g}", kind))
    strokes.sort(key=lambda stroke: ("long", "short", "of-hub").index(stroke.kind))
    stops: dict[int, Dot] = {}
    for each in rounds:
        along = [where[each.hub_id]]
        for stop in each.stops.all():
            x, y = maps.place(float(stop.point.longitude), float(stop.point.latitude))
            along.append((x, y))
            stops[stop.point_id] = Dot(x, y, stop.point.name)
        strokes.append(Stroke("M" + "L".join(f"{x:g} {y:g}" for x, y in [*along, along[0]]), "tour"))
    shapes = maps.counties() if near else maps.prefectures()
    if near:
        shapes = tuple(shape for shape in shapes if codes.is_within(shape.code, place))
    dots = [
        Dot(
            *where[hub.pk],
            short_name(hub.division.name),
            hub.code,
            hub.kind,
            chosen is not None and hub.pk == chosen.pk,
        )
        for hub in hubs
        if hub.pk in shown
    ]
    box = maps.box(list(shapes)) if near else maps.VIEW_BOX
    return NetworkMap(shapes, strokes, dots, list(stops.values()), _labels(dots, stops.values(), box, near), box, near)


def _labels(dots: list[Dot], stops: Iterable[Dot], box: str, near: bool) -> list[map_labels.Label]:
    """Return the names on the map: near, of all hubs, else of the prefectures' alone."""
    named, others = [], [map_labels.Named(stop.x, stop.y, 1 if near else 2, "") for stop in stops]
    for dot in dots:
        large = dot.kind == HubKind.PREFECTURE
        radius = (3 if large else 2) if near else (7 if large else 3)
        mine = map_labels.Named(dot.x, dot.y, radius, dot.name, is_important=large or dot.is_chosen)
        (named if near or large or dot.is_chosen else others).append(mine)
    size = map_labels.NEAR_SIZE if near else map_labels.PROVINCE_SIZE
    return map_labels.place(named, others=others, size=size, view_box=box)


def lanes(*, text: str = "", place: str = "", day: dt.date) -> QuerySet[Lane]:
    """Return the lanes in force on a day or to begin after it, with their hubs, by code and day."""
    found = Lane.objects.that_run().valid_after(day).select_related("origin", "destination")
    if place:
        found = found.within(place)
    if text:
        names = Q(code__icontains=text) | Q(origin__name__icontains=text) | Q(destination__name__icontains=text)
        found = found.filter(names)
    return found.order_by("code", "valid_from")


def rounds(*, text: str = "", place: str = "", day: dt.date) -> QuerySet[Round]:
    """Return the rounds in force on a day or to begin after it, with hub and number of stops, by hub and code."""
    found = Round.objects.that_run().valid_after(day).select_related("hub").annotate(calls=Count("stops"))
    if place:
        found = found.within(place)
    if text:
        found = found.filter(Q(code__icontains=text) | Q(name__icontains=text) | Q(hub__name__icontains=text))
    return found.order_by("hub__code", "departs", "code", "valid_from")


def unserved_points(divisions: Iterable[str], *, day: dt.date) -> QuerySet[PickupPoint]:
    """Return the open points at or below some divisions at which no round in force, or to come, calls."""
    within = Q(pk__in=[])
    for code in divisions:
        within |= Q(division__code__range=codes.span(code))
    found = PickupPoint.objects.open().filter(within, ~calls_at(day=day))
    return found.select_related("division").order_by("division_id", "pk")


def line(code: str) -> list[Lane] | list[Round]:
    """Return the versions of a line that ran or will run, the first first, with all that a page shows of them."""
    found = Lane.objects.filter(code=code).that_run().select_related("origin", "destination").order_by("valid_from")
    if versions := list(found):
        return versions
    stops = RoundStop.objects.select_related("point").order_by("sequence")
    rows = Round.objects.filter(code=code).that_run().select_related("hub", "driver")
    return list(rows.prefetch_related(Prefetch("stops", stops)).order_by("valid_from"))


def in_force(versions: list, day: dt.date):
    """Return the version of a day; before all of them the first, after all of them the last."""
    return next(
        (row for row in versions if row.is_valid_on(day)), versions[0] if versions[0].valid_from > day else versions[-1]
    )


@dataclass(frozen=True)
class Changed:
    """Who changed a line, when, and from which day on."""

    name: str
    at: dt.datetime
    from_date: dt.date
    person: str


def history(code: str) -> list[Changed]:
    """Return the changes of a line, the last first, in two queries."""
    events = list(Event.objects.filter(stream=timetables.STREAM, stream_id=code).order_by("-version")[:50])
    keys = {int(event.actor.removeprefix("user:")) for event in events if event.actor.startswith("user:")}
    people = {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=keys)}
    return [
        Changed(
            event.name,
            event.occurred_at,
            dt.date.fromisoformat(event.payload["from"]),
            people.get(int(event.actor.removeprefix("user:")), "") if event.actor.startswith("user:") else "",
        )
        for event in events
    ]


def next_departures(code: str, *, at: dt.datetime, limit: int = 7) -> list[Departure]:
    """Return the next departures of a line."""
    of_it = Q(lane__code=code) | Q(round__code=code)
    found = Departure.objects.filter(of_it, departs_at__gt=at, replaced=False).select_related("lane", "round")
    return list(found.order_by("departs_at")[:limit])


def points_for(hub: Hub) -> QuerySet[PickupPoint]:
    """Return the points at which a hub's rounds may stop, those of its own county first."""
    county = hub.division_id
    zones = Division.objects.filter(host_id=county).values_list("pk", flat=True)
    within = Q(division__code__range=codes.span(county))
    for zone in zones:
        within |= Q(division__code__range=codes.span(zone))
    return PickupPoint.objects.filter(within, state=PointState.OPEN).order_by("division_id", "pk")


@dataclass
class Day:
    """A day of the month's grid."""

    day: dt.date
    is_of_month: bool
    is_today: bool
    entries: list[Closure] = field(default_factory=list)

    @property
    def stops(self) -> bool:
        return any(entry.scope != "NOTHING" for entry in self.entries)


@dataclass(frozen=True)
class Entry:
    """An entry of the calendar, and whether the person may take it out."""

    closure: Closure
    is_own: bool


@dataclass(frozen=True)
class Month:
    """A month of the calendar by weeks, and its entries."""

    first: dt.date
    before: dt.date
    after: dt.date
    weeks: list[list[Day]]
    entries: list[Entry]


def month(first: dt.date, *, today: dt.date, own: list[str], place: str = "") -> Month:
    """Return a month with the entries of all divisions, or of those above and below a place, in one query."""
    weeks = calendar.Calendar(firstweekday=0).monthdatescalendar(first.year, first.month)
    found = Closure.objects.in_force().during(weeks[0][0], weeks[-1][-1]).select_related("division")
    entries = [
        closure
        for closure in found
        if not place or codes.is_within(closure.division_id, place) or codes.is_within(place, closure.division_id)
    ]
    by_day: dict[dt.date, list[Closure]] = defaultdict(list)
    for closure in entries:
        for n in range((closure.last_day - closure.first_day).days + 1):
            by_day[closure.first_day + dt.timedelta(days=n)].append(closure)
    grid = [[Day(day, day.month == first.month, day == today, by_day[day]) for day in week] for week in weeks]
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    listed = [
        Entry(closure, closure.last_day >= today and calendars.may_change(closure, own=own))
        for closure in entries
        if closure.first_day <= last and closure.last_day >= first
    ]
    return Month(first, (first - dt.timedelta(days=1)).replace(day=1), last + dt.timedelta(days=1), grid, listed)


def prefectures() -> list[tuple[str, str]]:
    """Return (code, name) of the prefectures."""
    return list(villages.prefectures().values_list("code", "name"))
