"""Questions of the counter. Each is asked of one point, which its caller has found to be the operator's own."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum

from core.clock import day_of, day_span
from core.names import masked
from core.storage_class import StorageClass
from logistics.models import Collection, Consignment, ConsignmentLine, Departure, GoodsReturn, Leg, Parcel, StopClosing
from logistics.states import ENDED, ConsignmentState, Direction, ParcelState, ReturnState
from marketplace.order.models import Line, Order
from marketplace.order.states import Channel, PaymentMethod
from marketplace.partner.models import Partner
from villages import queries as villages
from villages.models import PickupPoint

COMING = frozenset({ParcelState.PACKED, ParcelState.AT_STOP, ParcelState.LOADED, ParcelState.AT_HUB})
LIVE = frozenset({ConsignmentState.AWAITING_ROUTE, ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT})
DUE_SOON = dt.timedelta(hours=24)
DAYS_AHEAD = 7
TAIL_DIGITS = 4


def points_of(user) -> list[PickupPoint]:
    """Return the points at which a person is an operator now, each with ``own_role``."""
    return list(PickupPoint.objects.visible_to(user).annotate(own_role=F("operators__role")).order_by("pk"))


def orders_of(user) -> QuerySet[Order]:
    """Return the orders that are collected at the person's own points."""
    return Order.objects.filter(pickup_point__operators__user=user, pickup_point__operators__until=None)


def proxy_orders_of(user) -> QuerySet[Order]:
    """Return the orders that operators of the person's own points placed for others, wherever they are collected."""
    here = Line.objects.filter(
        order=OuterRef("pk"), channel_point__operators__user=user, channel_point__operators__until=None
    )
    return Order.objects.filter(Exists(here), channel=Channel.PROXY)


def proxy_orders_at(point: PickupPoint) -> QuerySet[Order]:
    """Return the orders that operators of a point placed for others, the newest first."""
    here = Line.objects.filter(order=OuterRef("pk"), channel_point=point)
    return Order.objects.filter(Exists(here), channel=Channel.PROXY).order_by("-pk")


def parcels_of(user) -> QuerySet[Parcel]:
    """Return the parcels bound for, or at, the person's own points."""
    return Parcel.objects.at_points_of(user).select_related("consignment__order", "consignment__point")


def handed_over_at(parcel: Parcel) -> dt.datetime | None:
    """Return when what is in a parcel was last handed over at the counter."""
    given = Collection.objects.filter(lines__consignment_line__consignment=parcel.consignment_id)
    return given.order_by("-pk").values_list("occurred_at", flat=True).first()


def going_back(point: PickupPoint) -> int:
    """Return how many returns lie at a point, to be given to the driver or to be written off."""
    return GoodsReturn.objects.filter(point=point, state=ReturnState.AT_POINT).count()


def collections_of(user) -> QuerySet[Collection]:
    """Return the receipts of the person's own points."""
    return Collection.objects.filter(point__operators__user=user, point__operators__until=None)


def left_at(point: PickupPoint) -> dict[str, int]:
    """Return what a point that closes still has to do with: consignments that wait and that come, parcels that
    sellers dropped, and the sellers who drop there.
    """
    bound = Consignment.objects.filter(point=point).exclude(state__in=ENDED)
    return {
        "waiting": bound.filter(state=ConsignmentState.AT_POINT).count(),
        "coming": bound.exclude(state=ConsignmentState.AT_POINT).count(),
        "dropped": Parcel.objects.filter(consignment__origin_stop=point, state=ParcelState.AT_STOP).count(),
        "sellers": Partner.objects.filter(drop_off=point).count(),
    }


def room(point: PickupPoint, *, at: dt.datetime) -> tuple[list[str], list[tuple[dt.date, list[tuple[int, int]]]]]:
    """Return the storage classes that a point keeps and, by day ahead, the crates held and had of each."""
    first = day_of(at)
    held = villages.held_of([point.pk], since=first)
    kept = villages.capacities_of([point.pk])[point.pk]
    classes = [each for each in StorageClass if kept.get(each)]
    rows = []
    for day in (first + dt.timedelta(days=n) for n in range(DAYS_AHEAD)):
        found = [held.get((point.pk, day, each.value), (kept[each], 0)) for each in classes]
        rows.append((day, [(taken, capacity) for capacity, taken in found]))
    return [str(each.label) for each in classes], rows


