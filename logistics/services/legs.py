"""Legs: writing those of a route, and giving the crates of those that are abandoned back."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import QuerySet

from core import bulk
from logistics.connections import Route
from logistics.models import Consignment, Leg, Parcel
from logistics.services import capacity


class NewLeg(NamedTuple):
    """A row of ``Leg`` to be written, in the order of its columns."""

    consignment_id: int
    parcel_id: int | None
    route_version: int
    sequence: int
    departure_id: int
    direction: str
    crates: int
    departs_at: dt.datetime
    arrives_at: dt.datetime


def of(
    consignment: Consignment,
    route: Route,
    *,
    after: int = 0,
    parcel: Parcel | None = None,
    version: int | None = None,
) -> list[NewLeg]:
    """Return the legs of a route, to be written.

    :param after: how many legs of the route were ridden before this part of it.
    :param parcel: the one parcel that rides them, where the others do not.
    :param version: of the route; by default the consignment's next.
    """
    crates = parcel.crates if parcel else consignment.crates
    version = version or consignment.route_version + 1
    parcel_id = parcel.pk if parcel else None
    return [
        NewLeg(
            consignment.pk,
            parcel_id,
            version,
            sequence,
            hop.departure_id,
            str(hop.direction),
            crates,
            moment(hop.departs),
            moment(hop.arrives),
        )
        for sequence, hop in enumerate(route.hops, start=after + 1)
    ]


def write(rows: Sequence[NewLeg]) -> None:
    """Write legs inside the caller's transaction, which has taken their crates."""
    bulk.insert(Leg, NewLeg._fields, rows)


def release(consignments: Iterable[Consignment], *, at: dt.datetime, by) -> int:
    """Give the crates of the consignments' live legs back to their departures; return how many legs were released.

    Called inside the transaction that cancels or re-routes them, after their rows were locked. It moves no state.
    """
    held = Leg.objects.in_force().filter(consignment__in=[each.pk for each in consignments])
    return give_back(held, at=at)


def give_back(held: QuerySet[Leg], *, at: dt.datetime) -> int:
    """Release legs that are in force and give their crates back; return how many."""
    rows = list(held.values_list("pk", "departure_id", "direction", "crates"))
    loads: Counter = Counter()
    for _, departure_id, direction, crates in rows:
        loads[(departure_id, direction)] += crates
    capacity.give(loads)
    Leg.objects.filter(pk__in=[pk for pk, *_ in rows]).update(released_at=at)
    return len(rows)


def seconds(at: dt.datetime) -> int:
    """Return whole seconds since 1970, rounded up: nothing leaves before it is there."""
    return -int(-at.timestamp() // 1)


def moment(seconds: int) -> dt.datetime:
    """Return the time of whole seconds since 1970."""
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
