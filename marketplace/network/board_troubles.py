"""What does not go as it should: late for its promise, or stuck where a scan should have followed long ago."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, TextChoices
from django.db.models.functions import Coalesce, Substr
from django.utils.translation import gettext_lazy as _

from logistics.models import Consignment, Leg, Parcel, Scan
from logistics.queries import waits_for_a_shop
from logistics.services.breakdowns import TAKEN_BACK
from logistics.services.ways import GRACE
from logistics.states import ConsignmentState, Direction, ParcelState, ScanKind
from marketplace.network.board_scope import Scope
from villages import codes

UNDER_WAY = (
    ConsignmentState.AWAITING_ROUTE,
    ConsignmentState.ROUTED,
    ConsignmentState.PACKED,
    ConsignmentState.IN_TRANSIT,
)
LONGEST_WAIT = dt.timedelta(minutes=5)  # for a route; the invariant O2 speaks after the same time


class Stuck(TextChoices):
    """Why a consignment or parcel does not go on."""

    WAITING = "waiting", _("Without a route")
    LEFT = "left", _("Not loaded")
    ABOARD = "aboard", _("Not unloaded")
    SHORT = "short", _("Reported short")
    SURPLUS = "surplus", _("Surplus at a hub")


def late(scope: Scope, *, at: dt.datetime) -> QuerySet[Consignment]:
    """Return consignments that are to come later than was promised, the longest late first; with them those of which
    nobody knows when they come, because a vehicle stopped with them or none can bring them, and what was promised for
    a time that is over.

    They concern the hubs that their way touches and those of the counties of their points; what waits for a route also
    that of the county where it is sent.
    """
    later = Q(state__in=UNDER_WAY, expected_at__gt=F("promised_at"))
    over = Q(state__in=UNDER_WAY, promised_at__lt=at)
    unknown = Q(state=ConsignmentState.AWAITING_ROUTE, expected_at=None, planned_at=None)
    rows = Consignment.objects.filter(later | over | (TAKEN_BACK | unknown) & Q(promised_at__isnull=False))
    touching = Leg.objects.in_force().filter(scope.at_hubs(*_TOUCHED), consignment=OuterRef("pk"))
    concerned = Q(Exists(touching)) | scope.in_places("point__division__code")
    concerned |= Q(state=ConsignmentState.AWAITING_ROUTE) & scope.in_places("origin_stop__division__code")
    return (rows if scope.is_whole else rows.filter(concerned)).order_by("promised_at", "pk")


_TOUCHED = ("departure__lane__origin", "departure__lane__destination", "departure__round__hub")


def waiting(scope: Scope, *, at: dt.datetime) -> QuerySet[Consignment]:
    """Return consignments that have waited for a route for longer than five minutes, but for a shop's days off."""
    rows = Consignment.objects.filter(~waits_for_a_shop(at=at), state=ConsignmentState.AWAITING_ROUTE)
    rows = rows.annotate(since=F("waiting_since")).filter(since__lt=at - LONGEST_WAIT)
    return rows.filter(scope.in_places("origin_stop__division__code")).order_by("since", "pk")


def left(scope: Scope, *, at: dt.datetime) -> QuerySet[Leg]:
    """Return legs that should have been loaded on their departure and were not."""
    rows = Leg.objects.in_force().filter(loaded_at=None, departs_at__lt=at - GRACE, consignment__state__in=UNDER_WAY)
    rows = rows.filter(scope.at_hubs("departure__lane__origin", "departure__round__hub"))
    return rows.annotate(since=F("departs_at"), at_hub=_START).order_by("departs_at", "pk")


def aboard(scope: Scope, *, at: dt.datetime) -> QuerySet[Parcel]:
    """Return parcels on a vehicle that should have brought them by now, without the scan that should have followed."""
    return _on_vehicles(scope).filter(~_IS_SHORT, since__lt=at - GRACE)


def short(scope: Scope) -> QuerySet[Parcel]:
    """Return parcels that the end of their departure has reported short and that nobody has found since."""
    return _on_vehicles(scope).filter(_IS_SHORT)


def surplus(scope: Scope) -> QuerySet[Parcel]:
    """Return parcels that lie at a hub where nobody expected them."""
    found = Scan.objects.filter(parcel=OuterRef("pk"), hub=OuterRef("hub"), kind=ScanKind.SURPLUS).order_by("-pk")
    rows = Parcel.objects.filter(scope.at_hubs("hub"), state=ParcelState.AT_HUB)
    rows = rows.annotate(since=Subquery(found.values("occurred_at")[:1]), at_hub=F("hub"))
    return rows.filter(since__isnull=False).order_by("since", "pk")


_START = Coalesce("departure__lane__origin", "departure__round__hub")
_END = Coalesce("departure__lane__destination", "departure__round__hub")
_LEG = Leg.objects.in_force().filter(departure=OuterRef("departure"), consignment=OuterRef("consignment"))
# What a round was to bring to a point is not asked about when the vehicle is back.
_IS_SHORT = Q(departure__closed_at__isnull=False) & (
    Q(departure__lane__isnull=False) | Exists(_LEG.filter(direction=Direction.BACK))
)


