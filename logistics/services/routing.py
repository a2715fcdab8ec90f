"""Routing: giving consignments their legs.

A consignment in AWAITING_ROUTE is its own queue entry. A worker claims some by guarded update with a lease, searches in
its snapshot of the timetable, and settles them in one transaction in which the locked departures have the last word;
who finds one full searches again without it.
"""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from core import events, locks, sql
from logistics import snapshots
from logistics.connections import Route
from logistics.doors import lies_too_long
from logistics.models import Consignment
from logistics.services import capacity, expectations, legs, milestones
from logistics.services.expectations import Expectations
from logistics.states import ConsignmentState, Direction
from logistics.timetable import Timetable

log = logging.getLogger(__name__)

_CONSIGNMENTS = Consignment._meta.db_table
_TRIES = 5  # times that a batch is searched again for those that found a departure full
TRIES_BEFORE_TOLD = 3  # in vain, about a minute, before the buyer is told that nobody knows the day any more
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
        route_version = route_version + 1, planned_at = v.column2, expected_at = v.column3,
        routed_at = %s, routing_lease_until = NULL
    FROM {{rows}}
    WHERE {_CONSIGNMENTS}.id = v.column1 AND {_CONSIGNMENTS}.state = '{ConsignmentState.AWAITING_ROUTE}'
"""


class Planned(NamedTuple):
    """A consignment with the route that was found, and when its point can then hand it over."""

    consignment: Consignment
    route: Route
    expected_at: dt.datetime | None


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
    milestones.passed("claimed")
    report = RoutingReport(claimed=len(waiting))
    lost: list[Consignment] = []
    fresh = False
    for _ in range(_TRIES):
        if not waiting:
            break
        timetable, hopes = snapshots.current(at, fresh=fresh), Expectations.of(waiting)
        plan, without = _search(timetable, waiting, hopes, at=at)
        milestones.passed("searched")
        routed, refused = _settled(timetable, plan, hopes, lease_until=lease_until, at=at, by=by)
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
    timetable: Timetable, waiting: Sequence[Consignment], hopes: Expectations, *, at: dt.datetime
) -> tuple[list[Planned], list[Consignment]]:
    """Return a route for each consignment that has one, their crates taken in the snapshot, and those without."""
    plan, without = [], []
    orders: dict[int, list[Consignment]] = {}
    for consignment in waiting:
        orders.setdefault(consignment.order_id, []).append(consignment)
    for of_order in orders.values():
        found = [(each, _route(timetable, each, hopes, at=at)) for each in of_order]
        without += [each for each, planned in found if planned is None]
        planned = [planned for _, planned in found if planned is not None]
        if len(planned) > 1:
            planned = _brought_together(timetable, planned, hopes, at=at)
        for each in planned:
            # Another consignment of the order may have taken the last room since this one was searched.
            if len(planned) > 1 and not timetable.has_room_for(each.route, each.consignment.crates):
                each = _route(timetable, each.consignment, hopes, at=at) or each
            timetable.take(each.route, each.consignment.crates)
            plan.append(each)
    return plan, without


def _route(
    timetable: Timetable, consignment: Consignment, hopes: Expectations, *, at: dt.datetime, last: int | None = None
) -> Planned | None:
    """Return the way, or None where there is none, or where goods would spoil before their point opens again: these
    stay with their seller until then, unless their buyer chooses another point."""
    ready = legs.seconds(max(consignment.ready_from, at))
    route = timetable.route(
        origin=consignment.origin_stop_id,
        destination=consignment.point_id,
        at=ready,
        storage_class=consignment.storage_class,
        crates=consignment.crates,
        not_before=hopes.not_before(consignment),
        by=last,
    )
    closings = timetable.closings.get(consignment.point_id, ())
    storage_class = consignment.storage_class
    if route and lies_too_long(closings, storage_class=storage_class, at=ready, until=route.arrives):
        return None
    return Planned(consignment, route, hopes.handed_over_at(consignment, route.arrives)) if route else None


def _brought_together(
    timetable: Timetable, planned: list[Planned], hopes: Expectations, *, at: dt.datetime
) -> list[Planned]:
    """Let an order's consignments come on the vehicle of the last of them, where none comes later than promised."""
    latest = max(planned, key=lambda each: each.route.arrives)
    if not latest.route.hops or latest.expected_at is None:
        return planned
    last = latest.route.hops[-1].departure_id
    together = []
    for each in planned:
        other = None
        promised = max(each.expected_at or latest.expected_at, each.consignment.promised_at or latest.expected_at)
        if each.route.hops and each.route.hops[-1].departure_id != last and latest.expected_at <= promised:
            other = _route(timetable, each.consignment, hopes, at=at, last=last)
        together.append(other or each)
    return together


