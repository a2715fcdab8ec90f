"""What every reading of a label has in common: whose place it is, the parcel under its lock, the step written down."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment, Departure, HubWorker, Leg, Parcel, Scan
from logistics.services import cold_chain
from logistics.states import MOVES, PARCEL_MOVES, ConsignmentState, Direction, ParcelState, ScanKind
from villages.models import Operator, PickupPoint


class UnableToScan(Exception):
    """The scan is refused and nothing has changed."""


class NotTheirs(UnableToScan):
    """Whoever scans has no business at this place; the edge answers as if the parcel did not exist."""


@dataclass(frozen=True)
class Sensed:
    """What a device knew beside the label: where it was (decimal degrees, WGS 84) and how warm the goods were (°C)."""

    latitude: Decimal | None = None
    longitude: Decimal | None = None
    temperature_c: Decimal | None = None


NOTHING = Sensed()
_TAKEN_OFF = frozenset({ScanKind.UNLOADED, ScanKind.SURPLUS, ScanKind.RECEIVED})


def move(consignment: Consignment, to: ConsignmentState, **changes) -> None:
    """Move a locked consignment to a state that its present one allows."""
    if to not in MOVES[consignment.state]:
        raise UnableToScan(_("This consignment is %(state)s.") % {"state": ConsignmentState(consignment.state).label})
    Consignment.objects.filter(pk=consignment.pk).update(state=to, **changes)
    consignment.state = to


def locked(parcel: Parcel) -> tuple[Consignment, Parcel]:
    """Lock the parcel's consignment, which guards its parcels too, and read both again."""
    rows = Consignment.objects.select_related("order").filter(pk=parcel.consignment_id)
    consignment = locks.lock(rows, rank=locks.Rank.CONSIGNMENT).get()
    return consignment, Parcel.objects.get(pk=parcel.pk)


def repeated(nonce: str, parcel: Parcel, by) -> Scan | None:
    """Return the scan of this parcel that the nonce named before, whatever it did; by the time that it is sent again
    the parcel may have gone on.

    :raises UnableToScan: where it named a reading of another parcel, or of somebody else's.
    """
    scan = Scan.objects.filter(nonce=nonce).first()
    if scan is not None and (scan.parcel_id, scan.actor) != (parcel.pk, events.actor_of(by)):
        raise UnableToScan(_("This reading was used for another parcel."))
    return scan


def permit(parcel: Parcel, to: ParcelState, refusal: type[UnableToScan]) -> None:
    if to not in PARCEL_MOVES[parcel.state]:
        raise refusal(_("This parcel is: %(state)s.") % {"state": ParcelState(parcel.state).label})


def moved(
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
    sensed: Sensed = NOTHING,
) -> Scan:
    """Write a parcel's step: the parcel, the scan, the event; and that it was too warm or too cold, if it was."""
    Parcel.objects.filter(pk=parcel.pk).update(**changes)
    if consignment.routing_lease_until and consignment.state == ConsignmentState.IN_TRANSIT:
        # What was looked at in vain is looked at again at once: from where it is now there may be a way on.
        Consignment.objects.filter(pk=consignment.pk).update(routing_lease_until=None)
    scan = Scan(
        parcel=parcel,
        kind=kind,
        nonce=nonce,
        actor=events.actor_of(by),
        occurred_at=at,
        recorded_at=timezone.now(),
        latitude=sensed.latitude,
        longitude=sensed.longitude,
        temperature_c=sensed.temperature_c,
        **{f"{name}_id": pk for name, pk in place.items()},
    )
    _write(scan)
    payload = {
        "order": consignment.order.number,
        "consignment": consignment.number,
        **place,
        **({"shelf": changes["shelf"]} if changes.get("shelf") else {}),
        **(more or {}),
    }
    told = [NewEvent("parcel", parcel.number, f"parcel.{kind.lower()}", payload)]
    if cold_chain.is_breach(sensed.temperature_c, storage_class=consignment.storage_class):
        Parcel.objects.filter(pk=parcel.pk, temperature_breach_at=None).update(temperature_breach_at=at)
        warm = {
            "order": consignment.order.number,
            "consignment": consignment.number,
            **place,
            "storage_class": consignment.storage_class,
            "temperature_c": str(sensed.temperature_c),
        }
        told.append(NewEvent("parcel", parcel.number, "parcel.temperature-breached", warm))
    events.append(told, by=by, at=at)
    if kind in _TAKEN_OFF and parcel.departure_id and not parcel.temperature_breach_at:
        _flag_what_loggers_measured(parcel, consignment, until=at, by=by)
    return scan


def _flag_what_loggers_measured(parcel: Parcel, consignment: Consignment, *, until: dt.datetime, by) -> None:
    """Flag a parcel that comes off a vehicle for what its loggers measured before anybody knew that it was aboard."""
    loaded = parcel.scans.filter(kind=ScanKind.LOADED, departure=parcel.departure_id).order_by("-pk").first()
    if loaded is None:
        return
    found = cold_chain.first_breach(
        parcel.departure_id, storage_class=consignment.storage_class, since=loaded.occurred_at, until=until
    )
    if found is None:
        return
    flagged = Parcel.objects.filter(pk=parcel.pk, temperature_breach_at=None).update(
        temperature_breach_at=found.occurred_at
    )
    if flagged:
        events.append([cold_chain.told(parcel.number, consignment, found)], by=by, at=found.occurred_at)


def _write(scan: Scan) -> None:
    """Write a scan; the parcel's lock keeps its own readings apart, the nonce also those of two parcels.

    :raises UnableToScan: where the nonce named a reading of another parcel at the very same moment.
    """
    try:
        with transaction.atomic():
            scan.save(force_insert=True)
    except IntegrityError as error:
        if not Scan.objects.filter(nonce=scan.nonce).exists():
            raise
        raise UnableToScan(_("This reading was used for another parcel.")) from error


def start_of(leg: Leg) -> int | PickupPoint:
    """Return the hub (its key) or the stop where a leg begins."""
    if leg.departure.lane:
        return leg.departure.lane.origin_id
    if leg.direction == Direction.OUT:
        return leg.departure.round.hub_id
    return leg.consignment.origin_stop


def _is_process(by) -> bool:
    return isinstance(by, str)


def operates(by, point_id: int) -> bool:
    return _is_process(by) or Operator.objects.filter(user=by, point_id=point_id, until=None).exists()


def works(by, hub_id: int) -> bool:
    return _is_process(by) or HubWorker.objects.filter(user=by, hub_id=hub_id, until=None).exists()


def drives(by, departure: Departure) -> bool:
    return _is_process(by) or (departure.driven_by_id == by.pk)


def sells(by, consignment: Consignment) -> bool:
    return _is_process(by) or consignment.seller.users.filter(pk=by.pk).exists()
