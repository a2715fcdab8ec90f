"""Routing: giving consignments their legs, and giving the legs' crates back.

A consignment in AWAITING_ROUTE is its own queue entry. A worker claims some by guarded update with a lease, searches in
its snapshot of the timetable, and settles them in one transaction in which the locked departures have the last word;
who finds one full searches again without it.
"""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from core import events, locks
from logistics import snapshots
from logistics.models import Consignment, Leg
from logistics.services import capacity
from logistics.states import ConsignmentState, Direction
from logistics.timetable import Route, Timetable

log = logging.getLogger(__name__)

_CONSIGNMENTS = Consignment._meta.db_table
_TRIES = 5  # times that a batch is searched again for those that found a departure full
_LONGEST_WAIT = dt.timedelta(minutes=10)  # until a consignment without a route is looked at again

# Materialised, so that the rows are picked once and not again for each row that is looked at.
_CLAIM = f"""
    WITH picked AS MATERIALIZED (
        SELECT id FROM {_CONSIGNMENTS}
        WHERE state = '{ConsignmentState.AWAITING_ROUTE}'
          AND (routing_lease_until IS NULL OR routing_lease_until <= %s)
        ORDER BY created_at LIMIT %s {{skip_locked}}
    )
    UPDATE {_CONSIGNMENTS} SET routing_lease_until = %s, routing_attempts = routing_attempts + 1
    WHERE id IN (SELECT id FROM picked)
      AND state = '{ConsignmentState.AWAITING_ROUTE}' AND (routing_lease_until IS NULL OR routing_lease_until <= %s)
    RETURNING id
"""
_SETTLE = f"""
    UPDATE {_CONSIGNMENTS}
    SET state = CASE WHEN packed_at IS NULL THEN '{ConsignmentState.ROUTED}' ELSE '{ConsignmentState.PACKED}' END,
        route_version = route_version + 1, planned_at = routed.planned_at, routed_at = %s, routing_lease_until = NULL
    FROM (SELECT column1 AS consignment_id, column2 AS planned_at FROM (VALUES {{rows}}) v) routed
    WHERE {_CONSIGNMENTS}.id = routed.consignment_id AND {_CONSIGNMENTS}.state = '{ConsignmentState.AWAITING_ROUTE}'
"""


@dataclass
class RoutingReport:
    """How many consignments were claimed, routed and left without a route."""

    claimed: int = 0
    routed: int = 0
    unroutable: int = 0


def route_waiting(*, limit: int, at: dt.datetime, by="task:routing") -> RoutingReport:
    """Claim up to ``limit`` waiting consignments and route each to its earliest arrival.

    :param at: the clock; no leg departs before it.
    :returns: what became of them; ``claimed`` is 0 when none waits.
    """
    lease_until = at + dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS)
    waiting = _claimed(limit=limit, at=at, lease_until=lease_until)
    report = RoutingReport(claimed=len(waiting))
    lost: list[Consignment] = []
    fresh = False
    for _ in range(_TRIES):
        if not waiting:
            break
        timetable = snapshots.current(at, fresh=fresh)
        plan, without = _search(timetable, waiting, at=at)
        routed, refused = _settled(timetable, plan, lease_until=lease_until, at=at, by=by)
        report.routed += routed
        # A snapshot that is some seconds old may miss room that was given back since.
        waiting, lost = (refused, without) if fresh else ([*refused, *without], [])
        fresh = True
        if lost:
            report.unroutable += len(lost)
            _set_aside(lost, at=at, by=by)
    return report


def _claimed(*, limit: int, at: dt.datetime, lease_until: dt.datetime) -> list[Consignment]:
    skip_locked = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM.format(skip_locked=skip_locked), [_kept(at), limit, _kept(lease_until), _kept(at)])
        ids = [pk for (pk,) in cursor.fetchall()]
    return (
        list(Consignment.objects.filter(pk__in=ids).select_related("order").order_by("created_at", "pk")) if ids else []
    )


def _search(
    timetable: Timetable, waiting: Sequence[Consignment], *, at: dt.datetime
) -> tuple[list[tuple[Consignment, Route]], list[Consignment]]:
    """Return a route for each consignment that has one, their crates taken in the snapshot, and those without."""
    plan, without = [], []
    for consignment in waiting:
        route = timetable.route(
            origin=consignment.origin_stop_id,
            destination=consignment.point_id,
            at=seconds(max(consignment.ready_from, at)),
            storage_class=consignment.storage_class,
            crates=consignment.crates,
        )
        if route is None:
            without.append(consignment)
        else:
            timetable.take(route, consignment.crates)
            plan.append((consignment, route))
    return plan, without


