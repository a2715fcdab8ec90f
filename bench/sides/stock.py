"""Stock Oscar's side: what its checkout does when the order is submitted, without HTTP, payment and mail."""

import json
import sys
from decimal import Decimal

import django

from bench.sides.timing import SHAPES, timed


def main(seconds: float) -> dict[int, dict]:
    from django.core.management import call_command  # there are no models before django.setup()

    call_command("migrate", verbosity=0)
    basket, place = _verbs(_products())
    told = {}
    for lines, orders in SHAPES.items():
        baskets = [basket(number, lines) for number in range(orders)]
        told[lines] = {"placed": timed(place, baskets, seconds=seconds).told()}
    return told


def _products(count: int = 20) -> list:
    """Each of a partner of its own, with stock that is tracked."""
    from oscar.core.loading import get_model

    kind = get_model("catalogue", "ProductClass").objects.create(name="Goods", track_stock=True)
    made = []
    for number in range(count):
        partner = get_model("partner", "Partner").objects.create(name=f"Seller {number}")
        product = get_model("catalogue", "Product").objects.create(title=f"Citrus {number}", product_class=kind)
        get_model("partner", "StockRecord").objects.create(
            product=product, partner=partner, partner_sku=str(number), price=Decimal(45), num_in_stock=1_000_000
        )
        made.append(product)
    return made


def _verbs(products: list) -> tuple:
    """Return what makes a basket, and what places its order."""
    from django.contrib.auth.models import AnonymousUser
    from django.db import transaction
    from oscar.apps.basket.models import Basket
    from oscar.core.loading import get_class, get_model

    selector = get_class("partner.strategy", "Selector")()
    applicator = get_class("offer.applicator", "Applicator")
    method = get_class("shipping.methods", "Free")()
    totals = get_class("checkout.calculators", "OrderTotalCalculator")()
    numbers = get_class("order.utils", "OrderNumberGenerator")()
    creator = get_class("order.utils", "OrderCreator")()
    address = get_model("order", "ShippingAddress")
    country = get_model("address", "Country").objects.create(
        iso_3166_1_a2="CN", iso_3166_1_a3="CHN", iso_3166_1_numeric="156", name="China", printable_name="China"
    )

    def basket(number: int, lines: int) -> int:
        made = Basket.objects.create()
        made.strategy = selector.strategy()
        for step in range(lines):
            made.add_product(products[(number + step) % len(products)], quantity=1)
        return made.pk

    @transaction.atomic
    def place(pk: int) -> None:
        found = Basket.objects.get(pk=pk)
        found.strategy = selector.strategy()
        applicator().apply(found, user=AnonymousUser())
        to = address(first_name="Zhang", last_name="Xiaoman", line1="1 Road", line4="Changde", country=country)
        to.save()
        charge = method.calculate(found)
        creator.place_order(
            found,
            totals.calculate(found, charge),
            method,
            charge,
            user=AnonymousUser(),
            shipping_address=to,
            order_number=numbers.order_number(found),
            guest_email="buyer@example.com",
        )
        found.submit()

    return basket, place


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(float(sys.argv[1]))))
