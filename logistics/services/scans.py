"""Scans: each reading of a label moves a parcel by one step, and with the parcels their consignment.

A scan carries a nonce of the device, so that an upload that is repeated stays one scan. Who scans must belong to the
place: an operator to the point, a worker to the hub, a driver to the round. An actor that is given as text is a process
of ours and is not asked.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment, Departure, Hub, HubWorker, Leg, Parcel, Scan
from logistics.states import (
    MOVES,
    PARCEL_MOVES,
    ConsignmentState,
    DepartureState,
    Direction,
    ParcelState,
    ScanKind,
)
from villages.models import Operator, PickupPoint


class UnableToScan(Exception):
    """The scan is refused and nothing has changed."""


class NotTheirs(UnableToScan):
    """Whoever scans has no business at this place; the edge answers as if the parcel did not exist."""


class UnableToDrop(UnableToScan):
    """The parcel cannot be dropped at the stop."""


class UnableToLoad(UnableToScan):
    """The parcel cannot be loaded on this departure."""


class AlreadyLoaded(UnableToLoad):
    """The parcel is on this very departure as it is."""


class UnableToUnload(UnableToScan):
    """The parcel cannot be unloaded at this hub."""


class UnableToReceive(UnableToScan):
    """The parcel cannot be received at this point."""


@transaction.atomic
def drop(parcel: Parcel, *, nonce: str, by, at: dt.datetime) -> Scan:
    """Note that the seller dropped a parcel at the stop.

    :param nonce: names this reading; the same nonce again gives the same scan.
    :raises UnableToDrop: when it was dropped before, or is not packed.
    :raises NotTheirs: by anybody but the seller's people and the stop's operators.
    """
    consignment, parcel = _locked(parcel)
    if done := _repeated(nonce, parcel, by):
        return done
    if not (_operates(by, consignment.origin_stop_id) or _sells(by, consignment)):
        raise NotTheirs(_("This parcel is not yours to drop."))
    _permit(parcel, ParcelState.AT_STOP, UnableToDrop)
    return _moved(
        parcel,
        consignment,
        ScanKind.DROPPED,
        nonce=nonce,
        by=by,
        at=at,
        place={"point": consignment.origin_stop_id},
        changes={"state": ParcelState.AT_STOP},
    )


@transaction.atomic
def load(parcel: Parcel, *, departure: Departure, nonce: str, by, at: dt.datetime) -> Scan:
    """Note that a parcel was loaded at its stop or hub, on the departure that its route names.

    The first parcel that is loaded takes its consignment from PACKED to IN_TRANSIT.

    :raises UnableToLoad: when the parcel is elsewhere, or its route does not leave from here on this departure.
    :raises AlreadyLoaded: when it is on this departure; nothing changes.
    :raises NotTheirs: by anybody but the round's driver, the hub's workers and the stop's operators.
    """
    consignment, parcel = _locked(parcel)
    if done := _repeated(nonce, parcel, by):
        return done
    leg = (
        Leg.objects.filter(
            consignment=consignment,
            departure=departure,
            route_version=consignment.route_version,
            released_at=None,
        )
        .select_related("departure__lane", "departure__round")
        .first()
    )
    if leg is None:
        raise UnableToLoad(_("This parcel is not on the manifest of this departure."))
    start = _start_of(leg)
    at_start = _operates(by, consignment.origin_stop_id) if isinstance(start, PickupPoint) else _works(by, start)
    if not (at_start or _drives(by, leg.departure)):
        raise NotTheirs(_("This parcel is not yours to load."))
    if parcel.state == ParcelState.LOADED and parcel.departure_id == departure.pk:
        raise AlreadyLoaded(_("This parcel was already loaded at %(time)s.") % {"time": _loaded_at(parcel)})
    _permit(parcel, ParcelState.LOADED, UnableToLoad)
    here = ParcelState.AT_STOP if isinstance(start, PickupPoint) else ParcelState.AT_HUB
    if parcel.state != here or (here == ParcelState.AT_HUB and parcel.hub_id != start):
        raise UnableToLoad(_("This parcel does not leave from here on this departure."))
    if consignment.state not in {ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT}:
        raise UnableToLoad(_("The way of this parcel is being planned again."))
    before = consignment.state
    if before == ConsignmentState.PACKED:
        _move(consignment, ConsignmentState.IN_TRANSIT)
    return _moved(
        parcel,
        consignment,
        ScanKind.LOADED,
        nonce=nonce,
        by=by,
        at=at,
        place={"departure": departure.pk, **({"hub": parcel.hub_id} if parcel.hub_id else {"point": start.pk})},
        changes={"state": ParcelState.LOADED, "departure_id": departure.pk, "hub_id": None},
        more={"before": before, "after": consignment.state} if before != consignment.state else {},
    )


@transaction.atomic
def unload(parcel: Parcel, *, hub: Hub, nonce: str, by, at: dt.datetime) -> Scan:
    """Note that a parcel was unloaded at the hub where its departure ends.

    :raises UnableToUnload: when it is on no vehicle, or on one that has not left yet or does not end here.
    :raises NotTheirs: by anybody but the hub's workers.
    """
    consignment, parcel = _locked(parcel)
    if done := _repeated(nonce, parcel, by):
        return done
    if not _works(by, hub.pk):
        raise NotTheirs(_("This is not your hub."))
    _permit(parcel, ParcelState.AT_HUB, UnableToUnload)
    departure = Departure.objects.select_related("lane", "round").get(pk=parcel.departure_id)
    ends = departure.lane.destination_id if departure.lane else departure.round.hub_id
    if ends != hub.pk:
        raise UnableToUnload(_("The vehicle of this parcel does not end at this hub."))
    _refuse_before_leaving(departure, at, UnableToUnload)
    return _moved(
        parcel,
        consignment,
        ScanKind.UNLOADED,
        nonce=nonce,
        by=by,
        at=at,
        place={"hub": hub.pk, "departure": departure.pk},
        changes={"state": ParcelState.AT_HUB, "hub_id": hub.pk, "departure_id": None},
    )


@transaction.atomic
def receive(parcel: Parcel, *, point: PickupPoint, shelf: str, nonce: str, by, at: dt.datetime) -> Scan:
    """Note that a parcel arrived at its point and stands on a shelf.

    With the last of its parcels the consignment is AT_POINT, to be collected within the hours of its storage class.

    :raises UnableToReceive: when it is bound for another point, was received before, or is on no vehicle that has left.
    :raises NotTheirs: by anybody but the point's operators.
    """
    consignment, parcel = _locked(parcel)
    if done := _repeated(nonce, parcel, by):
        return done
    if not _operates(by, point.pk):
        raise NotTheirs(_("This is not your point."))
    if consignment.point_id != point.pk:
        raise UnableToReceive(_("This parcel is bound for another point."))
    if parcel.state == ParcelState.AT_POINT:
        raise UnableToReceive(
            _("This parcel was received at %(time)s and stands at %(shelf)s.")
            % {"time": f"{timezone.localtime(parcel.received_at):%H:%M}", "shelf": parcel.shelf or "—"}
        )
    _permit(parcel, ParcelState.AT_POINT, UnableToReceive)
    if parcel.state == ParcelState.AT_STOP and consignment.origin_stop_id != point.pk:
        raise UnableToReceive(_("This parcel has not left the stop where it was dropped."))
    if parcel.departure_id:
        _refuse_before_leaving(parcel.departure, at, UnableToReceive)
    scan = _moved(
        parcel,
        consignment,
        ScanKind.RECEIVED,
        nonce=nonce,
        by=by,
        at=at,
        place={"point": point.pk},
        changes={"state": ParcelState.AT_POINT, "shelf": shelf, "received_at": at, "departure_id": None},
    )
    if not consignment.parcels.exclude(state=ParcelState.AT_POINT).exists():
        _arrive(consignment, by=by, at=at)
    return scan


def _arrive(consignment: Consignment, *, by, at: dt.datetime) -> None:
    before = consignment.state
    collect_by = at + dt.timedelta(hours=settings.COLLECT_WITHIN_HOURS[consignment.storage_class])
    _move(consignment, ConsignmentState.AT_POINT, arrived_at=at, collect_by=collect_by)
    events.append(
        [
            NewEvent(
                "consignment",
                consignment.number,
                "consignment.arrived",
                {
                    "order": consignment.order.number,
                    "point": consignment.point_id,
                    "collect_by": collect_by.isoformat(),
                    "before": before,
                    "after": consignment.state,
                },
            )
        ],
        by=by,
        at=at,
    )


def _move(consignment: Consignment, to: ConsignmentState, **changes) -> None:
    """Move a locked consignment to a state that its present one allows."""
    if to not in MOVES[consignment.state]:
        raise UnableToScan(_("This consignment is %(state)s.") % {"state": ConsignmentState(consignment.state).label})
    Consignment.objects.filter(pk=consignment.pk).update(state=to, **changes)
    consignment.state = to


def _locked(parcel: Parcel) -> tuple[Consignment, Parcel]:
    """Lock the parcel's consignment, which guards its parcels too, and read both again."""
    rows = Consignment.objects.select_related("order").filter(pk=parcel.consignment_id)
    consignment = locks.lock(rows, rank=locks.Rank.CONSIGNMENT).get()
    return consignment, Parcel.objects.get(pk=parcel.pk)


