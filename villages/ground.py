"""The ground of prefectures and counties: their boundaries, and whether a place lies inside."""

import json
from functools import cache

from villages.services.register import DATA

Ring = list[tuple[float, float]]


@cache
def boundaries(level: str = "counties") -> dict[str, list[list[Ring]]]:
    """Return the polygons of each division by code, each a list of rings (the first around, others holes), WGS 84.

    :param level: ``counties`` or ``prefectures``.
    """
    with (DATA / f"hunan_{level}.geojson").open(encoding="utf-8") as file:
        features = json.load(file)["features"]
    found = {}
    for feature in features:
        geometry = feature["geometry"]
        shapes = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        found[feature["properties"]["code"]] = [
            [[(longitude, latitude) for longitude, latitude in ring] for ring in shape] for shape in shapes
        ]
    return found


def lies_in(code: str, longitude: float, latitude: float, *, level: str = "counties") -> bool:
    """Tell whether a place lies inside a division, by the even-odd rule; a division without ground holds no place."""
    return any(
        sum(_crosses(ring, longitude, latitude) for ring in shape) % 2 == 1 for shape in boundaries(level).get(code, [])
    )


def _crosses(ring: Ring, longitude: float, latitude: float) -> int:
    """Return how often a ray eastwards from a place crosses a ring."""
    crossings = 0
    x, y = ring[-1]
    for next_x, next_y in ring:
        if (y > latitude) != (next_y > latitude):
            at = x + (latitude - y) / (next_y - y) * (next_x - x)
            crossings += at > longitude
        x, y = next_x, next_y
    return crossings
