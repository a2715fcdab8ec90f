"""Readings of temperature loggers on vehicles: each is kept, and flags what was aboard and is beyond its storage class.

A logger tells of the hold it hangs in; without a storage class it tells of all goods aboard. What was aboard at that
time is read from the scans, so that a reading that is sent late finds the parcels that were there then; scans that are
sent later than the readings ask for them when the parcel leaves the vehicle (``steps.moved``).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks
from core.storage_class import StorageClass
from logistics.models import Consignment, Departure, Parcel, Scan, TemperatureReading
from logistics.services import cold_chain
from logistics.states import ScanKind


class UnableToNoteTemperature(Exception):
    """The reading is refused and nothing has changed; the sentence is for whoever sent it."""


@dataclass(frozen=True)
class Measured:
    """One reading as a device sends it.

    :param storage_class: of the hold that the logger hangs in; empty for all goods.
    """

    nonce: str
    device: str
    departure_id: int
    occurred_at: dt.datetime
    temperature_c: Decimal
    storage_class: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of a reading: how many parcels it flagged first, or why it was refused."""

    breached: int = 0
    refusal: str = ""


def take(measured: Sequence[Measured], *, by) -> list[Answer]:
    """Note readings in the order in which they were measured; return the answers in the order in which they came.

    :param by: a driver of the departures, or a worker of a hub where they begin or end.
    """
    mine = Departure.objects.visible_to(by).in_bulk({each.departure_id for each in measured})
    answers: dict[int, Answer] = {}
    for place in sorted(range(len(measured)), key=lambda each: measured[each].occurred_at):
        each = measured[place]
        try:
            if each.departure_id not in mine:
                raise UnableToNoteTemperature(_("There is no such departure."))
            answers[place] = Answer(breached=note(each, by=by))
        except UnableToNoteTemperature as refusal:
            answers[place] = Answer(refusal=str(refusal))
    return [answers[place] for place in range(len(measured))]


@transaction.atomic
def note(measured: Measured, *, by) -> int:
    """Keep a reading; flag the parcels aboard that it is too warm or too cold for, and return how many are flagged now.

    :raises UnableToNoteTemperature: where the nonce named another reading.
    """
    if _is_repeated(measured, by):
        return 0
    beyond = [each for each in _classes(measured) if cold_chain.is_breach(measured.temperature_c, storage_class=each)]
    parcels = _locked(_aboard(measured).filter(consignment__storage_class__in=beyond)) if beyond else []
    try:
        with transaction.atomic():
            reading = TemperatureReading.objects.create(
                departure_id=measured.departure_id,
                device=measured.device,
                storage_class=measured.storage_class,
                temperature_c=measured.temperature_c,
                nonce=measured.nonce,
                actor=events.actor_of(by),
                occurred_at=measured.occurred_at,
                recorded_at=timezone.now(),
            )
    except IntegrityError:
        if not _is_repeated(measured, by):
            raise
        return 0
    Parcel.objects.filter(pk__in=[parcel.pk for parcel in parcels]).update(temperature_breach_at=measured.occurred_at)
    told = [cold_chain.told(parcel.number, parcel.consignment, reading) for parcel in parcels]
    events.append(told, by=by, at=measured.occurred_at)
    return len(parcels)


def _is_repeated(measured: Measured, by) -> bool:
    row = TemperatureReading.objects.filter(nonce=measured.nonce).first()
    if row is None:
        return False
    same = (row.departure_id, row.device, row.actor) == (measured.departure_id, measured.device, events.actor_of(by))
    if not same:
        raise UnableToNoteTemperature(_("This identifier was used for another reading."))
    return True


def _classes(measured: Measured) -> list[str]:
    return [measured.storage_class] if measured.storage_class else StorageClass.values


def _aboard(measured: Measured) -> QuerySet[Parcel]:
    """Return the parcels without a flag whose last scan until then loaded them on the departure."""
    until = Scan.objects.filter(parcel=OuterRef("pk"), occurred_at__lte=measured.occurred_at)
    last = until.order_by("-occurred_at", "-pk")
    loaded = Scan.objects.filter(kind=ScanKind.LOADED, departure=measured.departure_id).values("parcel")
    return (
        Parcel.objects.filter(pk__in=loaded, temperature_breach_at=None)
        .annotate(last_kind=Subquery(last.values("kind")[:1]), last_departure=Subquery(last.values("departure")[:1]))
        .filter(last_kind=ScanKind.LOADED, last_departure=measured.departure_id)
    )


def _locked(parcels: QuerySet[Parcel]) -> list[Parcel]:
    """Lock the parcels' consignments, which guard them, and read them again."""
    consignments = list(parcels.values_list("consignment_id", flat=True))
    list(locks.lock(Consignment.objects.filter(pk__in=consignments), rank=locks.Rank.CONSIGNMENT).values_list("pk"))
    return list(parcels.select_related("consignment__order").order_by("pk"))
