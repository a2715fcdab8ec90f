"""Freight: quoted, frozen, booked; and booked to who pays it in the buyer's place."""

import pytest

from core import invariants
from logistics import codes, demo_tariff
from logistics.services import tariffs
from logistics.services.collections import Outcome
from logistics.states import CollectionProof, FreightFunder
from marketplace.counter.services import handover
from marketplace.order.services import cancelling
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from marketplace.storefront import quotes
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db
SOUND = ["C1", "C2", "L1", "M1", "S1"]


@pytest.fixture
def made() -> shop.Shop:
    demo_tariff.set_tariff(at=MONDAY)
    return shop.shop()


def hand_over(order, made: shop.Shop, **outcomes) -> None:
    shop.at_point(order)
    handover.hand_over(
        order,
        point=made.point,
        proof=CollectionProof.TYPED_CODE,
        code=codes.typed_code(order.number, epoch=order.code_epoch),
        nonce="n",
        by=shop.operator(made.point),
        at=MONDAY,
        outcomes=outcomes.get("outcomes", {}),
    )


def test_what_was_quoted_is_frozen_and_booked(made):
    product = shop.listing(made.seller, price_fen=4000, units_per_crate=1)
    basket = shop.basket(product, quantity=3)

    quote = quotes.quote(basket, point=made.point, at=MONDAY)
    order = shop.order(made.point, product, quantity=3)

    assert (quote.freight_fen, quote.total_fen) == (500 + 2 * 200, 12900)
    assert (order.freight_fen, order.total_fen) == (900, 12900)
    assert order.consignments.get().freight_fen == 900
    hand_over(order, made)
    assert ledger.balance(AccountKind.FREIGHT) == 900
    assert invariants.findings(SOUND) == []


@pytest.mark.parametrize("funder", FreightFunder)
def test_free_delivery_is_booked_to_who_pays_it(made, funder):
    seller_id = made.seller.pk if funder == FreightFunder.SELLER else None
    tariffs.offer_free_delivery(funder=funder, from_fen=4000, seller_id=seller_id, by="test", at=MONDAY)
    product = shop.listing(made.seller, price_fen=4000)

    quote = quotes.quote(shop.basket(product), point=made.point, at=MONDAY)
    order = shop.order(made.point, product)
    consignment = order.consignments.get()

    assert (quote.freight_fen, quote.groups[0].funder) == (0, str(funder.label))
    assert (order.freight_fen, consignment.freight_fen, consignment.freight_funded_fen) == (0, 0, 500)
    hand_over(order, made)
    assert ledger.balance(AccountKind.FREIGHT) == 500
    assert ledger.balance(AccountKind.DISCOUNT, party_id=seller_id or 0) == -500
    assert invariants.findings(SOUND) == []


def test_nobody_pays_for_what_was_not_taken(made):
    tariffs.offer_free_delivery(funder=FreightFunder.SELLER, from_fen=1, seller_id=made.seller.pk, by="test", at=MONDAY)
    order = shop.order(made.point, shop.listing(made.seller))
    line = order.consignments.get().lines.get()

    hand_over(order, made, outcomes={line.pk: Outcome(taken=0, rejected=1, reason="坏了")})

    assert ledger.balance(AccountKind.FREIGHT) == 0
    assert ledger.balance(AccountKind.DISCOUNT, party_id=made.seller.pk) == 0
    assert invariants.findings(SOUND) == []


def test_a_cancelled_order_owes_no_freight(made):
    order = shop.order(made.point, shop.listing(made.seller))

    cancelling.cancel(order, by=None, at=MONDAY)

    assert ledger.balance(AccountKind.FREIGHT) == ledger.balance(AccountKind.BUYER_CLEARING) == 0
    assert invariants.findings(SOUND) == []


def test_without_a_point_no_freight_is_told(made):
    quote = quotes.quote(shop.basket(shop.listing(made.seller)), point=None, at=MONDAY)

    assert (quote.freight_fen, quote.point) == (0, None)
