"""Orders that were collected, and claims of them."""

import datetime as dt

from core.storage_class import StorageClass
from logistics.models import ConsignmentLine
from logistics.states import CollectionProof
from marketplace.claims.models import Claim
from marketplace.claims.services import claims
from marketplace.claims.states import ClaimReason, Wish
from marketplace.counter.services import handover
from marketplace.evidence.services import photos
from tests.factories import shop
from tests.factories.counter import Counter, qr_of
from tests.factories.photos import jpeg
from tests.factories.shop import MONDAY

COLLECTED = MONDAY + dt.timedelta(days=1, hours=3)


def collected(
    counter: Counter,
    *,
    quantity: int = 3,
    price_fen: int = 1000,
    storage_class: str = StorageClass.AMBIENT,
    path: str = "茶叶/绿茶",
    by=None,
    at: dt.datetime = COLLECTED,
) -> ConsignmentLine:
    """Return the one line of an order that was handed over; its goods keep, unless it is told otherwise."""
    product = shop.listing(counter.shop.seller, price_fen=price_fen, storage_class=storage_class, path=path, on_hand=20)
    order = shop.at_point(shop.order(counter.point, product, quantity=quantity, by=by))
    handover.hand_over(
        order,
        point=counter.point,
        outcomes={},
        proof=CollectionProof.QR,
        code=qr_of(order),
        nonce=f"collected-{order.pk}",
        by=counter.operator,
        at=at,
    )
    return ConsignmentLine.objects.select_related("order_line", "consignment__order").get(consignment__order=order)


def claim(
    line: ConsignmentLine,
    *,
    units: int = 1,
    reason: str = ClaimReason.BROKEN,
    wish: str = Wish.REFUND,
    words: str = "",
    with_photo: bool = True,
    at: dt.datetime = COLLECTED + dt.timedelta(hours=1),
    by=None,
) -> Claim:
    kept = [photos.keep(jpeg(), at=at)] if with_photo else []
    return claims.open_claim(line, units=units, reason=reason, wish=wish, words=words, photos=kept, by=by, at=at)
