"""The hubs on Hunan's map, coloured by what is late and stuck there; the table beside it says the same."""

from dataclasses import dataclass, replace

from logistics.states import HubKind
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
    label_end: float = 0  # where its name begins, beside the dot, when another name stands close on the left

    @property
    def trouble(self) -> str:
        return "stuck" if self.stuck else "late" if self.late else ""


@dataclass(frozen=True)
class BoardMap:
    """The shapes under the hubs, the hubs, and the ``viewBox``."""

    shapes: tuple[maps.Shape, ...]
    dots: list[BoardDot]
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
    if not is_near:
        dots = [replace(dot, label_end=dot.x + 10) if _is_crowded(dot, dots) else dot for dot in dots]
    dots.sort(key=lambda dot: (dot.trouble == "stuck", dot.trouble == "late", dot.is_large))
    return BoardMap(shapes, dots, maps.box(list(shapes)) if is_near else maps.VIEW_BOX, is_near)


def _is_crowded(dot: BoardDot, dots: list[BoardDot]) -> bool:
    """Tell whether the name of a prefecture's hub would run into one that stands close on the left, as 株洲 by 湘潭."""
    others = (other for other in dots if other.is_large and other is not dot)
    return dot.is_large and any(0 < dot.x - other.x < 40 and abs(dot.y - other.y) < 18 for other in others)