def _repeated(nonce: str, parcel: Parcel, by) -> Scan | None:
    """Return the scan of this parcel that the nonce named before, whatever it did; by the time that it is sent again
    the parcel may have gone on.

    :raises UnableToScan: where it named a reading of another parcel, or of somebody else's.
    """
    scan = Scan.objects.filter(nonce=nonce).first()
    if scan is not None and (scan.parcel_id, scan.actor) != (parcel.pk, events.actor_of(by)):
        raise UnableToScan(_("This reading was used for another parcel."))
    return scan


def _refuse_before_leaving(departure: Departure, at: dt.datetime, refusal: type[UnableToScan]) -> None:
    """A vehicle that is early has been said to have departed; without that the timetable is believed."""
    if departure.state == DepartureState.SCHEDULED and at < departure.departs_at:
        raise refusal(_("This vehicle has not left yet."))


def _permit(parcel: Parcel, to: ParcelState, refusal: type[UnableToScan]) -> None:
    if to not in PARCEL_MOVES[parcel.state]:
        raise refusal(_("This parcel is: %(state)s.") % {"state": ParcelState(parcel.state).label})


def _moved(
    parcel: Parcel,
    consignment: Consignment,
    kind: ScanKind,
    *,
    nonce: str,
    by,
    at: dt.datetime,
    place: dict[str, int],
    changes: dict,
    more: dict | None = None,
) -> Scan:
    """Write a parcel's step: the parcel, the scan, the event."""
    Parcel.objects.filter(pk=parcel.pk).update(**changes)
    scan = Scan.objects.create(
        parcel=parcel,
        kind=kind,
        nonce=nonce,
        actor=events.actor_of(by),
        occurred_at=at,
        recorded_at=timezone.now(),
        **{f"{name}_id": pk for name, pk in place.items()},
    )
    payload = {
        "order": consignment.order.number,
        "consignment": consignment.number,
        **place,
        **({"shelf": changes["shelf"]} if changes.get("shelf") else {}),
        **(more or {}),
    }
    events.append([NewEvent("parcel", parcel.number, f"parcel.{kind.lower()}", payload)], by=by, at=at)
    return scan


def _start_of(leg: Leg) -> int | PickupPoint:
    """Return the hub (its key) or the stop where a leg begins."""
    if leg.departure.lane:
        return leg.departure.lane.origin_id
    if leg.direction == Direction.OUT:
        return leg.departure.round.hub_id
    return leg.consignment.origin_stop


def _loaded_at(parcel: Parcel) -> str:
    scan = parcel.scans.filter(kind=ScanKind.LOADED, departure=parcel.departure_id).order_by("-pk").first()
    return f"{timezone.localtime(scan.occurred_at):%H:%M}" if scan else "—"


def _is_process(by) -> bool:
    return isinstance(by, str)


def _operates(by, point_id: int) -> bool:
    return _is_process(by) or Operator.objects.filter(user=by, point_id=point_id, until=None).exists()


def _works(by, hub_id: int) -> bool:
    return _is_process(by) or HubWorker.objects.filter(user=by, hub_id=hub_id, until=None).exists()


def _drives(by, departure: Departure) -> bool:
    return _is_process(by) or (departure.round is not None and departure.round.driver_id == by.pk)


def _sells(by, consignment: Consignment) -> bool:
    return _is_process(by) or consignment.seller.users.filter(pk=by.pk).exists()
