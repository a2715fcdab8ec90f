"""Redirecting: the consignments of an order go to another point, as long as no vehicle carries them to the old one."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics import promises
from logistics.models import Consignment, Leg, Parcel
from logistics.promises import Promise, PromiseRequest, Refusal
from logistics.services import capacity, leases, legs, milestones, rerouting
from logistics.services.capacity import UnableToTakeCapacity
from logistics.services.expectations import TOLERANCE
from logistics.services.ways import UNSENT, Place, Way, are_together, stranded_ways, ways_of
from logistics.states import ConsignmentState, Direction, ParcelState
from villages.models import PickupPoint
from villages.services import crates
from villages.services.crates import CratesRequest, UnableToHoldCrates
from villages.states import PointState


@dataclass(frozen=True)
class Part:
    """Parcels of a consignment that go on together: all of it, or one parcel that was left behind.

    :ivar place: where it goes on from; None for what was not sent yet.
    :ivar ahead: the legs that it no longer rides when it goes elsewhere.
    """

    parcel: Parcel | None
    place: Place | None
    crates: int
    ahead: frozenset[int]


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
    parts = [(each, part) for each in consignments for part in _parts(each, at)]
    asked = [_request(each, part, point, at) for point in points for each, part in parts]
    found = iter(promises.promises(asked, at=at, together=True))
    answers: dict[int, dt.datetime | Refusal] = {}
    for point in points:
        of_point = [next(found) for _ in parts]
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
    leases.see_free(rows, device_id=None, refusal=UnableToRedirect, at=at)
    if point.state != PointState.OPEN:
        raise UnableToRedirect(_("%(point)s takes no parcels at the moment.") % {"point": point.name})
    parts = [(row, part) for row in rows for part in _parts(row, at)]
    promised = promises.promises([_request(row, part, point, at) for row, part in parts], at=at, together=True)
    for promise in promised:
        if promise.handed_over_at is None:
            raise UnableToRedirect(str(Refusal(promise.refusal).label))
    found: dict[int, list[tuple[Part, Promise]]] = {}
    for (row, part), promise in zip(parts, promised, strict=True):
        found.setdefault(row.pk, []).append((part, promise))
    handed_over = {pk: max(promise.handed_over_at for _, promise in of_row) for pk, of_row in found.items()}
    _move_holds(rows, point, handed_over)
    milestones.passed("redirecting-holds-moved")
    for row in rows:
        _redirected(row, found[row.pk], point, handed_over[row.pk], is_agreed=is_agreed, by=by, at=at)
    return max(handed_over.values())


def _on_last_leg(consignments: Sequence[Consignment]) -> bool:
    riding = Leg.objects.in_force().filter(
        consignment__in=[each.pk for each in consignments],
        direction=Direction.OUT,
        departure__round__isnull=False,
        departure__parcels__state=ParcelState.LOADED,
        departure__parcels__consignment__in=[each.pk for each in consignments],
    )
    return riding.exists()


def _parts(consignment: Consignment, at: dt.datetime) -> list[Part]:
    """Return what of a consignment goes on together, and where from; what was left behind goes its own way, unless it
    lies where the others do.
    """
    if consignment.state != ConsignmentState.IN_TRANSIT:
        return [Part(None, None, consignment.crates, frozenset())]
    if stranded_ways(consignment, at):
        raise UnableToRedirect(
            _("The vehicle that carries it has stopped. Please try again once a hub has taken it in.")
        )
    ways = ways_of(consignment, at)
    if are_together(ways, consignment):
        return [_part(None, ways, consignment.crates)]
    others = [way for way in ways if not way.parcel.strayed]
    if not ways or len({way.place[:2] for way in others}) > 1 or len(ways) != consignment.parcels.count():
        raise UnableToRedirect(_("Its parcels are in different places just now. Please try again later."))
    parts = [_part(None, others, sum(way.parcel.crates for way in others))] if others else []
    return parts + [_part(way.parcel, [way], way.parcel.crates) for way in ways if way.parcel.strayed]


def _part(parcel: Parcel | None, ways: Sequence[Way], crates: int) -> Part:
    place = max((way.place for way in ways), key=lambda place: place.since)
    return Part(parcel, place, crates, frozenset(leg.pk for way in ways for leg in way.ahead))


def _request(consignment: Consignment, part: Part, point: PickupPoint, at: dt.datetime) -> PromiseRequest:
    place = part.place
    return PromiseRequest(
        consignment.origin_stop_id,
        point.pk,
        consignment.storage_class,
        part.crates,
        ready_from=max(place.since if place else consignment.ready_from, at),
        hub_id=place.hub if place else None,
    )


def _move_holds(rows: Sequence[Consignment], point: PickupPoint, handed_over: Mapping[int, dt.datetime]) -> None:
    crates.release([CratesRequest(row.point_id, row.held_day, row.storage_class, row.crates) for row in rows])
    try:
        crates.hold(
            [CratesRequest(point.pk, day_of(handed_over[row.pk]), row.storage_class, row.crates) for row in rows]
        )
    except UnableToHoldCrates as refusal:
        raise UnableToRedirect(str(Refusal.NO_ROOM.label)) from refusal


def _redirected(
    row: Consignment,
    found: Sequence[tuple[Part, Promise]],
    point: PickupPoint,
    handed_over_at: dt.datetime,
    *,
    is_agreed: bool,
    by,
    at: dt.datetime,
) -> None:
    """Write one consignment's new point, with the way on of each of its parts where it is under way."""
    changes = {
        "point": point,
        "held_day": day_of(handed_over_at),
        # A promise that was missed already stays, and counts as missed: another point does not make it good.
        **({"promised_at": handed_over_at} if is_agreed and not _is_missed(row, at) else {}),
        "expected_at": handed_over_at,
        "planned_at": None,
        "routing_lease_until": None,
        "routing_attempts": 0,
    }
    if row.state != ConsignmentState.IN_TRANSIT:
        legs.release([row], at=at, by=by)
        changes |= {"state": ConsignmentState.AWAITING_ROUTE, "waiting_since": at}
    else:
        _send_on(row, found, at=at)
        arrives = max(promise.route.arrives for _, promise in found)
        changes |= {"route_version": row.route_version + 1, "planned_at": legs.moment(arrives)}
    Consignment.objects.filter(pk=row.pk).update(**changes)
    payload = {
        "order": row.order.number,
        "before": row.point_id,
        "point": point.pk,
        "promised_at": handed_over_at.isoformat(),
    }
    events.append([NewEvent("consignment", row.number, "consignment.redirected", payload)], by=by, at=at)
    milestones.passed("redirecting-events-appended")


