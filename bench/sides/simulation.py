"""The demonstration's network through a month of orders and mishaps."""

import datetime as dt
import json
import sys
import time

import django

BEGAN = (2026, 3, 2, 7)  # a Monday, seven in the morning


def main(orders: int, days: int, seed: int) -> dict:
    from django.core.management import call_command  # there are no models before django.setup()

    from bench.sides.world import World
    from core.clock import BEIJING
    from logistics import demo
    from logistics.services import departures
    from villages import demo as points

    call_command("migrate", verbosity=0)
    call_command("load_divisions", verbosity=0)
    began = dt.datetime(*BEGAN, tzinfo=BEIJING)
    opened = points.open_points(at=began)
    demo.build_network(at=began)
    departures.open_departures(at=began)
    started = time.perf_counter()
    world = World(seed=seed, began=began, days=days, orders=orders, points=opened, tell=_tell)
    outcome = world.run()
    told = dict(vars(outcome))  # asdict would make tuples of the counters' keys
    told |= {"rate": outcome.rate, "undisturbed_rate": outcome.undisturbed_rate}
    return told | {"seconds": time.perf_counter() - started, "points": len(opened)}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(*map(int, sys.argv[1:]))))
