"""Hunan's map as SVG paths, drawn from the boundaries in ``villages/data`` (WGS 84, simplified)."""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
WIDTH = 600
# Longitude is drawn narrower by the cosine of the middle latitude, so that shapes look as on a wall map.
MIDDLE_LATITUDE = 27.4
WEST, EAST, SOUTH, NORTH = 108.75, 114.30, 24.60, 30.17
_SCALE = WIDTH / ((EAST - WEST) * math.cos(math.radians(MIDDLE_LATITUDE)))
HEIGHT = round((NORTH - SOUTH) * _SCALE)
VIEW_BOX = f"0 0 {WIDTH} {HEIGHT}"


@dataclass(frozen=True)
class Shape:
    """A division on the map: its code, name, SVG path, and where its label stands (user units of ``VIEW_BOX``)."""

    code: str
    name: str
    path: str
    x: float
    y: float


def place(longitude: float, latitude: float) -> tuple[float, float]:
    """Return where a place stands on the map, in user units."""
    x = (longitude - WEST) * math.cos(math.radians(MIDDLE_LATITUDE)) * _SCALE
    return round(x, 1), round((NORTH - latitude) * _SCALE, 1)


def degrees() -> tuple[float, float]:
    """Return how many degrees of longitude and of latitude a user unit is."""
    return 1 / (math.cos(math.radians(MIDDLE_LATITUDE)) * _SCALE), 1 / _SCALE


@cache
def prefectures() -> tuple[Shape, ...]:
    """Return the fourteen prefectures."""
    return _shapes("hunan_prefectures.geojson")


@cache
def counties() -> tuple[Shape, ...]:
    """Return the counties; statistical zones have no boundary of their own."""
    return _shapes("hunan_counties.geojson")


def _shapes(name: str) -> tuple[Shape, ...]:
    features = json.loads((DATA / name).read_text(encoding="utf-8"))["features"]
    return tuple(sorted((_shape(feature) for feature in features), key=lambda shape: shape.code))


def _shape(feature: dict) -> Shape:
    geometry, properties = feature["geometry"], feature["properties"]
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    rings = [[place(*point[:2]) for point in ring] for polygon in polygons for ring in polygon]
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z" for ring in rings)
    x, y = _centre(max(rings, key=lambda ring: abs(_area(ring))))
    code = str(properties["code"]).ljust(12, "0")
    return Shape(code, properties.get("name", ""), path, x, y)


def _area(ring: list[tuple[float, float]]) -> float:
    return sum(x * v - u * y for (x, y), (u, v) in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def _centre(ring: list[tuple[float, float]]) -> tuple[float, float]:
    area = _area(ring) or 1.0
    x = y = 0.0
    for (a, b), (c, d) in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = a * d - c * b
        x += (a + c) * cross
        y += (b + d) * cross
    return round(x / (6 * area), 1), round(y / (6 * area), 1)


def box(shapes: list[Shape], *, margin: float = 8) -> str:
    """Return the ``viewBox`` around some shapes, with a margin in user units; the whole map without shapes."""
    points = [
        tuple(map(float, pair.split()))
        for shape in shapes
        for ring in shape.path.removesuffix("Z").split("Z")
        for pair in ring.removeprefix("M").split("L")
    ]
    if not points:
        return VIEW_BOX
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    left, top = min(xs) - margin, min(ys) - margin
    return f"{left:.0f} {top:.0f} {max(xs) + margin - left:.0f} {max(ys) + margin - top:.0f}"
