"""Drawing the orders of a day: who buys what where, and what becomes of it."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings

from catalogue.models import Product
from core import clock, money
from marketplace.order.states import Channel
from villages.models import PickupPoint

ORDERS_A_DAY = (19, 38)  # at the beginning and at the end
CANCELLED, UNCOLLECTED, REJECTED, SHORT, LATE = 0.03, 0.02, 0.03, 0.015, 0.06
IN_SEASON, OUT_OF_SEASON = 6.0, 0.5


@dataclass
class Part:
    """A consignment of the history with its lines and what became of them."""

    seller: object
    storage_class: str
    products: list[tuple[Product, int, int]] = field(default_factory=list)  # product, units, price in fen
    fate: str = "collected"
    packed_at: dt.datetime | None = None
    arrived_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


@dataclass
class Draft:
    """An order of the history before it is written."""

    point: PickupPoint
    at: dt.datetime
    channel: str
    parts: list[Part]


class World:
    """What the history draws from: the listings and the open points, over so many days."""

    def __init__(self, *, days: int):
        self.days = days
        listed = Product.objects.filter(stockrecords__price__isnull=False, seller__isnull=False)
        self.products = list(
            listed.select_related("seller__home_division").prefetch_related("stockrecords").order_by("pk")
        )
        points = PickupPoint.objects.open().select_related("division").order_by("pk")
        kept = points.prefetch_related("capacities")
        self.points = [(point, {c.storage_class for c in point.capacities.all()}) for point in kept]

    def day(self, day: dt.date, number: int) -> Iterator[Draft]:
        """Draw the orders of a day."""
        chance = random.Random(f"history:{day}")  # noqa: S311 - a demonstration, not a secret
        first, last = ORDERS_A_DAY
        count = round((first + (last - first) * number / self.days) * (1.25 if day.weekday() >= 5 else 0.95))
        weights = [
            (IN_SEASON if product.in_season(day.month) else OUT_OF_SEASON) if product.harvest_from_month else 1.5
            for product in self.products
        ]
        for _ in range(count + chance.randint(-3, 3)):
            yield self._order(chance, day, weights)

    def _order(self, chance: random.Random, day: dt.date, weights: list[float]) -> Draft:
        chosen = chance.choices(self.products, weights, k=chance.choices((1, 2, 3), (70, 22, 8))[0])
        point, kept = chance.choice(self.points)
        while not {product.storage_class for product in chosen} <= kept:
            point, kept = chance.choice(self.points)
        minute = chance.randint(7 * 60, 22 * 60 - 1)
        at = dt.datetime.combine(day, dt.time(minute // 60, minute % 60, chance.randint(0, 59)), clock.BEIJING)
        parts: dict[tuple, Part] = {}
        for product in {product.pk: product for product in chosen}.values():
            part = parts.setdefault(
                (product.seller_id, product.storage_class), Part(product.seller, product.storage_class)
            )
            price = money.to_fen(product.stockrecords.all()[0].price)
            part.products.append((product, chance.choices((1, 2, 3, 5), (60, 25, 10, 5))[0], price))
        cancelled = chance.random() < CANCELLED
        for part in parts.values():
            self._fate(chance, part, at, cancelled)
        channel = chance.choices((Channel.WEB, Channel.PROXY, Channel.SAMPLE), (80, 13, 7))[0]
        return Draft(point, at, channel, list(parts.values()))

    def _fate(self, chance: random.Random, part: Part, at: dt.datetime, cancelled: bool) -> None:
        if cancelled:
            part.fate, part.ended_at = "cancelled", at + dt.timedelta(minutes=chance.randint(3, 90))
            return
        part.packed_at = at + dt.timedelta(hours=chance.uniform(2, 9))
        travel = chance.uniform(22, 40) + (24 if chance.random() < LATE else 0)
        part.arrived_at = part.packed_at + dt.timedelta(hours=travel)
        hours = settings.COLLECT_WITHIN_HOURS[part.storage_class]
        if chance.random() < UNCOLLECTED:
            part.fate, part.ended_at = "expired", part.arrived_at + dt.timedelta(hours=hours, minutes=1)
            return
        draw = chance.random()
        part.fate = "rejected" if draw < REJECTED else "short" if draw < REJECTED + SHORT else "collected"
        part.ended_at = part.arrived_at + dt.timedelta(hours=min(chance.expovariate(1 / 14), hours * 0.95))
