"""What came against what should have come: parcels that turn up at a hub, those that are short, the close of both."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Departure, Hub, Leg, Parcel, Scan
from logistics.services import departures, scans, steps
from logistics.services.steps import NOTHING, NotTheirs, Sensed, UnableToScan
from logistics.states import CAN_TURN_UP, ON_THE_WAY, ConsignmentState, DepartureState, Direction, ParcelState, ScanKind

_GONE = frozenset({DepartureState.DEPARTED, DepartureState.ARRIVED, DepartureState.BROKEN_DOWN})


class UnableToTakeIn(UnableToScan):
    """The parcel cannot have turned up at this hub."""


class UnableToClose(Exception):
    """The departure cannot be closed; the sentence is for the person who asked."""


@transaction.atomic
def take_in(
    parcel: Parcel,
    *,
    hub: Hub,
    departure: Departure | None = None,
    nonce: str,
    by,
    at: dt.datetime,
    sensed: Sensed = NOTHING,
) -> Scan:
    """Take in at a hub whatever came there: unload what a vehicle was to bring here, note all else as surplus.

    A surplus parcel lies at the hub from then on; where its way does not lead on from there, the sweep finds another.

    :param departure: with what it came, where that is known.
    :raises UnableToTakeIn: when it lies here as it is, waits at its point, or was handed over.
    :raises NotTheirs: by anybody but the hub's workers.
    """
    consignment, parcel = steps.locked(parcel)
    if done := steps.repeated(nonce, parcel, by):
        return done
    if not steps.works(by, hub.pk):
        raise NotTheirs(_("This is not your hub."))
    if parcel.state == ParcelState.LOADED and _comes_to(parcel.departure_id, hub):
        return scans.unload(parcel, hub=hub, nonce=nonce, by=by, at=at, sensed=sensed)
    if parcel.state not in CAN_TURN_UP:
        raise UnableToTakeIn(_("This parcel is: %(state)s.") % {"state": ParcelState(parcel.state).label})
    if parcel.hub_id == hub.pk:
        raise UnableToTakeIn(_("This parcel lies at this hub already."))
    if departure is not None and _has_not_left(departure, at):
        raise UnableToTakeIn(_("This vehicle has not left yet."))
    before = consignment.state
    if before not in ON_THE_WAY:
        raise UnableToTakeIn(_("The way of this parcel is being planned again."))
    if before == ConsignmentState.PACKED:
        steps.move(consignment, ConsignmentState.IN_TRANSIT)
    was = {"was": parcel.state, "was_hub": parcel.hub_id, "was_departure": parcel.departure_id}
    return steps.moved(
        parcel,
        consignment,
        ScanKind.SURPLUS,
        nonce=nonce,
        by=by,
        at=at,
        place={"hub": hub.pk, **({"departure": departure.pk} if departure else {})},
        changes={"state": ParcelState.AT_HUB, "hub_id": hub.pk, "departure_id": None},
        sensed=sensed,
        more=was | ({"before": before, "after": consignment.state} if before != consignment.state else {}),
    )


def _has_not_left(departure: Departure, at: dt.datetime) -> bool:
    return departure.state == DepartureState.SCHEDULED and at < departure.departs_at


def can_have_come(departure: Departure, *, at: dt.datetime) -> bool:
    """Tell whether what a departure brings can be compared with its manifest: it has ended, or can have by its times.

    What a vehicle carried that broke down comes some other way, and is compared when it came.
    """
    if departure.state in {DepartureState.ARRIVED, DepartureState.BROKEN_DOWN}:
        return True
    return departure.state != DepartureState.CANCELLED and departures.earliest_end(departure) <= at


def _comes_to(departure_id: int, hub: Hub) -> bool:
    """Tell whether what a departure carries comes to a hub: where it ends, or began if it broke down."""
    back = Q(lane__origin=hub, state=DepartureState.BROKEN_DOWN)
    here = Q(lane__destination=hub) | Q(round__hub=hub) | back
    return Departure.objects.filter(here, pk=departure_id).exists()


def bound_for_end(departure: Departure) -> QuerySet[Parcel]:
    """Return the parcels that a departure was to bring to its end: all of a lane's, of a round's what it picked up.

    A parcel that was left behind does not come with its consignment, unless it was loaded before it was.
    """
    legs = Leg.objects.in_force().filter(departure=departure)
    if departure.round_id:
        legs = legs.filter(direction=Direction.BACK)
    read = Scan.objects.filter(parcel=OuterRef("pk"), departure=departure)
    loaded = read.filter(kind=ScanKind.LOADED)
    with_the_others = Exists(legs.filter(parcel=None, consignment=OuterRef("consignment")))
    bound = Parcel.objects.filter(
        Exists(legs.filter(parcel=OuterRef("pk"))) | (Q(strayed=False) | Exists(loaded)) & with_the_others
    )
    if departure.state in _GONE:
        # What was read elsewhere while others were loaded has not left with them, whatever its consignment was to do.
        elsewhere = Q(state=ParcelState.AT_HUB) | Q(state=ParcelState.LOADED) & ~Q(departure=departure)
        bound = bound.exclude(elsewhere & ~Exists(read))
    return bound


def short(departure: Departure) -> QuerySet[Parcel]:
    """Return the parcels that a departure was to bring to its end and that nobody has read there."""
    came = Scan.objects.filter(
        parcel=OuterRef("pk"), departure=departure, kind__in=[ScanKind.UNLOADED, ScanKind.SURPLUS]
    )
    return bound_for_end(departure).filter(~Exists(came)).order_by("number")


@transaction.atomic
def close(departure: Departure, *, hub: Hub, by, at: dt.datetime) -> list[Parcel]:
    """Close a departure at its end; return what is short. A parcel that is found later can still be unloaded.

    :raises UnableToClose: when it does not run, has not left, cannot be here yet, or was closed before.
    :raises NotTheirs: by anybody but the workers of the hub where it ends, or began if it broke down.
    """
    rows = locks.lock(Departure.objects.filter(pk=departure.pk), rank=locks.Rank.DEPARTURE)
    found = rows.select_related("lane", "round").get()
    if not steps.works(by, hub.pk) or not _comes_to(found.pk, hub):
        raise NotTheirs(_("This is not your hub."))
    if found.closed_at:
        raise UnableToClose(
            _("This departure was closed at %(time)s.") % {"time": f"{timezone.localtime(found.closed_at):%H:%M}"}
        )
    if found.state == DepartureState.CANCELLED:
        raise UnableToClose(_("This departure is: %(state)s.") % {"state": DepartureState.CANCELLED.label})
    if _has_not_left(found, at):
        raise UnableToClose(_("This vehicle has not left yet."))
    if not can_have_come(found, at=at):
        raise UnableToClose(
            _("This vehicle cannot be here before %(time)s. If it is here, please note that first.")
            % {"time": f"{timezone.localtime(departures.earliest_end(found)):%H:%M}"}
        )
    departures.note_arrival(found, by=by, at=at)
    missing = list(short(found))
    expected = bound_for_end(found).count()
    Departure.objects.filter(pk=found.pk).update(closed_at=at)
    told = [
        NewEvent(
            "departure", found.pk, "departure.closed", {"hub": hub.pk, "expected": expected, "short": len(missing)}
        )
    ]
    if missing:
        numbers = [parcel.number for parcel in missing]
        told.append(NewEvent("departure", found.pk, "departure.short", {"hub": hub.pk, "parcels": numbers}))
    events.append(told, by=by, at=at)
    return missing