@dataclass(frozen=True)
class Today:
    """The counter's figures of a day: parcels to come, received and waiting; hand-overs, what they brought in fen in
    cash and by the platform's QR."""

    expected: int
    received: int
    waiting: int
    handed_over: int
    cash_fen: int
    qr_fen: int = 0


def today(point: PickupPoint, *, at: dt.datetime) -> Today:
    """Count the day's parcels and money, in two queries."""
    begin, end = day_span(at)
    live = Q(consignment__state__in=[*LIVE, ConsignmentState.AT_POINT]) | Q(consignment__ended_at__gte=begin)
    parcels = Parcel.objects.filter(live, consignment__point=point).aggregate(
        expected=Count("pk", filter=Q(state__in=COMING, consignment__planned_at__lt=end)),
        received=Count("pk", filter=Q(received_at__gte=begin, received_at__lt=end)),
        waiting=Count("pk", filter=Q(state=ParcelState.AT_POINT)),
    )
    handed = Collection.objects.filter(point=point, occurred_at__gte=begin, occurred_at__lt=end).aggregate(
        handed_over=Count("pk"), cash_fen=Sum("cash_fen", default=0), qr_fen=Sum("payment__spent_fen", default=0)
    )
    return Today(**parcels, **handed)


@dataclass(frozen=True)
class Arrival:
    """A round that brings parcels today: when it is here, how many it brings, and how many are received."""

    departure_id: int
    name: str
    arrives_at: dt.datetime
    parcels: int
    received: int
    loaded: int
    is_late: bool
    is_closed: bool = False

    @property
    def is_complete(self) -> bool:
        return self.parcels > 0 and self.received == self.parcels


def arrivals(point: PickupPoint, *, at: dt.datetime) -> list[Arrival]:
    """Return the rounds that bring parcels to a point today, the earliest first, in one query."""
    begin, end = day_span(at)
    rows = (
        Leg.objects.filter(
            consignment__point=point,
            route_version=F("consignment__route_version"),
            released_at=None,
            direction=Direction.OUT,
            departure__round__isnull=False,
            arrives_at__gte=begin,
            arrives_at__lt=end,
        )
        .values("departure_id", "departure__round__name")
        .annotate(
            closed=Exists(StopClosing.objects.filter(departure=OuterRef("departure_id"), point=point)),
            arrives=Min("arrives_at"),
            parcels=Count("consignment__parcels"),
            waiting_to_come=Count("consignment__parcels", filter=Q(consignment__parcels__state__in=COMING)),
            loaded=Count(
                "consignment__parcels",
                filter=Q(
                    consignment__parcels__state=ParcelState.LOADED,
                    consignment__parcels__departure=F("departure_id"),
                ),
            ),
        )
        .order_by("arrives", "departure_id")
    )
    return [
        Arrival(
            departure_id=row["departure_id"],
            name=row["departure__round__name"],
            arrives_at=row["arrives"],
            parcels=row["parcels"],
            received=row["parcels"] - row["waiting_to_come"],
            loaded=row["loaded"],
            is_late=row["arrives"] < at and row["waiting_to_come"] > 0,
            is_closed=row["closed"],
        )
        for row in rows
        if row["parcels"]
    ]


def departures_to(user) -> QuerySet[Departure]:
    """Return the rounds that bring, or brought, something to the person's own points."""
    legs = Leg.objects.in_force().filter(
        departure=OuterRef("pk"),
        direction=Direction.OUT,
        consignment__point__operators__user=user,
        consignment__point__operators__until=None,
    )
    return Departure.objects.filter(Exists(legs), round__isnull=False)


def expected_parcels(point: PickupPoint, *, at: dt.datetime) -> QuerySet[Parcel]:
    """Return the parcels that are to come today or are late, the earliest first."""
    return (
        Parcel.objects.filter(
            state__in=COMING,
            consignment__point=point,
            consignment__state__in=LIVE,
            consignment__planned_at__lt=day_span(at)[1],
        )
        .select_related("consignment__order")
        .prefetch_related("consignment__lines__order_line")
        .order_by("consignment__planned_at", "consignment_id", "sequence")
    )


