"""Questions of hub workers and drivers: what lies at the own hub, what leaves and comes, what a departure carries."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery

from logistics.models import Departure, Hub, Leg, Parcel, Scan
from logistics.services import arrivals
from logistics.states import DepartureState, Direction, ParcelState, ScanKind

AHEAD, BEHIND = dt.timedelta(hours=24), dt.timedelta(hours=4)
NOT_YET = frozenset({ParcelState.PACKED, ParcelState.AT_STOP, ParcelState.AT_HUB})


def hubs_of(user) -> list[Hub]:
    """Return the hubs at which a person works now."""
    return list(Hub.objects.visible_to(user).order_by("pk"))


@dataclass(frozen=True)
class Due:
    """A departure with what it is to carry by its manifest, and how much of that is aboard."""

    departure: Departure
    parcels: int
    aboard: int


def due(user, *, at: dt.datetime) -> list[Due]:
    """Return the person's departures from some hours ago to a day ahead, in two queries.

    One that broke down stays as long as something is aboard: a hub has to take it in.
    """
    aboard = Parcel.objects.filter(departure=OuterRef("pk"), state=ParcelState.LOADED)
    departures = list(
        Departure.objects.visible_to(user)
        .filter(
            Q(departs_at__lt=at + AHEAD, arrives_at__gt=at - BEHIND)
            | Q(Exists(aboard), state=DepartureState.BROKEN_DOWN)
        )
        .exclude(state=DepartureState.CANCELLED)
        .select_related("lane__origin", "lane__destination", "round__hub")
        .order_by("departs_at", "pk")
    )
    is_aboard = Q(consignment__parcels__state=ParcelState.LOADED, consignment__parcels__departure=F("departure_id"))
    goes_along = Q(parcel=None) & (Q(consignment__parcels__strayed=False) | is_aboard)
    carried = Count("consignment__parcels", filter=goes_along | Q(parcel=F("consignment__parcels")))
    rows = Leg.objects.in_force().filter(departure__in=departures).values("departure_id")
    rows = rows.annotate(parcels=carried, aboard=Count("consignment__parcels", filter=is_aboard))
    counts = {row["departure_id"]: (row["parcels"], row["aboard"]) for row in rows}
    return [Due(departure, *counts.get(departure.pk, (0, 0))) for departure in departures]


@dataclass(frozen=True)
class AtHub:
    """A parcel at a hub and the leg on which it goes on; none while its way is being planned again."""

    parcel: Parcel
    leg: Leg | None


def at_hubs(hubs: list[Hub], *, limit: int) -> list[AtHub]:
    """Return the parcels that lie at some hubs, the first to leave first, in three queries.

    ``came_as`` tells those that turned up as surplus from those that were unloaded.
    """
    parcels = (
        Parcel.objects.filter(hub__in=hubs, state=ParcelState.AT_HUB)
        .annotate(came_as=Subquery(Scan.objects.filter(parcel=OuterRef("pk")).order_by("-pk").values("kind")[:1]))
        .select_related("consignment__point")
        .prefetch_related("consignment__legs__departure__lane__destination", "consignment__legs__departure__round")
        .order_by("pk")[:limit]
    )
    found = [AtHub(parcel, _next_leg(parcel)) for parcel in parcels]
    return sorted(found, key=lambda each: (each.leg is None, each.leg and each.leg.departs_at, each.parcel.pk))


def _next_leg(parcel: Parcel) -> Leg | None:
    """Return the last leg in force from the hub where a parcel lies: of its own way where it has one, else of all."""
    own = parcel.pk if parcel.strayed else None
    from_here = [
        leg
        for leg in parcel.consignment.legs.all()
        if leg.released_at is None and leg.parcel_id == own and _begins_at(leg) == parcel.hub_id
    ]
    return max(from_here, key=lambda leg: (leg.route_version, leg.sequence), default=None)


def _begins_at(leg: Leg) -> int | None:
    """Return the key of the hub where a leg begins; None where it begins at a seller's stop."""
    lane, round_ = leg.departure.lane, leg.departure.round
    return lane.origin_id if lane else round_.hub_id if leg.direction == Direction.OUT else None


def end_of(departure: Departure) -> int:
    """Return the key of the hub where a departure ends."""
    return departure.lane.destination_id if departure.lane else departure.round.hub_id


def takes_in(departure: Departure, *, hubs: list[Hub]) -> Hub | None:
    """Return the own hub that takes in what a departure carries: where it ends, or began if it broke down."""
    places = [end_of(departure)]
    if departure.state == DepartureState.BROKEN_DOWN and departure.lane:
        places.append(departure.lane.origin_id)
    return next((hub for place in places for hub in hubs if hub.pk == place), None)


def kinds(departure: Departure, *, hubs: list[Hub], at: dt.datetime) -> list[ScanKind]:
    """Return what somebody of these hubs, or the driver, can do with a departure's parcels, the likeliest now first.

    A round begins and ends at one hub: until it is said to have left, or its time is over, its parcels are loaded.
    """
    mine = {hub.pk for hub in hubs}
    if departure.state == DepartureState.BROKEN_DOWN and takes_in(departure, hubs=hubs):
        return [ScanKind.UNLOADED]
    if end_of(departure) not in mine:
        return [ScanKind.LOADED]
    if departure.lane and departure.lane.origin_id not in mine:
        return [ScanKind.UNLOADED]
    both = [ScanKind.LOADED, ScanKind.UNLOADED]
    came = departure.state in {DepartureState.DEPARTED, DepartureState.ARRIVED} or departure.arrives_at <= at
    return both[::-1] if came else both


class Act(StrEnum):
    """What people note of a vehicle."""

    DEPART = "depart"
    ARRIVE = "arrive"
    DELAY = "delay"
    BREAK_DOWN = "break-down"
    CLOSE = "close"


EARLIEST = dt.timedelta(hours=1)  # before its time that a vehicle can be said to have left


def acts(departure: Departure, *, user, hubs: list[Hub], at: dt.datetime) -> set[Act]:
    """Return what a driver, or somebody of these hubs, can note of a departure now."""
    mine, start = {hub.pk for hub in hubs}, departure.lane.origin_id if departure.lane else departure.round.hub_id
    drives = departure.driven_by_id == user.pk
    at_start, at_end = drives or start in mine, drives or end_of(departure) in mine
    state, found = departure.state, set()
    if state == DepartureState.SCHEDULED and at_start and departure.departs_at - EARLIEST <= at:
        found.add(Act.DEPART)
    if state == DepartureState.DEPARTED and at_end:
        found.add(Act.ARRIVE)
    if state in {DepartureState.SCHEDULED, DepartureState.DEPARTED} and (at_start or at_end):
        found.add(Act.DELAY)
    if state == DepartureState.DEPARTED and (at_start or at_end):
        found.add(Act.BREAK_DOWN)
    if takes_in(departure, hubs=hubs) and not departure.closed_at and arrivals.can_have_come(departure, at=at):
        found.add(Act.CLOSE)
    return found


def parcel_of(departure: Departure, *, number: str) -> Parcel | None:
    """Return the parcel of a departure's manifest with a number, or with an ending that only one of them has."""
    legs = departure.legs.in_force().values("consignment_id")
    aboard = Parcel.objects.filter(consignment__in=legs)
    found = aboard.filter(number=number).first()
    if found is None:
        ending = list(aboard.filter(number__endswith=number)[:2])
        found = ending[0] if len(ending) == 1 else None
    return found
