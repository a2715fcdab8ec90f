"""A small map beside a form, on which a place can be pointed at; its longitude and latitude can be typed as well."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.forms import Form

from villages import codes, maps


@dataclass(frozen=True)
class PlaceMap:
    """The shapes around a division, its ``viewBox``, and where the hub stands, if that is known.

    ``corner`` and ``degrees`` say which longitude and latitude a point of the drawing has.
    """

    shapes: tuple[maps.Shape, ...]
    view_box: str
    spot: tuple[float, float] | None
    radius: float
    corner: tuple[str, str] = (str(maps.WEST), str(maps.NORTH))
    degrees: tuple[str, str] = tuple(f"{each:.9f}" for each in maps.degrees())


def around(division: str, form: Form) -> PlaceMap:
    """Return the map of the prefecture of a division, or of the province, with the place that a form says."""
    near = codes.level_of(division) != "PROVINCE"
    if not near:
        return PlaceMap(maps.prefectures(), maps.VIEW_BOX, _spot(form), 7)
    prefecture = codes.prefecture_of(division)
    shapes = tuple(shape for shape in maps.counties() if codes.is_within(shape.code, prefecture))
    return PlaceMap(shapes, maps.box(list(shapes)), _spot(form), 3)


def _spot(form: Form) -> tuple[float, float] | None:
    try:
        longitude, latitude = (Decimal(str(form[name].value()).strip()) for name in ("longitude", "latitude"))
    except InvalidOperation:
        return None
    east, north = maps.place(float(longitude), float(latitude))
    return (east, north) if 0 <= east <= maps.WIDTH and 0 <= north <= maps.HEIGHT else None
