"""The demonstration's pickup points: 600 invented shops in real villages, placed by a seeded rule."""

import datetime as dt
import math
import random
from collections import defaultdict
from dataclasses import dataclass

from core.storage_class import StorageClass
from villages import codes, ground
from villages.models import Division, PickupPoint
from villages.services import points
from villages.services.points import Application
from villages.states import Level, PointKind

POINTS = 600
SEED = 20140926
CHANGSHA, XIANGXI = "4301", "4331"
MOST_IN_TOWN_KM = 4.0
MOST_FROM_SEAT_KM = 45.0

_AREA_CODES = {
    "4301": "0731", "4302": "0731", "4303": "0731", "4304": "0734", "4305": "0739", "4306": "0730", "4307": "0736",
    "4308": "0744", "4309": "0737", "4310": "0735", "4311": "0746", "4312": "0745", "4313": "0738", "4331": "0743",
}  # fmt: skip
_SURNAMES = "陈李王刘张周黄杨唐罗彭谭胡曾肖邓何向田龙吴石欧蒋贺龚"
_CALLED = ("师傅", "大姐", "老板", "嫂子", "大哥")
_URBAN_PLACES = ("社区服务中心一楼", "社区东门", "社区菜市场旁", "社区活动中心对面")
_RURAL_PLACES = ("村部旁", "村口公路边", "老供销社", "村小学对面", "文化广场旁")
_ENDINGS = ("居民委员会", "村民委员会", "居委会", "村委会", "委员会")
_AVOIDED = ("虚拟", "生活区", "农场", "林场", "管理", "园区", "（", "(")


@dataclass(frozen=True)
class _Place:
    """A village-level division that a point can stand in, with the name that people call it."""

    code: str
    called: str
    township: str
    is_urban: bool


def open_points(*, at: dt.datetime) -> list[PickupPoint]:
    """Open the demonstration's points; where there are points already, none are added.

    Every county has at least four, every statistical zone one; the counties of Changsha have six more each and those
    of Xiangxi five. The same register gives the same points.
    """
    if PickupPoint.objects.exists():
        return []
    made = points.apply(applications(), by="demo:points", at=at)
    points.open(made, by="demo:points", at=at)
    return list(PickupPoint.objects.filter(pk__in=[point.pk for point in made]).order_by("pk"))


def applications() -> list[Application]:
    """Return what the demonstration's points would state of themselves, by county."""
    divisions = list(Division.objects.filter(valid_to=None).exclude(level=Level.PROVINCE).order_by("code"))
    names = {division.code: division.name for division in divisions}
    places = _places(divisions)
    counties = [division for division in divisions if division.level == Level.COUNTY]
    centre = {
        county.code: (float(county.longitude), float(county.latitude)) for county in counties if county.host_id is None
    }
    found, taken = [], set()
    for county, number in _numbers(counties, places).items():
        chance = random.Random(f"{SEED}-{county.code}")  # noqa: S311 - a rule to repeat, no secret
        chosen = _choose(places[county.code], number, chance, taken)
        host = county.hub_county_code
        towns: dict[str, tuple[float, float]] = {}
        for order, place in enumerate(chosen):
            town = towns.get(place.township)
            if town is None:
                farthest = MOST_IN_TOWN_KM if place.is_urban else MOST_FROM_SEAT_KM
                town = towns[place.township] = _near(centre[host], host, 1.0, farthest, chance)
            longitude, latitude = _near(town, host, 0.2, 2.5, chance)
            found.append(_application(place, order, names, (longitude, latitude), len(found) + 1, chance))
    return found


def _numbers(counties: list[Division], places: dict[str, list[_Place]]) -> dict[Division, int]:
    """Return how many points each county opens, ``POINTS`` together."""
    more = {CHANGSHA: 6, XIANGXI: 5}
    numbers = {
        county: 1 if county.host_id else 4 + more.get(county.code[:4], 0) for county in counties if places[county.code]
    }
    largest = sorted(
        (county for county in numbers if county.host_id is None and county.code[:4] not in more),
        key=lambda county: (-len(places[county.code]), county.code),
    )
    for county in largest[: POINTS - sum(numbers.values())]:
        numbers[county] += 1
    return numbers


def _places(divisions: list[Division]) -> dict[str, list[_Place]]:
    """Return by county the villages and communities whose name makes a good sign above a door."""
    found = defaultdict(list)
    names = {division.code: division.name for division in divisions}
    for division in divisions:
        if division.level != Level.VILLAGE or any(word in division.name for word in _AVOIDED):
            continue
        # Some rows of the register repeat the county and the township before the village.
        called = division.name.removeprefix(names[codes.county_of(division.code)])
        called = called.removeprefix(names[division.parent_id])
        ending = next((ending for ending in _ENDINGS if called.endswith(ending)), None)
        if ending is not None:
            called = called.removesuffix(ending)
            if not called.endswith(("村", "社区", "街", "坊")):
                called += "社区" if division.is_urban else "村"
        if called.endswith(("村", "社区")) and 3 <= len(called) <= 7:
            place = _Place(division.code, called, division.parent_id, bool(division.is_urban))
            found[codes.county_of(division.code)].append(place)
    return found


