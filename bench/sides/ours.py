"""Our side: what the checkout's view calls, then what the worker calls, on the demonstration's whole network."""

import json
import random
import sys
import time

import django

from bench.sides.timing import SHAPES, Measured, timed

SELLERS = 20


def main(seconds: float) -> dict[int, dict]:
    from django.core.management import call_command  # there are no models before django.setup()

    call_command("migrate", verbosity=0)
    call_command("load_divisions", verbosity=0)
    basket, place, route = _verbs()
    told = {}
    for lines, orders in SHAPES.items():
        baskets = [basket(number, lines) for number in range(orders)]
        placed = timed(place, baskets, seconds=seconds)
        began = time.perf_counter()
        routed = route()
        took = time.perf_counter() - began
        # The orders of the warm-up were routed with the others: each order's share of the time is the same.
        share = took * placed.orders * lines / routed
        both = Measured(placed.orders, placed.seconds + share)
        told[lines] = {"placed": placed.told(), "placed and routed": both.told()}
    return told


def _verbs() -> tuple:
    """Return what makes a basket, what places its order, and what routes all that waits."""
    from core import clock
    from core.storage_class import StorageClass
    from logistics import demo as network
    from logistics.models import Consignment
    from logistics.services import departures, routing
    from logistics.states import ConsignmentState
    from marketplace.basket.models import Basket
    from marketplace.order.services import placing
    from tests.factories import shop
    from villages import demo as points
    from villages.models import PickupPoint

    at, chance = clock.now(), random.Random(43)
    points.open_points(at=at)
    network.build_network(at=at)
    departures.open_departures(at=at)
    open_points = list(
        PickupPoint.objects.filter(capacities__storage_class=StorageClass.AMBIENT)
        .select_related("division")
        .order_by("pk")
    )
    sellers = [shop.seller(stop) for stop in chance.sample(open_points, SELLERS)]
    products = [shop.listing(seller, on_hand=1_000_000, at=at) for seller in sellers]

    def basket(number: int, lines: int) -> tuple[int, int]:
        chosen = [products[(number + step) % len(products)] for step in range(lines)]
        return shop.basket(*chosen).pk, open_points[chance.randrange(len(open_points))].pk

    def place(what: tuple[int, int]) -> None:
        pk, point = what
        placing.place(Basket.objects.get(pk=pk), point_id=point, contact=shop.contact(), by=None, at=at)

    def route() -> int:
        routed = 0
        while (report := routing.route_waiting(limit=200, at=at)).claimed:
            routed += report.routed
        if Consignment.objects.exclude(state=ConsignmentState.ROUTED).exists():
            raise RuntimeError("a consignment found no way: the orders that are counted are not all routed")
        return routed

    return basket, place, route


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(float(sys.argv[1]))))