def _is_missed(row: Consignment, at: dt.datetime) -> bool:
    """Tell whether what was promised cannot be kept any more, or was taken back, before the buyer asked."""
    if row.promised_at is None:
        return False
    expected_at = row.expected_at or row.promised_at
    return row.is_taken_back or row.promised_at < at or expected_at > row.promised_at + TOLERANCE


def _send_on(row: Consignment, found: Sequence[tuple[Part, Promise]], *, at: dt.datetime) -> None:
    """Write the legs of each part to the new point in place of those to the old one."""
    ahead = {pk for part, _ in found for pk in part.ahead}
    live = Leg.objects.in_force().filter(consignment=row)
    old = live.filter(pk__in=ahead)
    loads: Counter = Counter()
    for part, promise in found:
        for hop in promise.route.hops:
            loads[(hop.departure_id, hop.direction)] += part.crates
    capacity.lock(set(old.values_list("departure_id", flat=True)) | {departure_id for departure_id, _ in loads})
    legs.give_back(old, at=at)
    milestones.passed("redirecting-crates-given-back")
    try:
        capacity.take(loads)
    except UnableToTakeCapacity as refusal:
        raise UnableToRedirect(_("The vehicles to this point have just filled up. Please try again.")) from refusal
    live.filter(parcel=None).update(route_version=row.route_version + 1)
    for part, promise in found:
        ridden = rerouting.last_sequence(row, part.parcel, without=ahead)
        version = rerouting.next_version(row, part.parcel)
        written = legs.of(row, promise.route, after=ridden, parcel=part.parcel, version=version)
        legs.write([leg._replace(crates=part.crates) for leg in written])
    if all(part.parcel is None for part, _ in found):
        row.parcels.filter(strayed=True).update(strayed=False)
    milestones.passed("redirecting-legs-written")
