"""The demonstration's network: a hub for each prefecture and county, lanes between them, rounds along the points.

Everything follows from the register, the points and the constants below; the same data give the same network.
"""

import datetime as dt
import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db import transaction

from core.storage_class import StorageClass
from logistics.models import Closure, Hub, Lane, Round, RoundStop
from logistics.services import timetables
from logistics.states import ClosureKind, ClosureScope, HubKind
from villages import codes
from villages import queries as villages
from villages.models import REGISTER_BEGAN, Division, PickupPoint

ROAD_FACTOR = 1.3  # road kilometres for one as the crow flies
LANE_KMH, ROUND_KMH = 60, 35
HANDLING_MINUTES, STOP_MINUTES = 20, 6
MOST_STOPS, MOST_ROUND_MINUTES = 25, 300
SPARE = 40  # minutes between a round and the lane that it meets: the hub's transfer and some reserve

MORNING, AFTERNOON = 8 * 60, 13 * 60 + 30  # when rounds leave, in minutes of the day
BETWEEN_PREFECTURES = (15 * 60, 22 * 60)
ROUND_CRATES, COUNTY_CRATES, PREFECTURE_CRATES = 240, 480, 960
WORKDAYS = "123456"

# The public holidays of 2026 and the working days in place of days off, as the State Council announced them on
# 4 November 2025 (国务院办公厅关于2026年部分节假日安排的通知); those of 2027 are entered when they are known. That the
# network rests on four days of Spring Festival, and on no other holiday, is the demonstration's own.
PROVINCE = "430000000000"
_OFF, _WORK = (ClosureKind.HOLIDAY, ClosureScope.NOTHING), (ClosureKind.MAKE_UP_WORKDAY, ClosureScope.NOTHING)
HOLIDAYS = [
    (*kind, name, dt.date(2026, *first), dt.date(2026, *(last or first)))
    for kind, name, first, last in (
        (_OFF, "元旦", (1, 1), (1, 3)),
        (_WORK, "元旦调休上班", (1, 4), None),
        (_WORK, "春节调休上班", (2, 14), None),
        (_OFF, "春节", (2, 15), (2, 23)),
        ((ClosureKind.SPRING_FESTIVAL, ClosureScope.ALL), "春节停运", (2, 16), (2, 19)),
        (_WORK, "春节调休上班", (2, 28), None),
        (_OFF, "清明节", (4, 4), (4, 6)),
        (_OFF, "劳动节", (5, 1), (5, 5)),
        (_WORK, "劳动节调休上班", (5, 9), None),
        (_OFF, "端午节", (6, 19), (6, 21)),
        (_WORK, "国庆节调休上班", (9, 20), None),
        (_OFF, "中秋节", (9, 25), (9, 27)),
        (_OFF, "国庆节", (10, 1), (10, 7)),
        (_WORK, "国庆节调休上班", (10, 10), None),
    )
]

ALL = [StorageClass.AMBIENT.value, StorageClass.CHILLED.value, StorageClass.FROZEN.value]
COOL = ALL[:2]
DRY = ALL[:1]

_PEOPLES = re.compile(r"(土家族|苗族|侗族|瑶族)+自治")


@dataclass(frozen=True)
class Network:
    """How much was built."""

    hubs: int
    lanes: int
    rounds: int
    stops: int


def build_network(*, at: dt.datetime) -> Network:
    """Build the network once; where there are hubs already, nothing is built."""
    if not Hub.objects.exists():
        with transaction.atomic():
            hubs = _build_hubs()
            rounds_end = _build_rounds(hubs)
            _build_lanes(hubs, rounds_end)
            _enter_holidays()
    return Network(Hub.objects.count(), Lane.objects.count(), Round.objects.count(), RoundStop.objects.count())


def _build_hubs() -> dict[str, Hub]:
    """Make a hub for each prefecture and each county that has ground of its own; return them by division."""
    hubs = [_hub(division, HubKind.PREFECTURE) for division in villages.prefectures()]
    hubs += [_hub(division, HubKind.COUNTY) for division in villages.counties(zones=False)]
    return {hub.division_id: hub for hub in Hub.objects.bulk_create(hubs)}


def _hub(division: Division, kind: HubKind) -> Hub:
    return Hub(
        code=f"H{codes.prefix_of(division.code)}",
        name=f"{_short(division.name, kind)}分拨中心",
        kind=kind,
        division=division,
        longitude=division.longitude,
        latitude=division.latitude,
    )


def _short(name: str, kind: HubKind) -> str:
    """Return how people call a division: 湘西土家族苗族自治州 is 湘西, 麻阳苗族自治县 is 麻阳县."""
    plain = _PEOPLES.sub("", name)
    if kind == HubKind.COUNTY:
        return plain
    return plain.removesuffix("市") if plain == name else plain.removesuffix("州")


