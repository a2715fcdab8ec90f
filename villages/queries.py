"""Questions to the register of divisions and to the pickup points."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, Count, FilteredRelation, Q, QuerySet, When

from villages import codes
from villages.hours import Days, Opening
from villages.models import (
    Division,
    DivisionSuccession,
    PickupPoint,
    PointCapacity,
    PointDay,
    PointHoliday,
    PointHours,
)
from villages.states import Level

ABOVE_VILLAGES = (Level.PREFECTURE, Level.COUNTY, Level.TOWNSHIP)
EARTH_KM = 6371.0088  # mean radius (IUGG)


def counties(*, within: str = "430000000000", zones: bool = True) -> QuerySet[Division]:
    """Return the county-level divisions that exist, by code; without ``zones`` only those with ground of their own."""
    found = Division.objects.within(within).filter(level=Level.COUNTY, valid_to=None).order_by("code")
    return found if zones else found.filter(host=None)


def prefectures() -> QuerySet[Division]:
    """Return the prefectures by code."""
    return Division.objects.filter(level=Level.PREFECTURE, valid_to=None).order_by("code")


def children(code: str) -> QuerySet[Division]:
    """Return the divisions directly below one, by code, without those that have ended."""
    return Division.objects.filter(parent_id=code, valid_to=None).order_by("code")


def path_of(code: str) -> list[Division]:
    """Return the divisions from the province down to a code, itself last; an unknown code gives an empty list."""
    levels = [codes.PREFIX[level] for level in Level.values if codes.PREFIX[level] <= len(codes.prefix_of(code))]
    found = Division.objects.in_bulk([code[:length].ljust(12, "0") for length in levels])
    return sorted(found.values(), key=lambda division: codes.PREFIX[division.level]) if code in found else []


def full_name(code: str) -> str:
    """Return the name of a division with those above it, without the province: ``常德市石门县``."""
    return "".join(division.name for division in path_of(code) if division.level != Level.PROVINCE)


def villages_named(text: str, *, limit: int) -> list[tuple[Division, str]]:
    """Return villages by a part of their name, each with the names above it, those that begin with the text first.

    A place above may be put before it, parted by a blank: ``石门 东泉``.
    """
    *above, name = text.split() or [""]
    found = Division.objects.filter(level=Level.VILLAGE, valid_to=None, name__icontains=name)
    for each in above:
        places = Division.objects.filter(name__icontains=each, level__in=ABOVE_VILLAGES, valid_to=None)
        below = Q(pk__in=[])
        for code in places.values_list("code", flat=True)[:20]:
            below |= Q(code__range=codes.span(code))
        found = found.filter(below)
    begins = Case(When(name__istartswith=name, then=0), default=1)
    rows = list(found.order_by(begins, "code")[:limit])
    names = dict(Division.objects.filter(code__in=_above(rows)).values_list("code", "name"))
    return [(row, "".join(names.get(code, "") for code in _above([row]))) for row in rows]


def _above(rows: Iterable[Division]) -> list[str]:
    """Return the codes of prefecture, county and township of villages, in this order."""
    return [row.code[:length].ljust(12, "0") for row in rows for length in (4, 6, 9)]


def succeeded_by(code: str) -> list[str]:
    """Return the codes that stand today for a code, following successions; the code itself where it goes on."""
    following: dict[str, list[str]] = {}
    for before, after in DivisionSuccession.objects.order_by("successor_id").values_list(
        "predecessor_id", "successor_id"
    ):
        following.setdefault(before, []).append(after)
    last, queue, seen = [], [code], {code}
    while queue:
        here = queue.pop(0)
        if here not in following:
            last.append(here)
        fresh = [after for after in following.get(here, []) if after not in seen]
        seen.update(fresh)
        queue.extend(fresh)
    return last


def succession_map() -> dict[str, str]:
    """Return predecessor code → the one code that follows it today, for comparisons over years.

    Codes below an ended division follow its prefix: see ``codes.prefix_of``.
    """
    return {
        before: succeeded_by(before)[0]
        for before in DivisionSuccession.objects.values_list("predecessor_id", flat=True).distinct()
    }


def distance_km(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """Return the great-circle distance of two places in kilometres (haversine formula)."""
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    across = math.sin((other_phi - phi) / 2) ** 2
    along = math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(across + math.cos(phi) * math.cos(other_phi) * along))


@dataclass(frozen=True)
class NearPoint:
    """A point and how far it is, in kilometres as the crow flies."""

    point: PickupPoint
    distance_km: float


def points_near(
    longitude: float,
    latitude: float,
    *,
    limit: int = 10,
    storage_classes: Iterable[str] = (),
    among: QuerySet[PickupPoint] | None = None,
) -> list[NearPoint]:
    """Return the open points nearest to a place, nearest first, that keep all the given storage classes.

    The box around the place is widened until it holds enough points, so that the whole province is read only when the
    whole province is asked for.
    """
    points = (PickupPoint.objects.open() if among is None else among).select_related("division")
    for storage_class in storage_classes:
        points = points.filter(capacities__storage_class=storage_class, capacities__crates_per_day__gt=0)
    for degrees in (0.25, 1.0, 4.0, 360.0):
        box = points.filter(
            longitude__range=(longitude - degrees, longitude + degrees),
            latitude__range=(latitude - degrees, latitude + degrees),
        )
        # Farther than the box is tall, a point outside it could be nearer.
        sure = degrees * 111 * math.cos(math.radians(latitude))
        near = sorted(
            (NearPoint(p, distance_km(longitude, latitude, float(p.longitude), float(p.latitude))) for p in box),
            key=lambda near: (near.distance_km, near.point.pk),
        )[:limit]
        if degrees == 360.0 or (len(near) == limit and near[-1].distance_km <= sure):
            return near
    return []


def points_in(code: str) -> QuerySet[PickupPoint]:
    """Return the open points at or below a division, by division."""
    return PickupPoint.objects.open().within(code).select_related("division").order_by("division_id", "pk")


def nearest_point(code: str) -> PickupPoint | None:
    """Return the open point nearest to a division: one of its own county if there is any.

    A village has no coordinates of its own; then the points of its township go first, and its county's after.
    """
    own = list(points_in(codes.county_of(code)))
    if own:
        shared = [(len(_common_prefix(code, point.division_id)), -point.pk, point) for point in own]
        return max(shared, key=lambda each: each[:2])[2]
    county = Division.objects.filter(code=codes.county_of(code)).select_related("host").first()
    place = county and (county.host or county)
    if place is None or place.longitude is None:
        return None
    near = points_near(float(place.longitude), float(place.latitude), limit=1)
    return near[0].point if near else None


def _common_prefix(one: str, other: str) -> str:
    length = next((n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))
    return one[:length]


# Opening hours


def openings_of(point_ids: Iterable[int]) -> dict[int, Opening]:
    """Return when each point is open, in one query."""
    hours: dict[int, dict[tuple, None]] = {pk: {} for pk in point_ids}
    closed: dict[int, set[Days]] = {pk: set() for pk in hours}
    rows = (
        PointHours.objects.filter(point_id__in=list(hours))
        .annotate(off=FilteredRelation("point__holidays", condition=Q(point__holidays__withdrawn_at=None)))
        .order_by("point_id", "weekday", "opens")
        .values_list("point_id", "weekday", "opens", "closes", "off__first_day", "off__last_day")
    )
    for point_id, weekday, opens, closes, first, last in rows:
        hours[point_id][weekday, opens, closes] = None
        if first is not None:
            closed[point_id].add((first, last))
    return {pk: Opening(list(hours[pk]), sorted(closed[pk])) for pk in hours}


def closed_at_times(first: dt.date, last: dt.date) -> set[int]:
    """Return the points that do not open on every day within ``first`` to ``last``, in one query.

    Points that never open are not among them.
    """
    off = PointHoliday.objects.filter(withdrawn_at=None, first_day__lte=last, last_day__gte=first)
    weekly = PointHours.objects.order_by().values("point_id").annotate(days=Count("weekday", distinct=True))
    found = off.order_by().values_list("point_id").union(weekly.filter(days__lt=7).values_list("point_id"))
    return {pk for (pk,) in found}


def capacities_of(point_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return crates a day by storage class of each point, in one query."""
    ids = list(point_ids)
    found: dict[int, dict[str, int]] = {pk: {} for pk in ids}
    rows = PointCapacity.objects.filter(point_id__in=ids).values_list("point_id", "storage_class", "crates_per_day")
    for point_id, storage_class, crates in rows:
        found[point_id][storage_class] = crates
    return found


def held_of(point_ids: Iterable[int], *, since: dt.date) -> dict[tuple[int, dt.date, str], tuple[int, int]]:
    """Return (capacity, held) in crates by point, day and storage class, in one query.

    A day that nobody has asked for yet has no row: it is empty, with the capacity that the point has now.
    """
    ids = list(point_ids)
    if not ids:
        return {}
    # Past the ORM: every promise asks this, and making the query took longer than its answer.
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT point_id, day, storage_class, capacity, held "
            f"FROM {PointDay._meta.db_table} WHERE point_id IN ({marks}) AND day >= %s",
            [*ids, since],
        )
        return {
            (point_id, dt.date.fromisoformat(str(day)), storage_class): (capacity, held)
            for point_id, day, storage_class, capacity, held in cursor.fetchall()
        }