def _settled(
    timetable: Timetable,
    plan: Sequence[tuple[Consignment, Route]],
    *,
    lease_until: dt.datetime,
    at: dt.datetime,
    by,
) -> tuple[int, list[Consignment]]:
    """Write the routes for which the departures have room; return how many, and the consignments to search again."""
    if not plan:
        return 0, []
    with transaction.atomic():
        mine = set(
            locks.lock(
                Consignment.objects.filter(
                    pk__in=[consignment.pk for consignment, _ in plan],
                    state=ConsignmentState.AWAITING_ROUTE,
                    routing_lease_until=lease_until,
                ),
                rank=locks.Rank.CONSIGNMENT,
            ).values_list("pk", flat=True)
        )
        planned = [(consignment, route) for consignment, route in plan if consignment.pk in mine]
        free = capacity.lock({hop.departure_id for _, route in planned for hop in route.hops})
        left = Counter()
        for departure_id, both in free.items():
            left[(departure_id, Direction.OUT)], left[(departure_id, Direction.BACK)] = both.out, both.back
        loads: Counter = Counter()
        agreed, refused = [], []
        for consignment, route in planned:
            places = [(hop.departure_id, hop.direction) for hop in route.hops]
            if all(left[place] >= consignment.crates for place in places):
                for place in places:
                    left[place] -= consignment.crates
                    loads[place] += consignment.crates
                agreed.append((consignment, route))
            else:
                refused.append(consignment)
        capacity.take(loads)
        _write(agreed, at=at, by=by)
    timetable.correct({pk: (left[(pk, Direction.OUT)], left[(pk, Direction.BACK)]) for pk in free})
    return len(agreed), refused


def _write(agreed: Sequence[tuple[Consignment, Route]], *, at: dt.datetime, by) -> None:
    if not agreed:
        return
    Leg.objects.bulk_create([leg for consignment, route in agreed for leg in legs(consignment, route)], batch_size=500)
    row = "(%s, %s::timestamptz)" if connection.vendor == "postgresql" else "(%s, %s)"
    parameters: list = [_kept(at)]
    for consignment, route in agreed:
        parameters += [consignment.pk, _kept(moment(route.arrives))]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE.format(rows=", ".join([row] * len(agreed))), parameters)
    events.append(
        [
            events.NewEvent(
                "consignment",
                consignment.number,
                "consignment.routed",
                {
                    "order": consignment.order.number,
                    "point": consignment.point_id,
                    "crates": consignment.crates,
                    "route_version": consignment.route_version + 1,
                    "departures": [hop.departure_id for hop in route.hops],
                    "planned_at": moment(route.arrives).isoformat(),
                },
            )
            for consignment, route in agreed
        ],
        by=by,
        at=at,
    )


def legs(consignment: Consignment, route: Route, *, after: int = 0) -> list[Leg]:
    """Return the legs, unsaved, of a consignment's next route version.

    :param after: how many legs of the route were ridden before this part of it.
    """
    return [
        Leg(
            consignment=consignment,
            route_version=consignment.route_version + 1,
            sequence=sequence,
            departure_id=hop.departure_id,
            direction=hop.direction,
            crates=consignment.crates,
            departs_at=moment(hop.departs),
            arrives_at=moment(hop.arrives),
        )
        for sequence, hop in enumerate(route.hops, start=after + 1)
    ]


def _set_aside(lost: Sequence[Consignment], *, at: dt.datetime, by) -> None:
    """Let consignments without a route wait longer each time; say so in the log once for each."""
    told = [consignment for consignment in lost if consignment.routing_attempts == 1]
    for consignment in told:
        log.warning("no route: %s from %s to %s", consignment.number, consignment.origin_stop_id, consignment.point_id)
    with transaction.atomic():
        locks.touch(locks.Rank.CONSIGNMENT)
        for attempts in {consignment.routing_attempts for consignment in lost}:
            wait = dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS * 2 ** min(attempts, 10))
            Consignment.objects.filter(
                pk__in=[consignment.pk for consignment in lost if consignment.routing_attempts == attempts],
                state=ConsignmentState.AWAITING_ROUTE,
            ).update(routing_lease_until=at + min(wait, _LONGEST_WAIT))
        events.append(
            [
                events.NewEvent(
                    "consignment",
                    consignment.number,
                    "consignment.unroutable",
                    {"order": consignment.order.number, "point": consignment.point_id, "crates": consignment.crates},
                )
                for consignment in told
            ],
            by=by,
            at=at,
        )


def release(consignments: Iterable[Consignment], *, at: dt.datetime, by) -> int:
    """Give the crates of the consignments' live legs back to their departures; return how many legs were released.

    Called inside the transaction that cancels or re-routes them, after their rows were locked. It moves no state.
    """
    legs = list(
        Leg.objects.filter(consignment__in=[c.pk for c in consignments], released_at=None).values_list(
            "pk", "departure_id", "direction", "crates"
        )
    )
    loads: Counter = Counter()
    for _, departure_id, direction, crates in legs:
        loads[(departure_id, direction)] += crates
    capacity.give(loads)
    Leg.objects.filter(pk__in=[pk for pk, *_ in legs]).update(released_at=at)
    return len(legs)


def _kept(at: dt.datetime):
    """Return a time as the database keeps it, for a raw statement."""
    return connection.ops.adapt_datetimefield_value(at)


def seconds(at: dt.datetime) -> int:
    """Return whole seconds since 1970, rounded up: nothing leaves before it is there."""
    return -int(-at.timestamp() // 1)


def moment(seconds: int) -> dt.datetime:
    """Return the time of whole seconds since 1970."""
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