def _build_rounds(hubs: dict[str, Hub]) -> dict[int, int]:
    """Lay rounds along the points of each county hub, each run in the morning and in the afternoon.

    :returns: by county hub the minutes that its longest round takes.
    """
    by_county = defaultdict(list)
    for point in PickupPoint.objects.order_by("pk"):
        by_county[codes.county_of(point.division_id)].append(point)
    by_hub = defaultdict(list)
    for county in villages.counties().order_by("code"):
        by_hub[county.hub_county_code] += by_county[county.code]
    rounds, stops, longest = [], [], {}
    for code, points in sorted(by_hub.items()):
        hub, before = hubs[code], len(rounds)
        for number, (sequence, duration) in enumerate(_tours(hub, points), start=1):
            longest[hub.pk] = max(longest.get(hub.pk, 0), duration)
            for departs, weekdays, classes in ((MORNING, "1234567", ALL), (AFTERNOON, WORKDAYS, COOL)):
                rounds.append(
                    Round(
                        code=f"R-{codes.prefix_of(code)}-{len(rounds) - before + 1}",
                        hub=hub,
                        name=f"{hub.name.removesuffix('分拨中心')} {number} 号班线",
                        weekdays=weekdays,
                        departs=_clock(departs),
                        crates=ROUND_CRATES,
                        storage_classes=classes,
                        valid_from=REGISTER_BEGAN,
                        duration_minutes=duration,
                    )
                )
                stops.append((rounds[-1], sequence))
    Round.objects.bulk_create(rounds)
    RoundStop.objects.bulk_create(
        [
            RoundStop(round=round_, point=point, sequence=sequence, offset_minutes=offset)
            for round_, along in stops
            for sequence, (point, offset) in enumerate(along, start=1)
        ],
        batch_size=2000,
    )
    return longest


def _tours(hub: Hub, points: list[PickupPoint]) -> list[tuple[list[tuple[PickupPoint, int]], int]]:
    """Order points into tours, always on to the nearest, each with the minutes after leaving and its whole duration."""
    left, tours = list(points), []
    while left:
        here, minutes, along = hub, 0, []
        while left and len(along) < MOST_STOPS:
            nearest = min(left, key=lambda point: (_kilometres(here, point), point.pk))
            arrival = minutes + _minutes(here, nearest, ROUND_KMH)
            back = arrival + STOP_MINUTES + _minutes(nearest, hub, ROUND_KMH)
            if along and back > MOST_ROUND_MINUTES:
                break
            along.append((nearest, arrival))
            left.remove(nearest)
            here, minutes = nearest, arrival + STOP_MINUTES
        tours.append((along, minutes + _minutes(here, hub, ROUND_KMH)))
    return tours


def _build_lanes(hubs: dict[str, Hub], rounds_end: dict[int, int]) -> None:
    """Lay lanes: each county and its prefecture, met with the county's rounds, and every two prefectures."""
    lanes = []
    prefectures = [hub for hub in hubs.values() if hub.kind == HubKind.PREFECTURE]
    for county in (hub for hub in hubs.values() if hub.kind == HubKind.COUNTY):
        prefecture = hubs[codes.prefecture_of(county.division_id)]
        takes = HANDLING_MINUTES + _minutes(county, prefecture, LANE_KMH)
        tour = rounds_end.get(county.pk, MOST_ROUND_MINUTES)
        for departs, classes in ((MORNING, COOL), (AFTERNOON, ALL)):
            lanes.append(_lane(county, prefecture, departs + tour + SPARE, takes, COUNTY_CRATES, classes))
        for meets, classes in ((MORNING, ALL), (AFTERNOON, COOL)):
            lanes.append(_lane(prefecture, county, meets - SPARE - takes, takes, COUNTY_CRATES, classes))
    for origin in prefectures:
        for destination in prefectures:
            if origin is not destination:
                takes = HANDLING_MINUTES + _minutes(origin, destination, LANE_KMH)
                for departs, classes in zip(BETWEEN_PREFECTURES, (DRY, ALL), strict=True):
                    lanes.append(_lane(origin, destination, departs, takes, PREFECTURE_CRATES, classes))
    seen: Counter = Counter()
    for lane in lanes:
        seen[lane.code] += 1
        lane.code += f"-{seen[lane.code]}" if seen[lane.code] > 1 else ""
    Lane.objects.bulk_create(lanes, batch_size=1000)


def _enter_holidays() -> None:
    Closure.objects.bulk_create(
        [
            Closure(division_id=PROVINCE, kind=kind, scope=scope, name=name, first_day=first, last_day=last)
            for kind, scope, name, first, last in HOLIDAYS
        ]
    )


def _lane(origin: Hub, destination: Hub, departs: int, takes: int, crates: int, classes: list[str]) -> Lane:
    leaves = _clock(departs // 5 * 5)
    return Lane(
        code=timetables.lane_code(origin, destination, leaves),
        origin=origin,
        destination=destination,
        departs=leaves,
        duration_minutes=takes,
        crates=crates,
        storage_classes=classes,
        valid_from=REGISTER_BEGAN,
    )


def _clock(minutes: int) -> dt.time:
    return dt.time(minutes // 60 % 24, minutes % 60)


def _minutes(here: Hub | PickupPoint, there: Hub | PickupPoint, kmh: int) -> int:
    """Return the minutes that a vehicle takes by road, five at least."""
    return max(5, round(_kilometres(here, there) * ROAD_FACTOR / kmh * 60))


def _kilometres(here: Hub | PickupPoint, there: Hub | PickupPoint) -> float:
    return villages.distance_km(
        float(here.longitude), float(here.latitude), float(there.longitude), float(there.latitude)
    )
