"""Re-routing: what cannot go on as planned gets another route; what was ridden of the old one stays.

A parcel cannot go on when it was left behind, when a departure ahead of it is cancelled, broken down or too late for
the next, or when it lies where its route does not lead. ``mend`` finds all of these from the database alone, so that
nobody who cancels or delays a departure has to know what was on it.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from core import events, locks
from core.events import NewEvent
from logistics import snapshots
from logistics.connections import Route
from logistics.models import Consignment, Leg, Parcel, Scan
from logistics.services import breakdowns, capacity, expectations, legs, milestones, routing, troubles
from logistics.services.expectations import Expectations
from logistics.services.ways import UNDER_WAY, UNSENT, Place, Way, are_together, stranded_ways, ways_of
from logistics.states import MOVES, ConsignmentState, ScanKind
from logistics.timetable import Timetable

log = logging.getLogger(__name__)

_TRIES = 3


class UnableToReroute(Exception):
    """The consignment is past the states in which its route can be taken away."""


def reroute(consignments: Iterable[Consignment], *, at: dt.datetime, by, reason: str) -> int:
    """Take the routes of consignments away, so that they wait for another; return how many.

    :param reason: a word for the log: ``missed``, ``asked``.
    :raises UnableToReroute: where one of them has already been loaded, or has ended; then none is changed.
    """
    with transaction.atomic():
        asked = Consignment.objects.filter(pk__in=[c.pk for c in consignments]).select_related("order")
        rows = list(locks.lock(asked, rank=locks.Rank.CONSIGNMENT))
        for row in rows:
            if ConsignmentState.AWAITING_ROUTE not in MOVES[row.state]:
                raise UnableToReroute(f"{row.number} is {row.state}")
        legs.release(rows, at=at, by=by)
        Consignment.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=ConsignmentState.AWAITING_ROUTE,
            waiting_since=at,
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


def mend(*, at: dt.datetime, by="task:routing", only: Collection[int] | None = None) -> int:
    """Find what cannot go on as planned, give it another way or another time; return how many consignments changed.

    :param only: look at these consignments, by key, and at no others.
    """
    found = troubles.found(at) if only is None else only
    rows = Consignment.objects.filter(pk__in=found, state__in=UNDER_WAY).order_by("pk")
    changed, unchanged = 0, []
    for row in rows.select_related("order"):
        try:
            is_changed = _mended(row, at=at, by=by)
        except Exception:
            # Whatever is wrong with one, the others must not wait for it; the log has it each time it is looked at.
            log.exception("%s could not be mended", row.number)
            is_changed = False
        if is_changed:
            milestones.passed("mending-committed")
            changed += 1
        else:
            unchanged.append(row)
    _look_later(unchanged, at=at, by=by)
    return changed


def _look_later(rows: Iterable[Consignment], *, at: dt.datetime, by) -> None:
    """Let those for which nothing could be done wait longer each time, so that others come to their turn.

    Where no way on is found time and again, the promise is taken back as it is of what was never sent.
    """
    for row in rows:
        attempts = row.routing_attempts + 1 if row.routing_lease_until else 1
        same = Consignment.objects.filter(pk=row.pk, state__in=UNDER_WAY, routing_lease_until=row.routing_lease_until)
        same.update(routing_lease_until=at + routing.wait_after(attempts), routing_attempts=attempts)
        if attempts >= routing.TRIES_BEFORE_TOLD and any(not way.holds(at) for way in ways_of(row, at)):
            with transaction.atomic():
                expectations.take_back([row], reason="no-route", by=by, at=at)


def _is_first_look(row: Consignment) -> bool:
    """Tell whether nothing was tried in vain since the consignment last changed, so that the log says it once."""
    return row.routing_lease_until is None


def _mended(consignment: Consignment, *, at: dt.datetime, by) -> bool:
    """Mend one consignment; tell whether it changed."""
    for attempt in range(_TRIES):
        ways = ways_of(consignment, at)
        broken = [way for way in ways if not way.holds(at)]
        if breakdowns.take_back(consignment, at=at, by=by):
            return True
        if not broken:
            return _timed_anew(consignment, at=at, by=by)
        if consignment.state in UNSENT:
            return _routed_anew(consignment, at=at, by=by)
        hopes = Expectations.of([consignment])
        timetable = snapshots.current(at, fresh=attempt > 0)
        try:
            return _sent_on(consignment, ways, broken, timetable, hopes, at=at, by=by)
        except capacity.UnableToTakeCapacity:
            continue
    if _is_first_look(consignment):
        log.warning("no room on the way on for %s", consignment.number)
    return False


def _routed_anew(consignment: Consignment, *, at: dt.datetime, by) -> bool:
    try:
        return reroute([consignment], at=at, by=by, reason="missed") > 0
    except UnableToReroute:
        log.info("%s moved while it was to be re-routed", consignment.number)
        return False


def _sent_on(
    consignment: Consignment,
    ways: Sequence[Way],
    broken: Sequence[Way],
    timetable: Timetable,
    hopes: Expectations,
    *,
    at: dt.datetime,
    by,
) -> bool:
    """Give the consignment a way on, where all of it stands together; else each parcel that needs one its own.

    What has a way of its own goes along with the others again where all of it comes sooner so.
    """
    if are_together(ways, consignment):
        last = max(ways, key=lambda way: way.place.since)
        route = _route_from(timetable, last.place, consignment, consignment.crates, hopes, at=at)
        holding = [way.ahead[-1].arrives_at for way in ways if way not in broken]
        if route is not None and (not holding or legs.moment(route.arrives) < max(holding)):
            return _replaced(consignment, ways, route, hopes, parcel=None, at=at, by=by)
        if not holding:
            return False
    changed = False
    for way in broken:
        route = _route_from(timetable, way.place, consignment, way.parcel.crates, hopes, at=at)
        changed |= route is not None and _replaced(consignment, [way], route, hopes, parcel=way.parcel, at=at, by=by)
    return changed


def _route_from(
    timetable: Timetable, place: Place, consignment: Consignment, crates: int, hopes: Expectations, *, at: dt.datetime
) -> Route | None:
    since = legs.seconds(max(place.since, at))
    asked = {
        "destination": consignment.point_id,
        "at": since + timetable.transfer(place.hub, since) if place.is_coming else since,
        "storage_class": consignment.storage_class,
        "crates": crates,
        "not_before": hopes.not_before(consignment),
    }
    if place.hub is not None:
        route = timetable.route_from_hub(hub=place.hub, **asked)
    else:
        route = timetable.route(origin=place.stop, **asked)
    if route is None and _is_first_look(consignment):
        log.warning("no way on for %s", consignment.number)
    return route


@transaction.atomic
def _replaced(
    consignment: Consignment,
    ways: Sequence[Way],
    route: Route,
    hopes: Expectations,
    *,
    parcel: Parcel | None,
    at: dt.datetime,
    by,
) -> bool:
    """Write the way on; False when the consignment or its parcels have moved since they were read."""
    same = Consignment.objects.filter(
        pk=consignment.pk, state=ConsignmentState.IN_TRANSIT, route_version=consignment.route_version
    )
    locked = locks.lock(same.select_related("order"), rank=locks.Rank.CONSIGNMENT).first()
    if locked is None or any(_has_moved(way.parcel) for way in ways):
        return False
    # Whatever else of it is aboard a vehicle that does not go on, nobody knows when all of it comes.
    planned_at = None if stranded_ways(locked, at) else _planned_at(locked, route, parcel)
    expected_at = hopes.handed_over_at(locked, legs.seconds(planned_at)) if planned_at else None
    expectations.move_holds([(locked, expected_at)])
    milestones.passed("mending-holds-moved")
    ahead = {leg.pk for way in ways for leg in way.ahead}
    old = Leg.objects.in_force().filter(pk__in=ahead)
    crates = parcel.crates if parcel else locked.crates
    before = set(old.values_list("departure_id", flat=True))
    capacity.lock(before | {hop.departure_id for hop in route.hops})
    if parcel is None or parcel.strayed:
        legs.give_back(old, at=at)
    else:
        _made_lighter(old, parcel, at=at)
    milestones.passed("mending-crates-given-back")
    capacity.take({(hop.departure_id, hop.direction): crates for hop in route.hops})
    milestones.passed("mending-crates-taken")
    if parcel is None:
        Leg.objects.in_force().filter(consignment=locked, parcel=None).update(route_version=locked.route_version + 1)
    ridden = last_sequence(locked, parcel, without=ahead)
    version = next_version(locked, parcel)
    legs.write(legs.of(locked, route, after=ridden, parcel=parcel, version=version))
    milestones.passed("mending-legs-written")
    if parcel is not None:
        Parcel.objects.filter(pk=parcel.pk).update(strayed=True)
    else:
        locked.parcels.filter(strayed=True).update(strayed=False)
    fields = {"planned_at": planned_at, "expected_at": expected_at, "routing_lease_until": None}
    if parcel is None:
        fields["route_version"] = F("route_version") + 1
    Consignment.objects.filter(pk=locked.pk).update(**fields)
    told = expectations.told(
        locked,
        expected_at=expected_at,
        is_rerouted=True,
        reason="missed",
        route_version=locked.route_version + (parcel is None),
        departures=[hop.departure_id for hop in route.hops],
        planned_at=planned_at.isoformat() if planned_at else None,
        **({"parcel": parcel.number} if parcel else {}),
    )
    events.append(told, by=by, at=at)
    milestones.passed("mending-events-appended")
    return True


def _has_moved(parcel: Parcel) -> bool:
    read = Parcel.objects.filter(pk=parcel.pk, state=parcel.state, hub=parcel.hub_id, departure=parcel.departure_id)
    return not read.filter(strayed=parcel.strayed).exists()


def _made_lighter(old: QuerySet[Leg], parcel: Parcel, *, at: dt.datetime) -> None:
    """Take a parcel that goes its own way off its consignment's legs ahead; those that no other one rides are released.

    A leg that others ride stays, also when each of them has a way of its own from its end on.
    """
    others = Parcel.objects.filter(consignment=parcel.consignment_id).exclude(pk=parcel.pk)
    ridden = _ridden_by(others)
    if not others.filter(strayed=False).exists():
        legs.give_back(old.exclude(departure__in=ridden), at=at)
    # They were on it when it left; or are, and only this one was still to come.
    old.filter(Q(departs_at__lt=at) | Q(departure__in=ridden), loaded_at=None).update(loaded_at=at)
    rows = list(old.filter(released_at=None).values_list("pk", "departure_id", "direction", "crates"))
    lighter = {pk: min(parcel.crates, crates) for pk, _, _, crates in rows}
    capacity.give({(departure_id, direction): lighter[pk] for pk, departure_id, direction, _ in rows})
    for pk, crates in lighter.items():
        Leg.objects.filter(pk=pk).update(crates=F("crates") - crates)


def _ridden_by(parcels: QuerySet[Parcel]) -> set[int]:
    """Return the departures on which any of some parcels was loaded."""
    loaded = Scan.objects.filter(parcel__in=parcels, kind=ScanKind.LOADED)
    return set(loaded.values_list("departure_id", flat=True))


def next_version(consignment: Consignment, parcel: Parcel | None) -> int:
    """Return the version of another route; a parcel on its own way counts its own, and may be sent on many times."""
    own = Leg.objects.filter(parcel=parcel).aggregate(last=Max("route_version"))["last"] if parcel else None
    return max(consignment.route_version, own or 0) + 1


def last_sequence(consignment: Consignment, parcel: Parcel | None, *, without: set[int]) -> int:
    """Return the number of the last leg in force that stays in the route: of a parcel on its own way, of its own."""
    mine = Leg.objects.in_force().filter(consignment=consignment, parcel=parcel if parcel and parcel.strayed else None)
    return mine.exclude(pk__in=without).aggregate(last=Max("sequence"))["last"] or 0


def _planned_at(consignment: Consignment, route: Route, parcel: Parcel | None) -> dt.datetime:
    """Return when the last parcel arrives: where one has a way of its own, the others may still come later."""
    arrives = legs.moment(route.arrives)
    if parcel is None:
        return arrives
    others = Leg.objects.in_force().filter(consignment=consignment).exclude(parcel=parcel)
    return max(arrives, others.aggregate(last=Max("arrives_at"))["last"] or arrives)


@transaction.atomic
def _timed_anew(consignment: Consignment, *, at: dt.datetime, by) -> bool:
    """Let the expected hand-over follow the legs, which a delay has moved; tell whether it did."""
    rows = Consignment.objects.filter(pk=consignment.pk, state__in=UNDER_WAY, route_version=consignment.route_version)
    locked = locks.lock(rows.select_related("order"), rank=locks.Rank.CONSIGNMENT).first()
    if locked is not None and stranded_ways(locked, at):
        return False
    riding = Leg.objects.in_force().filter(consignment=consignment)
    planned_at = riding.aggregate(last=Max("arrives_at"))["last"]
    if locked is None or planned_at is None or planned_at == locked.planned_at:
        return False
    expected_at = Expectations.of([locked]).handed_over_at(locked, legs.seconds(planned_at))
    expectations.move_holds([(locked, expected_at)])
    told = expectations.told(locked, expected_at=expected_at, is_rerouted=False, reason="delayed")
    Consignment.objects.filter(pk=locked.pk).update(
        planned_at=planned_at, expected_at=expected_at, routing_lease_until=None
    )
    events.append(told, by=by, at=at)
    return True
