"""Scans: each reading of a label moves a parcel by one step, and with the parcels their consignment.

A scan carries a nonce of the device, so that an upload that is repeated stays one scan. Who scans must belong to the
place: an operator to the point, a worker to the hub, a driver to the round. An actor that is given as text is a process
of ours and is not asked.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events
from core.events import NewEvent
from logistics.models import Consignment, Departure, Hub, Leg, Parcel, Scan
from logistics.services import departures, keeping, steps
from logistics.services.steps import NOTHING, NotTheirs, Sensed, UnableToScan
from logistics.states import (
    NOT_RUNNING,
    STILL_COMING,
    ConsignmentState,
    DepartureState,
    Direction,
    ParcelState,
    ScanKind,
)
from villages import codes
from villages import queries as villages
from villages.models import PickupPoint

__all__ = ["NotTheirs", "Sensed", "UnableToScan", "drop", "load", "receive", "unload"]


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
def drop(parcel: Parcel, *, nonce: str, by, at: dt.datetime, sensed: Sensed = NOTHING) -> Scan:
    """Note that the seller dropped a parcel at the stop.

    :param nonce: names this reading; the same nonce again gives the same scan.
    :param sensed: what the device knew beside the label.
    :raises UnableToDrop: when it was dropped before, or is not packed.
    :raises NotTheirs: by anybody but the seller's people and the stop's operators.
    """
    consignment, parcel = steps.locked(parcel)
    if done := steps.repeated(nonce, parcel, by):
        return done
    if not (steps.operates(by, consignment.origin_stop_id) or steps.sells(by, consignment)):
        raise NotTheirs(_("This parcel is not yours to drop."))
    steps.permit(parcel, ParcelState.AT_STOP, UnableToDrop)
    return steps.moved(
        parcel,
        consignment,
        ScanKind.DROPPED,
        nonce=nonce,
        by=by,
        at=at,
        place={"point": consignment.origin_stop_id},
        changes={"state": ParcelState.AT_STOP},
        sensed=sensed,
    )


@transaction.atomic
def load(parcel: Parcel, *, departure: Departure, nonce: str, by, at: dt.datetime, sensed: Sensed = NOTHING) -> Scan:
    """Note that a parcel was loaded at its stop or hub, on the departure that its route names.

    The first parcel that is loaded takes its consignment from PACKED to IN_TRANSIT.

    :raises UnableToLoad: when the parcel is elsewhere, or its route does not leave from here on this departure.
    :raises AlreadyLoaded: when it is on this departure; nothing changes.
    :raises NotTheirs: by anybody but the round's driver, the hub's workers and the stop's operators.
    """
    consignment, parcel = steps.locked(parcel)
    if done := steps.repeated(nonce, parcel, by):
        return done
    leg = (
        Leg.objects.in_force()
        .filter(consignment=consignment, departure=departure, parcel=parcel if parcel.strayed else None)
        .select_related("departure__lane", "departure__round")
        .first()
    )
    if leg is None:
        raise UnableToLoad(_("This parcel is not on the manifest of this departure."))
    start = steps.start_of(leg)
    at_start = (
        steps.operates(by, consignment.origin_stop_id) if isinstance(start, PickupPoint) else steps.works(by, start)
    )
    if not (at_start or steps.drives(by, leg.departure)):
        raise NotTheirs(_("This parcel is not yours to load."))
    if parcel.state == ParcelState.LOADED and parcel.departure_id == departure.pk:
        raise AlreadyLoaded(_("This parcel was already loaded at %(time)s.") % {"time": _loaded_at(parcel)})
    steps.permit(parcel, ParcelState.LOADED, UnableToLoad)
    here = ParcelState.AT_STOP if isinstance(start, PickupPoint) else ParcelState.AT_HUB
    if parcel.state != here or (here == ParcelState.AT_HUB and parcel.hub_id != start):
        raise UnableToLoad(_("This parcel does not leave from here on this departure."))
    if consignment.state not in {ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT}:
        raise UnableToLoad(_("The way of this parcel is being planned again."))
    before = consignment.state
    if before == ConsignmentState.PACKED:
        steps.move(consignment, ConsignmentState.IN_TRANSIT)
    scan = steps.moved(
        parcel,
        consignment,
        ScanKind.LOADED,
        nonce=nonce,
        by=by,
        at=at,
        place={"departure": departure.pk, **({"hub": parcel.hub_id} if parcel.hub_id else {"point": start.pk})},
        changes={"state": ParcelState.LOADED, "departure_id": departure.pk, "hub_id": None},
        sensed=sensed,
        more={"before": before, "after": consignment.state} if before != consignment.state else {},
    )
    together = consignment.parcels.filter(pk=parcel.pk) if parcel.strayed else consignment.parcels.filter(strayed=False)
    if not together.exclude(scans__kind=ScanKind.LOADED, scans__departure=departure).exists():
        Leg.objects.filter(pk=leg.pk).update(loaded_at=at)
    return scan


@transaction.atomic
def unload(parcel: Parcel, *, hub: Hub, nonce: str, by, at: dt.datetime, sensed: Sensed = NOTHING) -> Scan:
    """Note that a parcel was unloaded at the hub where its departure ends, or anywhere when that broke down.

    What a vehicle brought also notes that it is here, where nobody did.

    :raises UnableToUnload: when it is on no vehicle, or on one that has not left yet or does not end here.
    :raises NotTheirs: by anybody but the hub's workers.
    """
    consignment, parcel = steps.locked(parcel)
    if done := steps.repeated(nonce, parcel, by):
        return done
    if not steps.works(by, hub.pk):
        raise NotTheirs(_("This is not your hub."))
    steps.permit(parcel, ParcelState.AT_HUB, UnableToUnload)
    departure = Departure.objects.select_related("lane", "round").get(pk=parcel.departure_id)
    ends = departure.lane.destination_id if departure.lane else departure.round.hub_id
    if departure.state not in NOT_RUNNING:  # what a vehicle that broke down carries is unloaded wherever it comes
        if ends != hub.pk:
            raise UnableToUnload(_("The vehicle of this parcel does not end at this hub."))
        _refuse_before_leaving(departure, at, UnableToUnload)
    came_back = _was_to_be_set_down(parcel, departure) and departure.state not in NOT_RUNNING
    scan = steps.moved(
        parcel,
        consignment,
        ScanKind.SURPLUS if came_back else ScanKind.UNLOADED,  # a surplus is given another way from here
        nonce=nonce,
        by=by,
        at=at,
        place={"hub": hub.pk, "departure": departure.pk},
        changes={"state": ParcelState.AT_HUB, "hub_id": hub.pk, "departure_id": None},
        sensed=sensed,
    )
    if ends == hub.pk and departure.state not in NOT_RUNNING and not came_back:
        departures.note_arrival(departure, by=by, at=at)
    return scan


@transaction.atomic
def receive(
    parcel: Parcel,
    *,
    point: PickupPoint,
    shelf: str,
    nonce: str,
    by,
    at: dt.datetime,
    damaged: bool = False,
    sensed: Sensed = NOTHING,
) -> Scan:
    """Note that a parcel arrived at its point and stands on a shelf.

    With the last of its parcels the consignment is AT_POINT, to be collected within the hours of its storage class.

    :param damaged: it came damaged; it is received all the same, and whoever collects decides.
    :raises UnableToReceive: when it is bound for another point, was received before, or is on no vehicle that has left.
    :raises NotTheirs: by anybody but the point's operators.
    """
    consignment, parcel = steps.locked(parcel)
    if done := steps.repeated(nonce, parcel, by):
        return done
    if not steps.operates(by, point.pk):
        raise NotTheirs(_("This is not your point."))
    if consignment.point_id != point.pk:
        raise UnableToReceive(_("This parcel is bound for another point."))
    if parcel.state == ParcelState.AT_POINT:
        raise UnableToReceive(
            _("This parcel was received at %(time)s and stands at %(shelf)s.")
            % {"time": f"{timezone.localtime(parcel.received_at):%H:%M}", "shelf": parcel.shelf or "—"}
        )
    steps.permit(parcel, ParcelState.AT_POINT, UnableToReceive)
    if parcel.state == ParcelState.AT_STOP and consignment.origin_stop_id != point.pk:
        raise UnableToReceive(_("This parcel has not left the stop where it was dropped."))
    if parcel.departure_id:
        _refuse_before_leaving(parcel.departure, at, UnableToReceive)
    scan = steps.moved(
        parcel,
        consignment,
        ScanKind.RECEIVED,
        nonce=nonce,
        by=by,
        at=at,
        place={"point": point.pk},
        changes={
            "state": ParcelState.AT_POINT,
            "shelf": shelf,
            "received_at": at,
            "departure_id": None,
            "damaged_at": at if damaged else None,
        },
        more={"damaged": True} if damaged else None,
        sensed=sensed,
    )
    if not consignment.parcels.exclude(state=ParcelState.AT_POINT).exists():
        _arrive(consignment, by=by, at=at)
    return scan


def _last_of_the_others(consignment: Consignment) -> dt.datetime | None:
    """Return when the last of what else of the order comes to the same point can be collected, as it stands."""
    others = Consignment.objects.filter(order=consignment.order_id, point=consignment.point_id, state__in=STILL_COMING)
    return others.exclude(pk=consignment.pk).aggregate(last=Max(Coalesce("expected_at", "promised_at")))["last"]


def _arrive(consignment: Consignment, *, by, at: dt.datetime) -> None:
    before = consignment.state
    opening = villages.openings_of([consignment.point_id])[consignment.point_id]
    collect_by = keeping.with_the_others(
        keeping.until(consignment.storage_class, opening, since=at),
        storage_class=consignment.storage_class,
        last=_last_of_the_others(consignment),
        since=at,
    )
    handed_over_from = opening.next_opening(at) or at  # somebody was there, whatever its hours say
    placed_for = consignment.lines.order_by("pk").values_list("order_line__point_division", flat=True).first()
    steps.move(
        consignment,
        ConsignmentState.AT_POINT,
        arrived_at=at,
        handed_over_from=handed_over_from,
        collect_by=collect_by,
    )
    events.append(
        [
            NewEvent(
                "consignment",
                consignment.number,
                "consignment.arrived",
                {
                    "order": consignment.order.number,
                    "point": consignment.point_id,
                    # As it was placed, wherever it was redirected to; the on-time figures count it there.
                    "point_county": codes.county_of(placed_for) if placed_for else "",
                    "promised_at": consignment.promised_at.isoformat() if consignment.promised_at else None,
                    "handed_over_from": handed_over_from.isoformat(),
                    "collect_by": collect_by.isoformat(),
                    "before": before,
                    "after": consignment.state,
                },
            )
        ],
        by=by,
        at=at,
    )


def _refuse_before_leaving(departure: Departure, at: dt.datetime, refusal: type[UnableToScan]) -> None:
    """A vehicle that is early has been said to have departed; without that the timetable is believed."""
    if departure.state == DepartureState.SCHEDULED and at < departure.departs_at:
        raise refusal(_("This vehicle has not left yet."))


def _was_to_be_set_down(parcel: Parcel, departure: Departure) -> bool:
    """Tell whether a round was to bring a parcel to its point; taken off at the hub, it tells nothing of the trip."""
    out = Leg.objects.in_force().filter(consignment=parcel.consignment_id, departure=departure, direction=Direction.OUT)
    return departure.round_id is not None and out.exists()


def _loaded_at(parcel: Parcel) -> str:
    scan = parcel.scans.filter(kind=ScanKind.LOADED, departure=parcel.departure_id).order_by("-pk").first()
    return f"{timezone.localtime(scan.occurred_at):%H:%M}" if scan else "—"
