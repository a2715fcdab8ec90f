"""Redirecting: the consignments of an order go to another point, as long as no vehicle carries them to the old one."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics import promises
from logistics.models import Consignment, Leg, Parcel
from logistics.promises import Promise, PromiseRequest, Refusal
from logistics.services import capacity, legs, milestones
from logistics.services.capacity import UnableToTakeCapacity
from logistics.services.ways import UNSENT, Place, stranded_ways, ways_of
from logistics.states import ConsignmentState, Direction, ParcelState
from villages.models import PickupPoint
from villages.services import crates
from villages.services.crates import CratesRequest, UnableToHoldCrates
from villages.states import PointState

REDIRECTABLE = frozenset({ConsignmentState.AWAITING_ROUTE, ConsignmentState.IN_TRANSIT, *UNSENT})


class UnableToRedirect(Exception):
    """The consignments stay bound for where they were; the sentence is for the person who asked."""


def may_be_redirected(consignments: Sequence[Consignment]) -> bool:
    """Tell whether another point may be asked for: nothing is at the point, or on the vehicle that goes there."""
    return (
        bool(consignments)
        and all(each.state in REDIRECTABLE for each in consignments)
        and not Parcel.objects.filter(consignment__in=consignments, state=ParcelState.AT_POINT).exists()
        and not _on_last_leg(consignments)
    )


def offers(
    consignments: Sequence[Consignment], *, points: Sequence[PickupPoint], at: dt.datetime
) -> dict[int, dt.datetime | Refusal]:
    """Return for each point when the last of the consignments could be handed over there, or why they cannot.

    :raises UnableToRedirect: when their parcels are in different places just now.
    """
    places = [_place(each, at) for each in consignments]
    asked = [
        _request(each, place, point, at) for point in points for each, place in zip(consignments, places, strict=True)
    ]
    found = iter(promises.promises(asked, at=at, together=True))
    answers: dict[int, dt.datetime | Refusal] = {}
    for point in points:
        of_point = [next(found) for _ in consignments]
        refusal = next((each.refusal for each in of_point if each.refusal), None)
        answers[point.pk] = refusal or max(each.handed_over_at for each in of_point)
    return answers


def redirect(
    consignments: Sequence[Consignment], *, point: PickupPoint, is_agreed: bool, by, at: dt.datetime
) -> dt.datetime:
    """Bind consignments that are on their way for another point; return when the last can be handed over there.

    Called inside the transaction that locked their order. What was not sent is routed anew; what stands at a hub, or
    rides to one, goes on from there. Its freight stays what was agreed.

    :param consignments: of one order, without those that have ended.
    :param is_agreed: the buyer asked for it: the new day is then what is promised. Otherwise the old promise stays, and
        what comes later is late.
    :raises UnableToRedirect: when one of them is too far, or the new point cannot take it; then none is changed.
    """
    rows = list(
        locks.lock(
            Consignment.objects.filter(pk__in=[each.pk for each in consignments]).select_related("order"),
            rank=locks.Rank.CONSIGNMENT,
        )
    )
    if not may_be_redirected(rows):
        raise UnableToRedirect(_("It is too late: a part of it is already on the vehicle to the point, or there."))
    if point.state != PointState.OPEN:
        raise UnableToRedirect(_("%(point)s takes no parcels at the moment.") % {"point": point.name})
    places = {row.pk: _place(row, at) for row in rows}
    asked = [_request(row, places[row.pk], point, at) for row in rows]
    found = promises.promises(asked, at=at, together=True)
    for promise in found:
        if promise.handed_over_at is None:
            raise UnableToRedirect(str(Refusal(promise.refusal).label))
    _move_holds(rows, point, found)
    milestones.passed("redirecting-holds-moved")
    for row, promise in zip(rows, found, strict=True):
        _redirected(row, places[row.pk], point, promise, is_agreed=is_agreed, by=by, at=at)
    return max(promise.handed_over_at for promise in found)


def _on_last_leg(consignments: Sequence[Consignment]) -> bool:
    riding = Leg.objects.in_force().filter(
        consignment__in=[each.pk for each in consignments],
        direction=Direction.OUT,
        departure__round__isnull=False,
        departure__parcels__state=ParcelState.LOADED,
        departure__parcels__consignment__in=[each.pk for each in consignments],
    )
    return riding.exists()


def _place(consignment: Consignment, at: dt.datetime) -> Place | None:
    """Return where a consignment under way goes on from; None for one that was not sent yet."""
    if consignment.state != ConsignmentState.IN_TRANSIT:
        return None
    if stranded_ways(consignment, at):
        raise UnableToRedirect(
            _("The vehicle that carries it has stopped. Please try again once a hub has taken it in.")
        )
    ways = ways_of(consignment, at)
    places = {way.place[:2] for way in ways}
    if len(places) != 1 or len(ways) != consignment.parcels.count() or any(way.parcel.strayed for way in ways):
        raise UnableToRedirect(_("Its parcels are in different places just now. Please try again later."))
    return ways[0].place


def _request(consignment: Consignment, place: Place | None, point: PickupPoint, at: dt.datetime) -> PromiseRequest:
    return PromiseRequest(
        consignment.origin_stop_id,
        point.pk,
        consignment.storage_class,
        consignment.crates,
        ready_from=max(place.since if place else consignment.ready_from, at),
        hub_id=place.hub if place else None,
    )


def _move_holds(rows: Sequence[Consignment], point: PickupPoint, found: Sequence[Promise]) -> None:
    crates.release([CratesRequest(row.point_id, row.held_day, row.storage_class, row.crates) for row in rows])
    try:
        crates.hold(
            [
                CratesRequest(point.pk, day_of(promise.handed_over_at), row.storage_class, row.crates)
                for row, promise in zip(rows, found, strict=True)
            ]
        )
    except UnableToHoldCrates as refusal:
        raise UnableToRedirect(str(Refusal.NO_ROOM.label)) from refusal


def _redirected(
    row: Consignment,
    place: Place | None,
    point: PickupPoint,
    promise: Promise,
    *,
    is_agreed: bool,
    by,
    at: dt.datetime,
) -> None:
    """Write one consignment's new point, with its way on where it is under way."""
    changes = {
        "point": point,
        "held_day": day_of(promise.handed_over_at),
        **({"promised_at": promise.handed_over_at} if is_agreed else {}),
        "expected_at": promise.handed_over_at,
        "route_version": row.route_version,
        "planned_at": None,
        "routing_lease_until": None,
        "routing_attempts": 0,
    }
    live = Leg.objects.in_force().filter(consignment=row)
    if place is None:
        legs.release([row], at=at, by=by)
        changes |= {"state": ConsignmentState.AWAITING_ROUTE, "waiting_since": at}
    else:
        ahead = [leg.sequence for way in ways_of(row, at) for leg in way.ahead]
        old = live.filter(sequence__gte=min(ahead)) if ahead else live.none()
        hops = promise.route.hops
        capacity.lock(set(old.values_list("departure_id", flat=True)) | {hop.departure_id for hop in hops})
        legs.give_back(old, at=at)
        milestones.passed("redirecting-crates-given-back")
        try:
            capacity.take({(hop.departure_id, hop.direction): row.crates for hop in hops})
        except UnableToTakeCapacity as refusal:
            raise UnableToRedirect(_("The vehicles to this point have just filled up. Please try again.")) from refusal
        live.update(route_version=row.route_version + 1)
        ridden = min(ahead) - 1 if ahead else live.count()
        legs.write(legs.of(row, promise.route, after=ridden))
        milestones.passed("redirecting-legs-written")
        changes |= {"route_version": row.route_version + 1, "planned_at": legs.moment(promise.route.arrives)}
    Consignment.objects.filter(pk=row.pk).update(**changes)
    payload = {
        "order": row.order.number,
        "before": row.point_id,
        "point": point.pk,
        "promised_at": promise.handed_over_at.isoformat(),
    }
    events.append([NewEvent("consignment", row.number, "consignment.redirected", payload)], by=by, at=at)
    milestones.passed("redirecting-events-appended")
