"""How vehicles run: how full they are both ways, and how punctual the lanes are."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Avg, Count, DurationField, F, Func, Q, QuerySet, Sum, TextChoices, Value
from django.utils.translation import gettext_lazy as _

from core.clock import BEIJING
from logistics.models import Departure, Hub, Scan
from logistics.services.departures import PUNCTUAL
from logistics.services.ways import GRACE
from logistics.states import DepartureState, ScanKind
from marketplace.network.board_scope import Scope
from villages import codes, known_names

DAYS_WATCHED = 30  # of the lanes' punctuality


class Grouping(TextChoices):
    """By what the fill is told."""

    DEPARTURE = "departure", _("By departure")
    ROUND = "round", _("By round")
    HUB = "hub", _("By hub")
    PREFECTURE = "prefecture", _("By prefecture")


@dataclass(frozen=True)
class Fill:
    """Crates that vehicles have, and how many of them are taken: out (下乡, or along a lane) and back (进城).

    ``lane_*`` are those of lanes, which go one way; the others are those of rounds.
    """

    name: str
    code: str = ""
    departures: int = 0
    crates: int = 0
    out: int = 0
    back: int = 0
    lane_departures: int = 0
    lane_crates: int = 0
    lane_out: int = 0

    @property
    def out_percent(self) -> float | None:
        return percent(self.out, self.crates)

    @property
    def back_percent(self) -> float | None:
        return percent(self.back, self.crates)

    @property
    def lane_percent(self) -> float | None:
        return percent(self.lane_out, self.lane_crates)

    def __add__(self, other: "Fill") -> "Fill":
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("departures", "crates", "out", "back", "lane_departures", "lane_crates", "lane_out")
        }
        return Fill(self.name, self.code, **sums)


def percent(part: int, whole: int) -> float | None:
    """Return a part in per cent to one decimal, rounded down so that 100 means all; None of nothing."""
    return 1000 * part // whole / 10 if whole else None


def running(scope: Scope, *, first: dt.date, last: dt.date) -> QuerySet[Departure]:
    """Return the departures of some days, both included, that were not cancelled."""
    begin, end = (dt.datetime.combine(day, dt.time(), BEIJING) for day in (first, last + dt.timedelta(days=1)))
    rows = Departure.objects.filter(departs_at__gte=begin, departs_at__lt=end)
    rows = rows.exclude(state=DepartureState.CANCELLED)
    return rows.filter(scope.at_hubs("lane__origin", "lane__destination", "round__hub"))


def departures(scope: Scope, *, first: dt.date, last: dt.date) -> QuerySet[Departure]:
    """Return the departures of some days with their lines, in order of time."""
    rows = running(scope, first=first, last=last).select_related("lane__origin", "lane__destination", "round__hub")
    return rows.order_by("departs_at", "pk")


_SUMS = {"n": Count("pk"), "had": Sum("crates"), "out": Sum("taken_out"), "back": Sum("taken_back")}


def fill_by_round(scope: Scope, *, first: dt.date, last: dt.date) -> list[Fill]:
    """Return the fill of each round both ways, by hub and code, in one query."""
    rows = running(scope, first=first, last=last).filter(round__isnull=False)
    grouped = (
        rows.values_list("round__hub__code", "round__code", "round__name")
        .annotate(**_SUMS)
        .order_by("round__hub__code", "round__code", "round__name")
    )
    return [Fill(name, code, n, had, out, back) for _hub, code, name, n, had, out, back in grouped]


def fill_by_hub(scope: Scope, *, first: dt.date, last: dt.date) -> list[Fill]:
    """Return the fill of each hub's rounds both ways and of the lanes that leave it, in two queries."""
    fills = {hub.pk: Fill(hub.name, hub.code) for hub in scope.hubs}
    rows = running(scope, first=first, last=last)
    rounds = rows.filter(round__isnull=False).values_list("round__hub").annotate(**_SUMS).order_by()
    for pk, n, had, out, back in rounds:
        if pk in fills:
            fills[pk] += Fill("", "", n, had, out, back)
    lanes = rows.filter(lane__isnull=False).values_list("lane__origin").annotate(**_SUMS).order_by()
    for pk, n, had, out, _back in lanes:
        if pk in fills:
            fills[pk] += Fill("", lane_departures=n, lane_crates=had, lane_out=out)
    return [fill for fill in fills.values() if fill.departures or fill.lane_departures]