def parcel_at(point: PickupPoint, *, number: str) -> Parcel | None:
    """Return the parcel of a point with a number, or with an ending that only one of those to come has."""
    here = Parcel.objects.filter(consignment__point=point).select_related("consignment")
    found = here.filter(number=number).first()
    if found is None:
        ending = list(here.filter(state__in=COMING, consignment__state__in=LIVE, number__endswith=number)[:2])
        found = ending[0] if len(ending) == 1 else None
    return found


@dataclass
class Waiting:
    """What waits of one order at a point. ``due_fen`` is what is to be paid when all of it is taken."""

    order: Order
    shelves: list[str] = field(default_factory=list)
    parcels: int = 0
    missing: int = 0
    collect_by: dt.datetime | None = None
    goods: list[str] = field(default_factory=list)
    due_fen: int = 0

    @property
    def name(self) -> str:
        return masked(self.order.contact_name)

    @property
    def is_ready(self) -> bool:
        return self.collect_by is not None


def waiting(point: PickupPoint, *, tail: str = "") -> list[Waiting]:
    """Return what waits at a point by order, in three queries, the first to fall due first.

    :param tail: keep the orders whose phone ends in these digits.
    """
    parcels = Parcel.objects.filter(
        state=ParcelState.AT_POINT,
        consignment__point=point,
        consignment__state__in=[*LIVE, ConsignmentState.AT_POINT],
    ).select_related("consignment__order")
    if tail:
        parcels = parcels.filter(consignment__order__contact_phone_tail=tail)
    rows: dict[int, Waiting] = {}
    here: dict[int, Consignment] = {}
    for parcel in parcels.order_by("shelf", "pk"):
        consignment = parcel.consignment
        here[consignment.pk] = consignment
        row = rows.setdefault(consignment.order_id, Waiting(consignment.order))
        row.parcels += 1
        if parcel.shelf not in row.shelves:
            row.shelves.append(parcel.shelf)
    incomplete = [pk for pk, each in here.items() if each.state != ConsignmentState.AT_POINT]
    counted = Parcel.objects.filter(consignment__in=incomplete, state__in=COMING).values("consignment__order_id")
    for each in counted.annotate(missing=Count("pk")) if incomplete else ():
        rows[each["consignment__order_id"]].missing = each["missing"]
    for consignment in here.values():
        row = rows[consignment.order_id]
        if consignment.state == ConsignmentState.AT_POINT:
            row.collect_by = min(filter(None, (row.collect_by, consignment.collect_by)))
            row.due_fen += consignment.freight_fen if _pays_here(row.order) else 0
    for line in ConsignmentLine.objects.filter(consignment__in=here).select_related("order_line").order_by("pk"):
        consignment = here[line.consignment_id]
        row = rows[consignment.order_id]
        row.goods.append(f"{line.order_line.title} × {line.open}")
        if consignment.state == ConsignmentState.AT_POINT and _pays_here(row.order):
            row.due_fen += line.open * line.order_line.unit_price_fen
    return sorted(rows.values(), key=lambda row: (row.collect_by is None, row.collect_by, row.order.pk))


def _pays_here(order: Order) -> bool:
    return order.payment_method == PaymentMethod.AT_POINT


def due_soon(rows: Iterable[Waiting], *, at: dt.datetime) -> list[Waiting]:
    """Keep what falls due within a day."""
    return [row for row in rows if row.collect_by is not None and row.collect_by < at + DUE_SOON]


def waiting_lines(order: Order, *, point_id: int) -> list[ConsignmentLine]:
    """Return the lines of an order that can be handed over at a point."""
    return list(
        ConsignmentLine.objects.filter(
            consignment__order=order, consignment__point_id=point_id, consignment__state=ConsignmentState.AT_POINT
        )
        .select_related("order_line__product", "consignment__seller")
        .prefetch_related("order_line__product__images", "consignment__parcels")
        .order_by("consignment_id", "pk")
    )


def last_collection(order: Order, *, point_id: int) -> Collection | None:
    """Return the latest receipt of an order at a point."""
    return Collection.objects.filter(order=order, point_id=point_id).order_by("-pk").first()
