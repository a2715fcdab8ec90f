"""A point with its operator, and orders that wait there; an operator's browser."""

from dataclasses import dataclass

from django.test import Client

from logistics import codes, pickup_qr
from marketplace.order.models import Order
from marketplace.users.models import User
from tests.factories import shop
from tests.factories.shop import Shop
from villages.models import PickupPoint


@dataclass(frozen=True)
class Counter:
    """A point that has an operator and is reached from a seller's stop."""

    shop: Shop
    operator: User

    @property
    def point(self) -> PickupPoint:
        return self.shop.point

    def client(self, operator: User | None = None) -> Client:
        client = Client()
        client.force_login(operator or self.operator, backend="marketplace.users.backends.PhoneOrEmailBackend")
        return client

    def waiting(self, *, quantity: int = 2, lines: int = 1, price_fen: int = 4500, phone: str = "") -> Order:
        """Return an order that waits on shelf A-01, of so many lines of one seller: ¥6 freight in all."""
        products = [shop.listing(self.shop.seller, price_fen=price_fen) for _ in range(lines)]
        return shop.at_point(shop.order(self.point, *products, quantity=quantity, phone=phone))

    def coming(self, *, phone: str = "") -> Order:
        """Return an order that is packed at the seller's and on its way here."""
        made = shop.order(self.point, shop.listing(self.shop.seller), phone=phone)
        shop.packed(made)
        return made


def counter() -> Counter:
    made = shop.shop()
    return Counter(made, shop.operator(made.point))


def code_of(order: Order) -> str:
    return codes.typed_code(order.number, epoch=order.code_epoch)


def qr_of(order: Order) -> str:
    return pickup_qr.text_of(order.number, point_id=order.pickup_point_id, epoch=order.code_epoch)


def wrong_code(order: Order) -> str:
    """Return eight digits that are well formed and not the order's."""
    return codes.typed_code(order.number, epoch=order.code_epoch + 1)
