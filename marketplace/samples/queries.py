"""Questions to the samples: where one of a listing can be seen, what stands at a point."""

import math
from dataclasses import dataclass

from django.db.models import FloatField, QuerySet
from django.db.models.functions import Cast, Power

from marketplace.samples.models import Sample
from marketplace.samples.states import SampleState
from villages.models import PickupPoint
from villages.queries import distance_km


@dataclass(frozen=True)
class Seen:
    """A point where a sample can be seen, and how far it is from the chosen point, in kilometres; None without one."""

    point: PickupPoint
    distance_km: float | None


def seen_at(product_id: int, *, near: PickupPoint | None, limit: int) -> list[Seen]:
    """Return the points at which a sample of a listing stands, the nearest to a point first, in one query."""
    rows = Sample.objects.filter(product_id=product_id).to_be_seen().select_related("point__division")
    if near is None:
        return [Seen(sample.point, None) for sample in rows.order_by("point__division_id", "point_id")[:limit]]
    longitude, latitude = float(near.longitude), float(near.latitude)
    # On so small a piece of the globe a flat one puts them in the same order.
    across = Power(Cast("point__latitude", FloatField()) - latitude, 2)
    along = Power((Cast("point__longitude", FloatField()) - longitude) * math.cos(math.radians(latitude)), 2)
    rows = rows.annotate(off=across + along).order_by("off", "point_id")[:limit]
    return [
        Seen(
            sample.point,
            distance_km(longitude, latitude, float(sample.point.longitude), float(sample.point.latitude)),
        )
        for sample in rows
    ]


def on_display(point: PickupPoint) -> QuerySet[Sample]:
    """Return what stands at a point, the newest first."""
    here = Sample.objects.filter(point=point, state=SampleState.ON_DISPLAY)
    return here.select_related("product__seller", "product__origin").prefetch_related("product__images").order_by("-pk")
