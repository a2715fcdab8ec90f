"""Listings and orders, made through the services that make the real ones."""

import datetime as dt
from collections.abc import Sequence
from itertools import count

from oscar.core.loading import get_class

from catalogue.models import Category, Product
from core.storage_class import StorageClass
from marketplace.basket.models import Basket
from marketplace.order.models import Order
from marketplace.order.services import placing
from marketplace.order.services.placing import Contact
from marketplace.partner.models import Partner
from marketplace.selling.services import listings
from marketplace.selling.services.listings import Details
from tests.factories import logistics
from tests.factories.logistics import MONDAY
from villages.models import PickupPoint

_numbers = count(1)


def category(name: str = "水果") -> Category:
    return Category.objects.filter(depth=1, name=name).first() or Category.objects.add_root({"name": name})


def seller(drop_off: PickupPoint, **fields) -> Partner:
    return logistics.seller(**{"drop_off": drop_off, "home_division": drop_off.division} | fields)


def listing(
    seller: Partner, *, on_hand: int = 100, price_fen: int = 3980, at: dt.datetime = MONDAY, **details
) -> Product:
    stated = {
        "title": f"石门柑橘{next(_numbers)}",
        "category": category(),
        "price_fen": price_fen,
        "on_hand": on_hand,
        "storage_class": StorageClass.AMBIENT,
        "units_per_crate": 4,
    }
    return listings.add(seller, details=Details(**stated | details), by="test", at=at)


def basket(lines: Sequence[tuple[Product, int]]) -> Basket:
    made = Basket.objects.create()
    made.strategy = get_class("partner.strategy", "Selector")().strategy()
    for product, quantity in lines:
        made.add_product(product, quantity)
    return made


def order(
    lines: Sequence[tuple[Product, int]],
    point: PickupPoint,
    *,
    at: dt.datetime = MONDAY,
    by=None,
    phone: str = "",
    name: str = "李小满",
    **options,
) -> Order:
    """Return an order that was placed by ``placing.place``, to be paid at the point, each from a phone of its own."""
    contact = Contact(name, phone or f"+861380000{next(_numbers):04d}", True)
    return placing.place(basket(lines), point_id=point.pk, contact=contact, by=by, at=at, **options)
