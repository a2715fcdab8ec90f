"""Re-routing: what missed its departure, or was asked to, gets another route; what was ridden of the old one stays."""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from core import events, locks
from core.events import NewEvent
from logistics import snapshots
from logistics.models import Consignment, Leg
from logistics.services import capacity, routing
from logistics.states import MOVES, ConsignmentState, Direction, ParcelState
from logistics.timetable import Route

log = logging.getLogger(__name__)

GRACE = dt.timedelta(minutes=20)  # that a loading may be late before the departure counts as missed
_TRIES = 3


class UnableToReroute(Exception):
    """The consignment is past the states in which its route can be taken away."""


def reroute(consignments: Iterable[Consignment], *, at: dt.datetime, by, reason: str) -> int:
    """Take the routes of consignments away, so that they wait for another; return how many.

    :param reason: a word for the log: ``missed``, ``departure-cancelled``, ``asked``.
    :raises UnableToReroute: where one of them has already been loaded, or has ended; then none is changed.
    """
    with transaction.atomic():
        asked = Consignment.objects.filter(pk__in=[c.pk for c in consignments]).select_related("order")
        rows = list(locks.lock(asked, rank=locks.Rank.CONSIGNMENT))
        for row in rows:
            if ConsignmentState.AWAITING_ROUTE not in MOVES[row.state]:
                raise UnableToReroute(f"{row.number} is {row.state}")
        routing.release(rows, at=at, by=by)
        Consignment.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=ConsignmentState.AWAITING_ROUTE,
            planned_at=None,
            routing_lease_until=None,
            routing_attempts=0,
        )
        events.append(
            [
                NewEvent(
                    "consignment",
                    row.number,
                    "consignment.unrouted",
                    {"order": row.order.number, "route_version": row.route_version, "reason": reason},
                )
                for row in rows
            ],
            by=by,
            at=at,
        )
    return len(rows)


def reroute_missed(*, at: dt.datetime, by="task:routing") -> int:
    """Re-route what was not loaded when its departure left, at the stop or at a hub; return how many consignments."""
    late = Leg.objects.filter(
        released_at=None, route_version=F("consignment__route_version"), departs_at__lt=at - GRACE
    ).order_by("consignment_id")
    unsent = late.filter(sequence=1, consignment__state__in=[ConsignmentState.ROUTED, ConsignmentState.PACKED])
    missed = list(Consignment.objects.filter(pk__in=unsent.values("consignment")[: settings.ROUTING_BATCH]))
    if missed:
        reroute(missed, at=at, by=by, reason="missed")
    here = F("consignment__parcels__hub")
    stranded = late.filter(
        Q(departure__lane__origin=here) | Q(direction=Direction.OUT, departure__round__hub=here),
        consignment__state=ConsignmentState.IN_TRANSIT,
        consignment__parcels__state=ParcelState.AT_HUB,
    )
    pairs = dict(stranded.values_list("consignment_id", "sequence")[: settings.ROUTING_BATCH])
    sent_on = sum(_send_on(pk, missed=sequence, at=at, by=by) for pk, sequence in pairs.items())
    return len(missed) + sent_on


def _send_on(consignment_id: int, *, missed: int, at: dt.datetime, by) -> bool:
    """Give a consignment that stands at a hub a way on from there, in place of its legs from the missed one on."""
    for attempt in range(_TRIES):
        consignment = Consignment.objects.select_related("order").get(pk=consignment_id)
        places = set(consignment.parcels.values_list("state", "hub_id"))
        if len(places) != 1 or next(iter(places))[0] != ParcelState.AT_HUB:
            return False  # some of its parcels are on their way: the others follow on the legs that it has
        [(_, hub_id)] = places
        route = snapshots.current(at, fresh=attempt > 0).route_from_hub(
            hub=hub_id,
            destination=consignment.point_id,
            at=routing.seconds(at),
            storage_class=consignment.storage_class,
            crates=consignment.crates,
        )
        if route is None:
            continue
        try:
            if _replaced(consignment, route, missed=missed, at=at, by=by):
                return True
        except capacity.UnableToTakeCapacity:
            continue
    log.warning("no way on for %s", consignment.number)
    return False


@transaction.atomic
def _replaced(consignment: Consignment, route: Route, *, missed: int, at: dt.datetime, by) -> bool:
    """Write the way on; False when the consignment has moved since it was read."""
    same = Consignment.objects.filter(
        pk=consignment.pk, state=ConsignmentState.IN_TRANSIT, route_version=consignment.route_version
    )
    if not locks.lock(same, rank=locks.Rank.CONSIGNMENT).exists():
        return False
    live = Leg.objects.filter(consignment=consignment, released_at=None)
    given: Counter = Counter()
    for departure_id, direction, crates in live.filter(sequence__gte=missed).values_list(
        "departure_id", "direction", "crates"
    ):
        given[(departure_id, direction)] += crates
    taken = {(hop.departure_id, hop.direction): consignment.crates for hop in route.hops}
    capacity.lock({departure_id for departure_id, _ in [*given, *taken]})
    capacity.give(given)
    capacity.take(taken)
    live.filter(sequence__gte=missed).update(released_at=at)
    live.filter(sequence__lt=missed).update(route_version=consignment.route_version + 1)
    Leg.objects.bulk_create(routing.legs(consignment, route, after=missed - 1))
    planned_at = routing.moment(route.arrives)
    Consignment.objects.filter(pk=consignment.pk).update(route_version=F("route_version") + 1, planned_at=planned_at)
    payload = {
        "order": consignment.order.number,
        "point": consignment.point_id,
        "route_version": consignment.route_version + 1,
        "departures": [hop.departure_id for hop in route.hops],
        "planned_at": planned_at.isoformat(),
        "reason": "missed",
    }
    events.append([NewEvent("consignment", consignment.number, "consignment.rerouted", payload)], by=by, at=at)
    return True
