"""Setting freight: a tariff follows another from a day on; offers of free delivery begin and end."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import events
from core.clock import day_of
from core.events import NewEvent
from core.storage_class import StorageClass
from logistics.models import FreeDelivery, FreightRate, Tariff
from logistics.states import FreightFunder, Reach

FAR = (Reach.SAME_COUNTY, Reach.SAME_PREFECTURE, Reach.PROVINCE)
MOST_FEN = 1_000_000


class UnableToSetTariff(Exception):
    """The tariff cannot be set; the sentence is for the person, ``field`` names what it belongs to."""

    def __init__(self, message: str, *, field: str = ""):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Rate:
    """A rate in fen; the counties are named where it holds between these two only."""

    storage_class: str
    reach: Reach
    first_fen: int
    further_fen: int
    origin_county: str = ""
    destination_county: str = ""


def set_tariff(rates: Iterable[Rate], *, valid_from: dt.date, note: str, by, at: dt.datetime) -> Tariff:
    """Let a tariff hold from a day on, in place of what held before; one that has not begun is replaced.

    :raises UnableToSetTariff: for a day that has begun, a rate that is missing or twice, or amounts out of range.
    """
    rates = list(rates)
    if valid_from <= day_of(at) and Tariff.objects.filter(valid_from__lte=day_of(at)).exists():
        raise UnableToSetTariff(_("A tariff can hold from tomorrow on at the earliest."), field="valid_from")
    have = {(rate.storage_class, rate.reach) for rate in rates}
    if not {(storage_class, reach) for storage_class in StorageClass.values for reach in FAR} <= have:
        raise UnableToSetTariff(_("A rate is missing: each storage class needs one for each distance."))
    if any(not 0 <= fen <= MOST_FEN for rate in rates for fen in (rate.first_fen, rate.further_fen)):
        raise UnableToSetTariff(_("A crate costs between ¥0 and ¥%(most)d.") % {"most": MOST_FEN // 100})
    with transaction.atomic():
        Tariff.objects.filter(valid_from=valid_from).delete()
        tariff = Tariff.objects.create(valid_from=valid_from, note=note, changed_by=events.actor_of(by), changed_at=at)
        try:
            with transaction.atomic():
                FreightRate.objects.bulk_create([FreightRate(tariff=tariff, **vars(rate)) for rate in rates])
        except IntegrityError as error:
            raise UnableToSetTariff(_("Two rates are for the same counties.")) from error
        payload = {
            "valid_from": valid_from.isoformat(),
            "rates": [vars(rate) | {"reach": str(rate.reach)} for rate in rates],
        }
        events.append([NewEvent("tariff", valid_from.isoformat(), "tariff.set", payload)], by=by, at=at)
    return tariff


def offer_free_delivery(
    *,
    funder: FreightFunder,
    from_fen: int,
    seller_id: int | None,
    by,
    at: dt.datetime,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> FreeDelivery:
    """Let delivery be free from so much of a seller's goods on (of every seller's without one), from today or later.

    A seller has one offer of the own at a time: the new one ends the old.

    :raises UnableToSetTariff: when nobody is named who pays, or the days are in the wrong order.
    """
    begins = valid_from or day_of(at)
    if funder == FreightFunder.SELLER and seller_id is None:
        raise UnableToSetTariff(_("Which seller pays?"), field="seller")
    if valid_to is not None and valid_to <= begins:
        raise UnableToSetTariff(_("It ends before it begins."), field="valid_to")
    with transaction.atomic():
        end_free_delivery(seller_id=seller_id, funder=funder, by=by, at=at)
        offer = FreeDelivery.objects.create(
            seller_id=seller_id,
            funder=funder,
            from_fen=from_fen,
            valid_from=begins,
            valid_to=valid_to,
            changed_by=events.actor_of(by),
            changed_at=at,
        )
        payload = {"seller": seller_id, "funder": str(funder), "from_fen": from_fen, "valid_from": begins.isoformat()}
        events.append([NewEvent("free-delivery", offer.pk, "free-delivery.offered", payload)], by=by, at=at)
    return offer


def end_free_delivery(*, seller_id: int | None, funder: FreightFunder, by, at: dt.datetime) -> int:
    """End what a funder offers for a seller (or for all), from today on; return how many offers ended."""
    today = day_of(at)
    with transaction.atomic():
        running = FreeDelivery.objects.filter(seller=seller_id, funder=funder).exclude(valid_to__lte=today)
        ids = list(running.values_list("pk", flat=True))
        FreeDelivery.objects.filter(pk__in=ids, valid_from__gt=today).delete()
        FreeDelivery.objects.filter(pk__in=ids).update(valid_to=today)
        ended = [NewEvent("free-delivery", pk, "free-delivery.ended", {"seller": seller_id}) for pk in ids]
        events.append(ended, by=by, at=at)
    return len(ids)