def _choose(places: list[_Place], number: int, chance: random.Random, taken: set[str]) -> list[_Place]:
    """Choose villages of different townships as far as there are, town and country in turn, no name twice."""
    order = places[:]
    chance.shuffle(order)
    chosen: list[_Place] = []
    townships: set[str] = set()
    for fresh_township in (True, False):
        for wanted in (True, False) * number:
            if len(chosen) == number:
                return chosen
            place = next(
                (
                    place
                    for place in order
                    if place.called not in taken
                    and place.is_urban == wanted
                    and (not fresh_township or place.township not in townships)
                ),
                None,
            )
            if place is not None:
                chosen.append(place)
                taken.add(place.called)
                townships.add(place.township)
    return chosen


def _near(
    place: tuple[float, float], county: str, nearest_km: float, farthest_km: float, chance: random.Random
) -> tuple[float, float]:
    """Return a place inside the county, at a chance distance and bearing from another; nearer where none fits."""
    for attempt in range(60):
        distance = chance.uniform(nearest_km, farthest_km * (1 - attempt / 60) + nearest_km)
        bearing = chance.uniform(0, 2 * math.pi)
        latitude = place[1] + distance * math.cos(bearing) / 111.2
        longitude = place[0] + distance * math.sin(bearing) / (111.2 * math.cos(math.radians(place[1])))
        if ground.lies_in(county, longitude, latitude):
            return longitude, latitude
    return place


def _application(
    place: _Place,
    order: int,
    names: dict[str, str],
    at: tuple[float, float],
    number: int,
    chance: random.Random,
) -> Application:
    kind = _kind(place, order, names[place.township])
    name = {
        PointKind.COMMUNITY_POINT: f"{place.called}提货点",
        PointKind.SUPERMARKET: f"{place.called}超市",
        PointKind.VILLAGE_SHOP: f"{place.called}农家店",
        PointKind.TOWNSHIP_STATION: f"{place.called}服务站",
    }[kind]
    county, prefecture = names[codes.county_of(place.code)], names[codes.prefecture_of(place.code)]
    spot = chance.choice(_URBAN_PLACES if place.is_urban else _RURAL_PLACES)
    if spot.startswith(place.called[-2:]) or (place.called.endswith("社区") and spot.startswith("社区")):
        spot = spot.removeprefix("社区")
    elif place.called.endswith("村"):
        spot = spot.removeprefix("村")
    return Application(
        division_code=place.code,
        name=name,
        kind=kind,
        address=f"{prefecture}{county}{names[place.township]}{place.called}{spot}",
        contact_name=chance.choice(_SURNAMES) + chance.choice(_CALLED),
        contact_phone=_phone(place.code, number),
        longitude=at[0],
        latitude=at[1],
        hours=_hours(kind),
        capacities=_capacities(kind, order, chance),
    )


def _kind(place: _Place, order: int, township: str) -> PointKind:
    if place.is_urban:
        return PointKind.SUPERMARKET if order % 3 == 2 else PointKind.COMMUNITY_POINT
    if order % 3 == 1 and township.endswith(("镇", "乡")):
        return PointKind.TOWNSHIP_STATION
    return PointKind.VILLAGE_SHOP


def _phone(code: str, number: int) -> str:
    """Return a number in the form of a local one that nobody can have: local numbers never begin with 0."""
    area = _AREA_CODES[code[:4]]
    return f"{area}-0000-{number:04d}" if area == "0731" else f"{area}-000-{number:04d}"


def _hours(kind: PointKind) -> list[tuple[int, dt.time, dt.time]]:
    opens, closes = {
        PointKind.SUPERMARKET: (dt.time(7, 30), dt.time(21, 30)),
        PointKind.COMMUNITY_POINT: (dt.time(8), dt.time(20)),
        PointKind.VILLAGE_SHOP: (dt.time(7), dt.time(20)),
        PointKind.TOWNSHIP_STATION: (dt.time(8, 30), dt.time(18)),
    }[kind]
    return [(weekday, opens, closes) for weekday in range(7)]


def _capacities(kind: PointKind, order: int, chance: random.Random) -> dict[str, int]:
    """Return crates a day; the first two points of each county keep everything, so that no county is without."""
    size = {PointKind.SUPERMARKET: 3, PointKind.TOWNSHIP_STATION: 2}.get(kind, 1)
    kept = {StorageClass.AMBIENT: 40 * size + chance.randrange(0, 21)}
    if order < 2 or kind != PointKind.VILLAGE_SHOP or chance.random() < 0.6:
        kept[StorageClass.CHILLED] = 16 * size
    if order < 2 or kind == PointKind.SUPERMARKET or chance.random() < 0.3:
        kept[StorageClass.FROZEN] = 10 * size
    return kept
