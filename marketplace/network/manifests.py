"""Manifests: what a departure carries by stop and storage class, and what came of it at its end."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import QuerySet

from core.storage_class import StorageClass
from logistics.models import Departure, Parcel, Scan
from logistics.services import arrivals
from logistics.states import Direction, ParcelState, ScanKind

_CLASSES = StorageClass.values


@dataclass(frozen=True)
class Group:
    """The parcels of one storage class at a stop."""

    storage_class: StorageClass
    parcels: list[Parcel]

    @property
    def crates(self) -> int:
        return sum(parcel.crates for parcel in self.parcels)


@dataclass
class Stop:
    """What a departure does at one place: the parcels that it sets down, or picks up."""

    name: str
    at: dt.datetime
    picks_up: bool
    parcels: list[Parcel] = field(default_factory=list)

    @property
    def crates(self) -> int:
        return sum(parcel.crates for parcel in self.parcels)

    @property
    def groups(self) -> list[Group]:
        """Its parcels by storage class, in the order of their numbers."""

        def by_class(parcel: Parcel) -> int:
            return _CLASSES.index(parcel.consignment.storage_class)

        rows = sorted(self.parcels, key=lambda parcel: (by_class(parcel), parcel.number))
        return [Group(StorageClass(_CLASSES[place]), list(group)) for place, group in groupby(rows, key=by_class)]


def stops_of(departure: Departure) -> list[Stop]:
    """Return what a departure carries by its stops, in the order of the trip, in two queries."""
    legs = (
        departure.legs.in_force()
        .select_related("consignment__point", "consignment__origin_stop")
        .prefetch_related("consignment__parcels")
        .order_by("arrives_at", "departs_at", "consignment_id")
    )
    stops: dict[tuple, Stop] = {}
    for leg in legs:
        consignment = leg.consignment
        if departure.lane:
            key, name, at = ("end",), departure.lane.destination.name, departure.arrives_at
        elif leg.direction == Direction.OUT:
            key, name, at = ("out", consignment.point_id), consignment.point.name, leg.arrives_at
        else:
            key, name, at = ("back", consignment.origin_stop_id), consignment.origin_stop.name, leg.departs_at
        stop = stops.setdefault(key, Stop(name, at, leg.direction == Direction.BACK))
        for parcel in consignment.parcels.all():
            with_the_others = not parcel.strayed or is_aboard(parcel, departure)
            if parcel.pk == leg.parcel_id if leg.parcel_id else with_the_others:
                parcel.consignment = consignment
                stop.parcels.append(parcel)
    return sorted((stop for stop in stops.values() if stop.parcels), key=lambda stop: (stop.at, stop.picks_up))


def is_aboard(parcel: Parcel, departure: Departure) -> bool:
    return parcel.state == ParcelState.LOADED and parcel.departure_id == departure.pk


@dataclass(frozen=True)
class Arrived:
    """What was to come with a departure to its end, what of it is missing, and what came beside it."""

    expected: int
    short: list[Parcel]
    surplus: list[Parcel]

    @property
    def came(self) -> int:
        return self.expected - len(self.short)


def arrived(departure: Departure) -> Arrived:
    """Compare what was read at the end of a departure with its manifest, in three queries."""
    bound = arrivals.bound_for_end(departure)
    read = Scan.objects.filter(departure=departure, kind=ScanKind.SURPLUS).values("parcel")
    surplus = Parcel.objects.filter(pk__in=read).exclude(pk__in=bound.values("pk"))
    return Arrived(bound.count(), list(_with_goods(arrivals.short(departure))), list(_with_goods(surplus)))


def _with_goods(parcels: QuerySet[Parcel]) -> QuerySet[Parcel]:
    return parcels.select_related("consignment__point").order_by("number")


def totals(stops: Iterable[Stop]) -> tuple[int, int]:
    """Return how many parcels and crates stops have together."""
    rows = list(stops)
    return sum(len(stop.parcels) for stop in rows), sum(stop.crates for stop in rows)
