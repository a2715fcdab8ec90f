"""The whole province's network, made from the register by a seed, and what is asked of it."""

import datetime as dt
import json
import random
import statistics
import sys
import time

import django

SEED = 20261123
BASELINE_QUESTIONS = 300
SEARCHED = 5000
PROMISED = 3000
BATCHES = 20


def main(sizes: list[int]) -> dict:
    from django.core.management import call_command  # there are no models before django.setup()

    call_command("migrate", verbosity=0)
    call_command("load_divisions", verbosity=0)
    chance = random.Random(SEED)
    at, stops = _network(chance)
    told = {"network": _told(stops)}
    told |= _searches(chance, stops, at)
    told["promise_ms"] = _promises(chance, stops, at)
    told["routing"] = _routing(chance, stops, at, sizes)
    return told


def _network(chance: random.Random) -> tuple[dt.datetime, list[int]]:
    """Open a point in every village, somewhere in its county, with the demonstration's hubs, lanes and rounds."""
    from core import clock
    from core.storage_class import StorageClass
    from logistics import demo
    from logistics.services import departures
    from villages.models import Division, PickupPoint, PointCapacity, PointHours
    from villages.states import Level, LocationPrecision, PointKind, PointState

    at = clock.now()
    counties = {
        county.code[:6]: county for county in Division.objects.filter(level=Level.COUNTY).select_related("host")
    }
    points = []
    for number, village in enumerate(Division.objects.filter(level=Level.VILLAGE, valid_to=None).order_by("code")):
        county = counties[village.code[:6]]
        ground = county.host or county
        points.append(
            PickupPoint(
                code=f"B{number:06d}",
                name=village.name[:60],
                kind=PointKind.values[0],
                state=PointState.OPEN,
                division=village,
                address=village.name,
                contact_name="测量",
                contact_phone="0731-00000000",
                longitude=round(float(ground.longitude) + chance.uniform(-0.25, 0.25), 6),
                latitude=round(float(ground.latitude) + chance.uniform(-0.2, 0.2), 6),
                location_precision=LocationPrecision.APPROXIMATE,
                created_at=at,
                opened_at=at,
            )
        )
    points = PickupPoint.objects.bulk_create(points, batch_size=2000)
    PointHours.objects.bulk_create(
        [
            PointHours(point=point, weekday=weekday, opens=dt.time(8), closes=dt.time(19))
            for point in points
            for weekday in range(7)
        ],
        batch_size=5000,
    )
    PointCapacity.objects.bulk_create(
        [
            PointCapacity(point=point, storage_class=storage_class, crates_per_day=200)
            for point in points
            for storage_class in StorageClass.values
        ],
        batch_size=5000,
    )
    demo.build_network(at=at)
    departures.open_departures(at=at)
    return at, [point.pk for point in points]


def _told(stops: list[int]) -> dict[str, int]:
    from logistics.models import Departure, Hub, Lane, Round, RoundStop

    longest = {}
    for round_id in RoundStop.objects.values_list("round_id", flat=True):
        longest[round_id] = longest.get(round_id, 0) + 1
    return {
        "points": len(stops),
        "hubs": Hub.objects.count(),
        "lanes": Lane.objects.count(),
        "rounds": Round.objects.count(),
        "most stops": max(longest.values()),
        "departures": Departure.objects.count(),
    }


def _questions(chance: random.Random, stops: list[int], number: int) -> list[tuple[int, int]]:
    return [(chance.choice(stops), chance.choice(stops)) for _ in range(number)]


def _searches(chance: random.Random, stops: list[int], at: dt.datetime) -> dict:
    """Time the search alone, ours and the baseline's, and see that both find the same arrivals."""
    from bench.sides.dijkstra import Graph
    from logistics import snapshots

    timetable = snapshots.read(at)
    ready = int((at + dt.timedelta(hours=4)).timestamp())
    asked = {"at": ready, "storage_class": "AMBIENT", "crates": 1}
    graph = Graph(timetable, stops)
    compared = _questions(chance, stops, BASELINE_QUESTIONS)
    began = time.perf_counter()
    theirs = [graph.arrival(origin, destination, **asked) for origin, destination in compared]
    baseline = len(compared) / (time.perf_counter() - began)
    timetable = snapshots.read(at)
    ours = [timetable.route(origin=origin, destination=destination, **asked) for origin, destination in compared]
    if [route and route.arrives for route in ours] != theirs:
        raise RuntimeError("the two searches disagree")
    questions = _questions(chance, stops, SEARCHED)
    began = time.perf_counter()
    for origin, destination in questions:
        route = timetable.route(origin=origin, destination=destination, **asked)
        if route is not None:
            timetable.take(route, 1)
    return {"dijkstra_per_second": baseline, "search_per_second": len(questions) / (time.perf_counter() - began)}


def _promises(chance: random.Random, stops: list[int], at: dt.datetime) -> dict[str, float]:
    """Time single promises, each with its queries, after each was asked once before."""
    from logistics.promises import PromiseRequest, promises

    times = []
    for number, (origin, destination) in enumerate(_questions(chance, stops, PROMISED) * 2):
        began = time.perf_counter()
        promises([PromiseRequest(origin, destination, "AMBIENT", 1)], at=at)
        if number >= PROMISED:
            times.append((time.perf_counter() - began) * 1000)
    return {"median": statistics.median(times), "p95": statistics.quantiles(times, n=20)[-1], "max": max(times)}


def _routing(chance: random.Random, stops: list[int], at: dt.datetime, sizes: list[int]) -> list[dict]:
    """Route while so many consignments wait: at most ``BATCHES`` batches, all their rows written."""
    from django.conf import settings

    from bench.sides.queue import fill
    from logistics.services import routing

    told = []
    for size in sizes:
        fill(size, stops, chance=chance, at=at)
        routing.route_waiting(limit=min(20, size // 5), at=at)  # the snapshot is read before the clock starts
        routed, began = 0, time.perf_counter()
        for _ in range(BATCHES):
            report = routing.route_waiting(limit=settings.ROUTING_BATCH, at=at)
            routed += report.routed
            if not report.claimed:
                break
        seconds = time.perf_counter() - began
        told.append({"waiting": size, "routed": routed, "seconds": seconds})
    return told


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main([int(size) for size in sys.argv[1:]])))
