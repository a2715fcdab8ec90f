"""Sellers with listings on a small network, baskets, and orders on their way."""

import datetime as dt
from dataclasses import dataclass
from itertools import count

from catalogue.models import Category, Product
from core.storage_class import StorageClass
from logistics.models import Consignment, Parcel
from logistics.services import routing
from logistics.states import ConsignmentState, ParcelState
from marketplace.basket.models import Basket
from marketplace.order.models import Order
from marketplace.order.services import placing
from marketplace.order.services.placing import Contact
from marketplace.partner.models import Partner
from marketplace.selling.services import listings, packing
from marketplace.selling.services.listings import Details
from marketplace.storefront.services import baskets
from marketplace.users.models import User
from tests.factories import logistics
from tests.factories.logistics import MONDAY, SmallNetwork
from villages.models import Operator, PickupPoint
from villages.states import OperatorRole

ACTOR = "test"
_numbers = count(1)


@dataclass(frozen=True)
class Shop:
    """A small network with one seller at its stop."""

    network: SmallNetwork
    seller: Partner

    @property
    def point(self) -> PickupPoint:
        return self.network.point


def shop(**network) -> Shop:
    made = logistics.small_network(**network)
    return Shop(made, seller(made.stop))


def user(name: str = "", **fields) -> User:
    number = next(_numbers)
    fields.setdefault("phone", f"+8613500{number:06d}")
    return User.objects.create_user(password="secret-2026", first_name=name or f"人{number}", **fields)


def seller(stop: PickupPoint, *, people: tuple[User, ...] = (), **fields) -> Partner:
    made = logistics.seller(home_division=stop.division, drop_off=stop, **fields)
    made.users.set(people)
    return made


def category(path: str = "水果/柑橘") -> Category:
    parent = None
    for name in path.split("/"):
        siblings = parent.get_children() if parent else Category.get_root_nodes()
        parent = siblings.filter(name=name).first() or (
            parent.add_child(name=name) if parent else Category.add_root(name=name)
        )
    return parent


def listing(
    of: Partner,
    *,
    title: str = "",
    price_fen: int = 4500,
    on_hand: int = 100,
    storage_class: str = StorageClass.AMBIENT,
    path: str = "水果/柑橘",
    pack: str = "5kg/箱",
    at: dt.datetime = MONDAY,
    **fields,
) -> Product:
    details = Details(
        title=title or f"测试柑橘{next(_numbers)}",
        category=category(path),
        price_fen=price_fen,
        on_hand=on_hand,
        pack=pack,
        storage_class=storage_class,
        origin_code=of.home_division_id,
        **fields,
    )
    return listings.add(of, details=details, by=ACTOR, at=at)


def basket(*products: Product, quantity: int = 1, owner: User | None = None) -> Basket:
    made = Basket.objects.create(owner=owner)
    for product in products:
        baskets.add(made, product=product, quantity=quantity)
    return made


def contact(phone: str = "", *, name: str = "张小满", verified: bool = True) -> Contact:
    return Contact(name, phone or f"+8613600{next(_numbers):06d}", verified=verified)


def order(
    point: PickupPoint,
    *products: Product,
    quantity: int = 1,
    by: User | None = None,
    at: dt.datetime = MONDAY,
    phone: str = "",
) -> Order:
    return placing.place(
        basket(*products, quantity=quantity, owner=by), point_id=point.pk, contact=contact(phone), by=by, at=at
    )


def routed(made: Order, *, at: dt.datetime = MONDAY) -> list[Consignment]:
    routing.route_waiting(limit=100, at=at, by=ACTOR)
    return list(made.consignments.order_by("pk"))


def packed(made: Order, *, at: dt.datetime = MONDAY) -> list[Consignment]:
    for consignment in routed(made, at=at):
        packing.pack(consignment, by=ACTOR, at=at)
    return list(made.consignments.order_by("pk"))


def at_point(made: Order, *, at: dt.datetime = MONDAY) -> Order:
    """Bring all of an order to its point and leave it on the shelf, without the scans on the way."""
    consignments = packed(made, at=at)
    arrived = at + dt.timedelta(days=1)
    Parcel.objects.filter(consignment__in=consignments).update(
        state=ParcelState.AT_POINT, received_at=arrived, shelf="A-01"
    )
    made.consignments.update(
        state=ConsignmentState.AT_POINT, arrived_at=arrived, collect_by=arrived + dt.timedelta(days=7)
    )
    return made


def operator(
    point: PickupPoint,
    *,
    person: User | None = None,
    at: dt.datetime = MONDAY,
    role: str = OperatorRole.OPERATOR,
) -> User:
    person = person or user()
    Operator.objects.create(point=point, user=person, since=at, role=role)
    return person
