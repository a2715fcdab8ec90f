"""Readings that a device sends by the batch: each stands for itself, and a batch sent again changes nothing.

A label names its parcel by the number, an RFID tag by its EPC; a reading that has both ties the tag to the parcel.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from logistics.models import Departure, GoodsReturn, Hub, Parcel, ReturnScan, Scan
from logistics.services import arrivals, goods_returns, scans
from logistics.services.steps import NOTHING, NotTheirs, Sensed, UnableToScan
from logistics.states import ScanKind

KINDS = (ScanKind.LOADED, ScanKind.UNLOADED, ScanKind.SURPLUS, ScanKind.DROPPED)  # the last for returns alone


class UnableToTie(UnableToScan):
    """The RFID tag belongs to another parcel, or the parcel has another tag."""


@dataclass(frozen=True)
class Reading:
    """One reading of a label or tag by a hub worker's or a driver's device.

    :param kind: LOADED on a departure, UNLOADED or SURPLUS at a hub. :param epc: 24 hexadecimal digits, in capitals.
    """

    nonce: str
    kind: ScanKind
    occurred_at: dt.datetime
    label: str = ""
    epc: str = ""
    departure_id: int | None = None
    hub_id: int | None = None
    sensed: Sensed = NOTHING


@dataclass(frozen=True)
class Answer:
    """What became of a reading: its scan, of a parcel or of a return, or why there is none."""

    scan: Scan | ReturnScan | None = None
    refusal: str = ""


def take(readings: Sequence[Reading], *, by) -> list[Answer]:
    """Act on readings in the order in which they happened; return the answers in the order in which they came."""
    mine = _Mine(readings, by=by)
    answers: dict[int, Answer] = {}
    for place in sorted(range(len(readings)), key=lambda each: readings[each].occurred_at):
        try:
            answers[place] = Answer(scan=mine.take(readings[place]))
        except UnableToScan as refusal:
            answers[place] = Answer(refusal=str(refusal))
    return [answers[place] for place in range(len(readings))]


class _Mine:
    """What the readings of a person name, as far as it is that person's business; read in four queries."""

    def __init__(self, readings: Sequence[Reading], *, by):
        self.by = by
        departures = Departure.objects.visible_to(by).select_related("lane", "round")
        self.departures = departures.in_bulk({each.departure_id for each in readings if each.departure_id})
        self.hubs = Hub.objects.visible_to(by).in_bulk()
        labels = {each.label for each in readings if each.label}
        tags = {each.epc for each in readings if each.epc}
        parcels = [*Parcel.objects.filter(number__in=labels), *Parcel.objects.filter(epc__in=tags)]
        self.by_label = {parcel.number: parcel for parcel in parcels}
        self.returns = {each.number: each for each in GoodsReturn.objects.filter(number__in=labels)}
        self.by_tag = {parcel.epc: parcel for parcel in parcels if parcel.epc}

    @transaction.atomic
    def take(self, reading: Reading) -> Scan | ReturnScan:
        if reading.label in self.returns:
            try:
                return self._return(self.returns[reading.label], reading)
            except NotTheirs as refusal:
                raise _nothing() from refusal
        if reading.kind == ScanKind.DROPPED:
            raise _nothing()  # parcels are dropped by their sellers, at the stop
        parcel = self._parcel(reading)
        act = {
            "nonce": reading.nonce,
            "by": self.by,
            "at": reading.occurred_at,
            "sensed": reading.sensed,
        }
        departure = self.departures.get(reading.departure_id)
        if reading.departure_id and departure is None:
            raise UnableToScan(_("There is no such departure."))
        if reading.kind == ScanKind.LOADED:
            if departure is None:
                raise UnableToScan(_("Please say on which departure."))
            if not departure.legs.in_force().filter(consignment=parcel.consignment_id).exists():
                raise _nothing()
            scan = scans.load(parcel, departure=departure, **act)
        else:
            scan = self._taken_in(parcel, reading, departure, act)
        if reading.epc and reading.label:
            self._tie(parcel, reading.epc)
        return scan

    def _return(self, goods_return: GoodsReturn, reading: Reading) -> ReturnScan:
        act = {"nonce": reading.nonce, "by": self.by, "at": reading.occurred_at}
        if reading.kind == ScanKind.DROPPED:
            return goods_returns.drop(goods_return, **act)
        if reading.kind == ScanKind.LOADED:
            departure = self.departures.get(reading.departure_id)
            if departure is None:
                raise UnableToScan(_("Please say on which departure."))
            return goods_returns.load(goods_return, departure=departure, **act)
        hub = self.hubs.get(reading.hub_id)
        if hub is None:
            raise UnableToScan(_("This is not your hub."))
        return goods_returns.unload(goods_return, hub=hub, **act)

    def _taken_in(self, parcel: Parcel, reading: Reading, departure: Departure | None, act: dict) -> Scan:
        hub = self.hubs.get(reading.hub_id)
        if hub is None:
            raise UnableToScan(_("This is not your hub."))
        if reading.kind == ScanKind.SURPLUS:
            return arrivals.take_in(parcel, hub=hub, departure=departure, **act)
        came = Scan.objects.filter(nonce=reading.nonce, parcel=parcel).exists()
        if not came and not Departure.objects.visible_to(self.by).filter(pk=parcel.departure_id).exists():
            raise _nothing()
        return scans.unload(parcel, hub=hub, **act)

    def _parcel(self, reading: Reading) -> Parcel:
        parcel = self.by_label.get(reading.label) if reading.label else self.by_tag.get(reading.epc)
        if parcel is None:
            raise _nothing()
        return Parcel.objects.get(pk=parcel.pk)

    def _tie(self, parcel: Parcel, epc: str) -> None:
        if parcel.epc == epc:
            return
        if parcel.epc:
            raise UnableToTie(_("This parcel has another RFID tag."))
        try:
            with transaction.atomic():
                Parcel.objects.filter(pk=parcel.pk).update(epc=epc)
        except IntegrityError as error:
            raise UnableToTie(_("This RFID tag belongs to another parcel.")) from error
        self.by_tag[epc] = parcel


def _nothing() -> UnableToScan:
    """What does not exist and what is none of the person's business are refused alike."""
    return UnableToScan(_("There is no such parcel here."))
