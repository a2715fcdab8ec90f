"""What a consignment's freight is, and who pays it: by crates, storage class and the pair of counties."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from core.clock import day_of
from logistics.models import FreeDelivery, FreightRate, Tariff
from logistics.states import FreightFunder, Reach
from villages import codes


@dataclass(frozen=True)
class FreightRequest:
    """A consignment to be: from a division to a division, both by code, with its seller's goods in fen."""

    seller_id: int
    origin: str
    destination: str
    storage_class: str
    crates: int
    goods_fen: int


@dataclass(frozen=True)
class Freight:
    """What the buyer pays in fen, and what somebody else pays in the buyer's place.

    ``offer`` is the free delivery that more goods of the seller would reach, or have reached.
    """

    fen: int
    funded_fen: int = 0
    funder: FreightFunder | None = None
    offer: FreeDelivery | None = None


def freights(requests: Sequence[FreightRequest], *, at: dt.datetime) -> list[Freight]:
    """Return the freight of each consignment of one order, by the tariff of the day, in two queries.

    Without a tariff each costs ``settings.FREIGHT_FEN``. Delivery is free where the goods of one seller in the order
    together reach what an offer asks; of several offers the one counts that asks least, and of equal ones the
    platform's.
    """
    if not requests:
        return []
    day = day_of(at)
    rates = _rates(day)
    offers = _offers(day, {request.seller_id for request in requests})
    goods: Counter = Counter()
    for request in requests:
        goods[request.seller_id] += request.goods_fen
    found = []
    for request in requests:
        fen = _fen(rates, request)
        offer = next((offer for offer in offers if offer.seller_id in {None, request.seller_id}), None)
        if offer is not None and goods[request.seller_id] >= offer.from_fen:
            found.append(Freight(0, fen, FreightFunder(offer.funder), offer))
        else:
            found.append(Freight(fen, offer=offer))
    return found


def _rates(day: dt.date) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    in_force = Tariff.objects.filter(valid_from__lte=day).order_by("-valid_from").values("pk")[:1]
    rows = FreightRate.objects.filter(tariff__in=in_force)
    return {
        (storage_class, reach, origin, destination): (first, further)
        for storage_class, reach, origin, destination, first, further in rows.values_list(
            "storage_class", "reach", "origin_county", "destination_county", "first_fen", "further_fen"
        )
    }


def _fen(rates: dict, request: FreightRequest) -> int:
    origin, destination = codes.county_of(request.origin), codes.county_of(request.destination)
    storage_class = str(request.storage_class)
    keys = [(storage_class, Reach.PAIR, origin, destination)]
    keys += [(storage_class, reach, "", "") for reach in reaches(origin, destination)]
    for key in keys:
        if key in rates:
            first, further = rates[key]
            return first + further * (request.crates - 1)
    return settings.FREIGHT_FEN


def reaches(origin: str, destination: str) -> list[Reach]:
    """Return how far apart two counties are, the nearest word first; what has no rate counts as farther."""
    if origin == destination:
        return [Reach.SAME_COUNTY, Reach.SAME_PREFECTURE, Reach.PROVINCE]
    if codes.prefecture_of(origin) == codes.prefecture_of(destination):
        return [Reach.SAME_PREFECTURE, Reach.PROVINCE]
    return [Reach.PROVINCE]


def _offers(day: dt.date, seller_ids: set[int]) -> list[FreeDelivery]:
    in_force = FreeDelivery.objects.filter(valid_from__lte=day).filter(Q(valid_to=None) | Q(valid_to__gt=day))
    rows = in_force.filter(Q(seller=None) | Q(seller__in=seller_ids))
    return sorted(rows, key=lambda offer: (offer.from_fen, offer.funder != FreightFunder.PLATFORM, offer.pk))