def _on_vehicles(scope: Scope) -> QuerySet[Parcel]:
    rows = Parcel.objects.filter(hub=None, state=ParcelState.LOADED)
    rows = rows.filter(scope.at_hubs("departure__lane__destination", "departure__round__hub"))
    since = Coalesce(Subquery(_LEG.order_by("-pk").values("arrives_at")[:1]), "departure__arrives_at")
    return rows.annotate(since=since, at_hub=_END).order_by("since", "pk")


def stuck(kind: Stuck, scope: Scope, *, at: dt.datetime) -> QuerySet:
    """Return what is stuck in one way, the longest first: consignments, legs or parcels, each with ``since``."""
    if kind == Stuck.WAITING:
        return waiting(scope, at=at).select_related("point", "origin_stop")
    if kind == Stuck.LEFT:
        return left(scope, at=at).select_related("consignment__point", "consignment__origin_stop", "parcel", *_VEHICLE)
    rows = {Stuck.ABOARD: aboard, Stuck.SHORT: lambda scope, at: short(scope), Stuck.SURPLUS: _surplus}[kind]
    return rows(scope, at=at).select_related("consignment__point", "hub", *_VEHICLE)


_VEHICLE = ("departure__lane__origin", "departure__lane__destination", "departure__round__hub")


def _surplus(scope: Scope, at: dt.datetime) -> QuerySet[Parcel]:
    return surplus(scope)


@dataclass(frozen=True)
class Tally:
    """What is late and how much is stuck, by hub (its key; None for what no hub of the scope is asked about).

    :param late: keys of consignments; one may be late at several hubs.
    """

    late: dict[int | None, set[int]]
    stuck: dict[Stuck, Counter]

    @property
    def late_total(self) -> int:
        return len(set().union(*self.late.values()))

    @property
    def stuck_total(self) -> int:
        return sum(counter.total() for counter in self.stuck.values())

    def of(self, *hubs: int) -> tuple[int, int]:
        """Return how much is late and how much stuck at some hubs."""
        return (
            len(set().union(*(self.late.get(hub, ()) for hub in hubs))),
            sum(counter[hub] for counter in self.stuck.values() for hub in hubs),
        )


def tally(scope: Scope, *, at: dt.datetime) -> Tally:
    """Count what is late and stuck by hub, in seven queries and one for the zones.

    What is late counts at the hubs that its way touches and at that of its point's county, what waits for a route at
    that of its stop's; all else at the hub where the next scan is due.
    """
    served = {county: hub.pk for county, hub in scope.hub_of_county.items()}
    waits: Counter = Counter()
    for county, number in _by_county(waiting(scope, at=at), "origin_stop__division_id").items():
        waits[served.get(county)] += number
    found = {Stuck.WAITING: waits}
    rows = {
        Stuck.LEFT: left(scope, at=at),
        Stuck.ABOARD: aboard(scope, at=at),
        Stuck.SHORT: short(scope),
        Stuck.SURPLUS: surplus(scope),
    }
    for kind, queryset in rows.items():
        found[kind] = Counter(dict(queryset.order_by().values_list("at_hub").annotate(n=Count("pk"))))
    return Tally(_late_by_hub(scope, served, at), found)


def _late_by_hub(scope: Scope, served: dict[str, int], at: dt.datetime) -> dict[int | None, set[int]]:
    hubs = {hub.pk for hub in scope.hubs}
    rows = late(scope, at=at)
    counties = rows.values_list("pk", "state", "point__division_id", "origin_stop__division_id")
    ways = Leg.objects.in_force().filter(consignment__in=rows.order_by().values("pk"))
    touched: dict[int, set[int | None]] = {}
    for pk, state, point, stop in counties:
        places = [point, stop] if state == ConsignmentState.AWAITING_ROUTE else [point]
        touched[pk] = {served.get(codes.county_of(code)) for code in places}
    for pk, *places in ways.values_list("consignment_id", *_TOUCHED).distinct():
        touched.setdefault(pk, set()).update(hubs.intersection(places))
    found: dict[int | None, set[int]] = {}
    for pk, places in touched.items():
        for hub in places - {None} or {None}:
            found.setdefault(hub, set()).add(pk)
    return found


def _by_county(rows: QuerySet[Consignment], column: str) -> dict[str, int]:
    grouped = rows.order_by().annotate(county=Substr(column, 1, 6)).values_list("county")
    return {codes.county_of(county): number for county, number in grouped.annotate(n=Count("pk"))}


@dataclass(frozen=True)
class Seen:
    """Where and when a consignment was last scanned."""

    kind: str
    at: dt.datetime
    place: str


def last_seen(consignments: list[int]) -> dict[int, Seen]:
    """Return the last scan of each consignment that has one, in one query."""
    latest = Scan.objects.filter(parcel__consignment=OuterRef("consignment")).order_by("-pk").values("pk")[:1]
    scans = Parcel.objects.filter(consignment__in=consignments, sequence=1).annotate(scan=Subquery(latest))
    rows = Scan.objects.filter(pk__in=scans.values("scan")).select_related(
        "parcel", "hub", "point", "departure__lane__destination", "departure__round"
    )
    return {row.parcel.consignment_id: Seen(row.get_kind_display(), row.occurred_at, _where(row)) for row in rows}


def _where(scan: Scan) -> str:
    if scan.kind == ScanKind.LOADED and scan.departure:
        return scan.departure.lane.destination.name if scan.departure.lane else scan.departure.round.name
    place = scan.hub or scan.point
    return place.name if place else ""