def _settled(
    timetable: Timetable,
    plan: Sequence[Planned],
    hopes: Expectations,
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
                    pk__in=[each.consignment.pk for each in plan],
                    state=ConsignmentState.AWAITING_ROUTE,
                    routing_lease_until=lease_until,
                ),
                rank=locks.Rank.CONSIGNMENT,
            ).values_list("pk", flat=True)
        )
        planned = [each for each in plan if each.consignment.pk in mine]
        expectations.move_holds([(each.consignment, each.expected_at) for each in planned])
        milestones.passed("holds-moved")
        free = capacity.lock({hop.departure_id for each in planned for hop in each.route.hops})
        left = Counter()
        for departure_id, both in free.items():
            left[(departure_id, Direction.OUT)], left[(departure_id, Direction.BACK)] = both.out, both.back
        loads: Counter = Counter()
        agreed, refused = [], []
        for each in planned:
            crates = each.consignment.crates
            places = [(hop.departure_id, hop.direction) for hop in each.route.hops]
            if all(left[place] >= crates for place in places):
                for place in places:
                    left[place] -= crates
                    loads[place] += crates
                agreed.append(each)
            else:
                refused.append(each.consignment)
        capacity.take(loads, are_locked=True)
        milestones.passed("crates-taken")
        _write(agreed, at=at, by=by)
    milestones.passed("committed")
    timetable.correct({pk: (left[(pk, Direction.OUT)], left[(pk, Direction.BACK)]) for pk in free})
    return len(agreed), refused


def _write(agreed: Sequence[Planned], *, at: dt.datetime, by) -> None:
    if not agreed:
        return
    legs.write([leg for each in agreed for leg in legs.of(each.consignment, each.route)])
    milestones.passed("legs-written")
    settled = [(e.consignment.pk, _kept(legs.moment(e.route.arrives)), _kept(e.expected_at)) for e in agreed]
    table, parameters = sql.values(settled, ("bigint", "timestamptz", "timestamptz"))
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE.format(rows=table), [_kept(at), *parameters])
    milestones.passed("settled")
    events.append([event for each in agreed for event in _told(each)], by=by, at=at)
    milestones.passed("events-appended")


def _told(planned: Planned) -> Iterator[events.NewEvent]:
    """Yield what the log is told of a routed consignment: its route, and whether the buyer's day has moved."""
    consignment, route, expected_at = planned
    version = consignment.route_version + 1
    yield events.NewEvent(
        "consignment",
        consignment.number,
        "consignment.routed",
        {
            "order": consignment.order.number,
            "point": consignment.point_id,
            "crates": consignment.crates,
            "route_version": version,
            "departures": [hop.departure_id for hop in route.hops],
            "planned_at": legs.moment(route.arrives).isoformat(),
        },
    )
    yield from expectations.told(
        consignment, expected_at=expected_at, is_rerouted=version > 1, reason="routed", route_version=version
    )


def _set_aside(lost: Sequence[Consignment], *, at: dt.datetime, by) -> None:
    """Let consignments without a route wait longer each time; say so in the log once for each.

    Where nothing is found time and again, the promise is taken back: nobody knows when any vehicle can bring it.
    """
    told = [consignment for consignment in lost if consignment.routing_attempts == 1]
    hopeless = [
        consignment
        for consignment in lost
        if consignment.routing_attempts >= TRIES_BEFORE_TOLD and not consignment.is_taken_back
    ]
    for consignment in told:
        log.warning("no route: %s from %s to %s", consignment.number, consignment.origin_stop_id, consignment.point_id)
    with transaction.atomic():
        locks.touch(locks.Rank.CONSIGNMENT)
        for attempts in {consignment.routing_attempts for consignment in lost}:
            Consignment.objects.filter(
                pk__in=[consignment.pk for consignment in lost if consignment.routing_attempts == attempts],
                state=ConsignmentState.AWAITING_ROUTE,
            ).update(routing_lease_until=at + wait_after(attempts))
        expectations.take_back(hopeless, reason="no-route", by=by, at=at)
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


def wait_after(attempts: int) -> dt.timedelta:
    """Return how long to leave a consignment alone for which nothing was found so many times."""
    wait = dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS * 2 ** min(attempts, 10))
    return min(wait, _LONGEST_WAIT)


def _kept(at: dt.datetime | None):
    """Return a time as the database keeps it, for a raw statement."""
    return connection.ops.adapt_datetimefield_value(at)