def by_prefecture(fills: list[Fill], hubs: tuple[Hub, ...]) -> list[Fill]:
    """Return the sums of hubs' fills by prefecture, so that both tables have one sum."""
    prefecture = {hub.code: codes.prefecture_of(hub.division_id) for hub in hubs}
    names, found = known_names.names(), {}
    for fill in fills:
        code = prefecture[fill.code]
        found[code] = found.get(code, Fill(names.get(code, code), code)) + fill
    return [found[code] for code in sorted(found)]


def total(fills: list[Fill]) -> Fill:
    """Return the sum of some fills."""
    return sum(fills, Fill(""))


@dataclass(frozen=True)
class Punctuality:
    """How punctual a lane was: of the departures whose arrival was noted, and of the parcels unloaded from them."""

    code: str
    origin: str
    destination: str
    departures: int
    noted: int
    in_time: int
    late_minutes: float
    unloaded: int
    unloaded_in_time: int

    @property
    def rate(self) -> float | None:
        return percent(self.in_time, self.noted)

    @property
    def unloaded_rate(self) -> float | None:
        return percent(self.unloaded_in_time, self.unloaded)


def punctuality(scope: Scope, *, today: dt.date) -> list[Punctuality]:
    """Return how punctual the lanes were in the last days, the worst first, in two queries.

    In time is an arrival at most five minutes after the timetable, and a parcel unloaded at most 20 minutes after it.
    """
    first = today - dt.timedelta(days=DAYS_WATCHED - 1)
    rows = running(scope, first=first, last=today).filter(lane__isnull=False)
    planned = _planned("arrives_at", "delay_minutes")
    punctual = Q(arrived_at__lte=planned + Value(PUNCTUAL, output_field=DurationField()))
    noted = Q(arrived_at__isnull=False)
    lanes = (
        rows.values_list("lane__code", "lane__origin__name", "lane__destination__name")
        .annotate(
            n=Count("pk"),
            noted=Count("pk", filter=noted),
            in_time=Count("pk", filter=noted & punctual),
            late=Avg("delay_minutes", filter=noted),
        )
        .order_by("lane__code")
    )
    unloaded = _unloaded(rows)
    found = [
        Punctuality(code, origin, destination, n, came, in_time, late or 0.0, *unloaded.get(code, (0, 0)))
        for code, origin, destination, n, came, in_time, late in lanes
    ]
    return sorted(found, key=lambda each: (each.rate is None, each.rate, -each.noted, each.code))


def _unloaded(rows: QuerySet[Departure]) -> dict[str, tuple[int, int]]:
    planned = _planned("departure__arrives_at", "departure__delay_minutes")
    in_time = Q(occurred_at__lte=planned + Value(GRACE, output_field=DurationField()))
    scans = Scan.objects.filter(kind=ScanKind.UNLOADED, departure__in=rows.values("pk"))
    grouped = scans.order_by().values_list("departure__lane__code")
    return {code: (n, good) for code, n, good in grouped.annotate(n=Count("pk"), good=Count("pk", filter=in_time))}


class _Minutes(Func):
    """A column of minutes as a duration; Django multiplies no durations on SQLite, which keeps microseconds."""

    template = "(%(expressions)s * 60000000)"
    output_field = DurationField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="(%(expressions)s * interval '1 minute')", **context)


def _planned(arrives_at: str, delay: str):
    """Return the arrival by the timetable: what is expected less the delay that is in it."""
    return F(arrives_at) - _Minutes(F(delay))
