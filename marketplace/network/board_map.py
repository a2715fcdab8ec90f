"""The hubs on Hunan's map, coloured by what is late and stuck there; the table beside it says the same."""

from dataclasses import dataclass

from logistics.states import HubKind
from marketplace.network import map_labels
from marketplace.network.board_scope import Scope
from marketplace.network.board_troubles import Tally
from villages import codes, maps
from villages.names import short_name


@dataclass(frozen=True)
class BoardDot:
    """A hub on the map; ``trouble`` is "", "late" or "stuck"."""

    x: float
    y: float
    name: str
    place: str
    is_large: bool
    late: int
    stuck: int

    @property
    def trouble(self) -> str:
        return "stuck" if self.stuck else "late" if self.late else ""


@dataclass(frozen=True)
class BoardMap:
    """The shapes under the hubs, the hubs, their names, and the ``viewBox``."""

    shapes: tuple[maps.Shape, ...]
    dots: list[BoardDot]
    labels: list[map_labels.Label]
    view_box: str
    is_near: bool


def drawn(scope: Scope, tally: Tally) -> BoardMap | None:
    """Return the map of the province or a prefecture; none of a single county or hub."""
    if scope.level not in ("PROVINCE", "PREFECTURE"):
        return None
    is_near = scope.level == "PREFECTURE"
    shapes = maps.counties() if is_near else maps.prefectures()
    shapes = tuple(shape for shape in shapes if codes.is_within(shape.code, scope.place))
    dots = []
    for hub in scope.hubs:
        x, y = maps.place(float(hub.longitude), float(hub.latitude))
        late, stuck = tally.of(hub.pk)
        large = hub.kind == HubKind.PREFECTURE
        dots.append(BoardDot(x, y, short_name(hub.division.name), hub.division_id, large, late, stuck))
    dots.sort(key=lambda dot: (dot.trouble == "stuck", dot.trouble == "late", dot.is_large))
    box = maps.box(list(shapes)) if is_near else maps.VIEW_BOX
    return BoardMap(shapes, dots, _labels(dots, box, is_near), box, is_near)


def _labels(dots: list[BoardDot], box: str, is_near: bool) -> list[map_labels.Label]:
    """Return the names on the map: near, of all hubs, else of the prefectures' alone."""
    named, others = [], []
    for dot in dots:
        radius = (3 if dot.is_large else 2.2) if is_near else (7 if dot.is_large else 4)
        mine = map_labels.Named(dot.x, dot.y, radius, dot.name, is_important=dot.is_large)
        (named if is_near or dot.is_large else others).append(mine)
    size = map_labels.NEAR_SIZE if is_near else map_labels.PROVINCE_SIZE
    return map_labels.place(named, others=others, size=size, view_box=box)
