"""A vehicle at a pickup point: what it was to set down there, all of it taken in by count, and what is short."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events
from core.events import NewEvent
from logistics import queries
from logistics.models import Departure, Leg, Parcel, StopClosing
from logistics.services import scans, steps
from logistics.services.steps import NotTheirs, UnableToScan
from logistics.states import DepartureState, Direction, ParcelState
from villages.models import PickupPoint

ON_THE_WAY = (ParcelState.PACKED, ParcelState.AT_STOP, ParcelState.LOADED, ParcelState.AT_HUB)


class UnableToCount(UnableToScan):
    """What was counted is not what is to come; each parcel is read by itself then."""


class UnableToCloseStop(UnableToScan):
    """The vehicle cannot have been here yet, or its stop is closed already."""


def manifest(departure: Departure, point: PickupPoint) -> QuerySet[Parcel]:
    """Return the parcels that a departure was to set down at a point, in order of their numbers."""
    legs = Leg.objects.in_force().filter(departure=departure, direction=Direction.OUT)
    with_the_others = Exists(legs.filter(parcel=None, consignment=OuterRef("consignment")))
    alone = Exists(legs.filter(parcel=OuterRef("pk")))
    return Parcel.objects.filter(alone | Q(strayed=False) & with_the_others, consignment__point=point).order_by(
        "number"
    )


def short(departure: Departure, point: PickupPoint) -> QuerySet[Parcel]:
    """Return the parcels of the manifest that nobody has received."""
    return manifest(departure, point).filter(state__in=ON_THE_WAY)


@transaction.atomic
def receive_counted(
    departure: Departure, *, point: PickupPoint, counted: int, nonce: str, by, at: dt.datetime
) -> list[Parcel]:
    """Receive all that a departure still had aboard for a point, because as many boxes were counted as it has parcels.

    Each goes to the shelf that is suggested for it.

    :param nonce: names this act; sent again, nothing is received twice.
    :raises UnableToCount: when another number was counted; nothing is received then.
    :raises NotTheirs: by anybody but the point's operators.
    """
    if not steps.operates(by, point.pk):
        raise NotTheirs(_("This is not your point."))
    waiting = list(short(departure, point).filter(state=ParcelState.LOADED).select_related("consignment"))
    if not waiting or counted != len(waiting):
        raise UnableToCount(
            _("The manifest has %(expected)d parcels still aboard, you counted %(counted)d. Please read each label.")
            % {"expected": len(waiting), "counted": counted}
        )
    waiting.sort(key=lambda parcel: (parcel.consignment_id, parcel.pk))
    for parcel in waiting:
        shelf = queries.shelf_suggestions(parcel.consignment)[0]
        scans.receive(parcel, point=point, shelf=shelf, nonce=f"{nonce}:{parcel.pk}", by=by, at=at)
    return waiting


@transaction.atomic
def close_stop(departure: Departure, *, point: PickupPoint, by, at: dt.datetime) -> list[Parcel]:
    """Say that all is taken in that a departure brought to a point; return what is short.

    A short parcel that is found later can still be received.

    :raises UnableToCloseStop: before the vehicle can have been there, or when it was closed before.
    :raises NotTheirs: by anybody but the point's operators.
    """
    if not steps.operates(by, point.pk):
        raise NotTheirs(_("This is not your point."))
    if departure.state == DepartureState.SCHEDULED and at < departure.departs_at:
        raise UnableToCloseStop(_("This vehicle has not left yet."))
    missing = list(short(departure, point))
    expected = manifest(departure, point).count()
    try:
        with transaction.atomic():
            StopClosing.objects.create(
                departure=departure,
                point=point,
                actor=events.actor_of(by),
                closed_at=at,
                expected=expected,
                short=len(missing),
            )
    except IntegrityError as error:
        first = StopClosing.objects.get(departure=departure, point=point)
        raise UnableToCloseStop(
            _("This vehicle was checked off at %(time)s.") % {"time": f"{timezone.localtime(first.closed_at):%H:%M}"}
        ) from error
    payload = {"point": point.pk, "expected": expected, "short": len(missing)}
    told = [NewEvent("departure", departure.pk, "departure.stop-closed", payload)]
    if missing:
        numbers = [parcel.number for parcel in missing]
        told.append(
            NewEvent("departure", departure.pk, "departure.stop-short", {"point": point.pk, "parcels": numbers})
        )
    events.append(told, by=by, at=at)
    return missing
