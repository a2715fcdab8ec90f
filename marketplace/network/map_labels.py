"""Names beside the dots of a map so that none runs into another, on a phone as on a screen.

Names are laid out in the size that phones show them in, the larger one: what fits there fits in the smaller one too,
because each keeps its baseline and the side on which it stands. A name that fits nowhere is left out; its dot still has
it as a title, and the list beside the map names every hub.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

PROVINCE_SIZE, NEAR_SIZE = 22.0, 7.0  # of the type on phones, in user units; see planning.css
_ASCENT, _DESCENT = 0.86, 0.14  # of the type's size, above and below the baseline


class Box(NamedTuple):
    """A rectangle in user units."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def lies_within(self, other: "Box") -> bool:
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True)
class Named:
    """A dot that wants its name beside it; the more important is named first, and below its dot if it can be."""

    x: float
    y: float
    radius: float
    name: str
    is_important: bool = False

    @property
    def box(self) -> Box:
        return Box(self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius)


@dataclass(frozen=True)
class Label:
    """A name on the map: where its baseline begins, ends or has its middle, as ``side`` says (start, end, middle)."""

    x: float
    y: float
    text: str
    side: str
    box: Box


def place(dots: Sequence[Named], *, others: Iterable[Named] = (), size: float, view_box: str) -> list[Label]:
    """Return the names that find a place, each beside its dot.

    :param others: dots without a name, which are left free where that can be. :param size: of the type, in user units.
    """
    left, top, width, height = map(float, view_box.split())
    frame = Box(left, top, left + width, top + height)
    kept_free, shunned = [dot.box for dot in dots], [dot.box for dot in others]
    found: list[Label] = []
    for dot in sorted(dots, key=lambda dot: not dot.is_important):
        possible = [
            label
            for box in (dot.box, _crowd(dot.box, kept_free))
            for label in _candidates(dot, box, size)
            if label.box.lies_within(frame)
            and not any(label.box.overlaps(other.box) for other in found)
            and not any(label.box.overlaps(box) for box in kept_free)
        ]
        if possible:
            found.append(min(possible, key=lambda label: sum(label.box.overlaps(box) for box in shunned)))
    return found


def _crowd(mine: Box, boxes: Iterable[Box]) -> Box:
    """Return what a dot covers together with the dots that it touches."""
    touching = [mine, *(box for box in boxes if box.overlaps(mine))]
    return Box(
        min(box.left for box in touching),
        min(box.top for box in touching),
        max(box.right for box in touching),
        max(box.bottom for box in touching),
    )


def _candidates(dot: Named, box: Box, size: float) -> list[Label]:
    """Return the eight places beside a box, the best first."""
    x, y, far, near = (box.left + box.right) / 2, (box.top + box.bottom) / 2, size * 0.25, size * 0.05
    over, under, beside = box.top - far - size * _DESCENT, box.bottom + far + size * _ASCENT, y + size * 0.36
    upright = [("middle", x, over), ("middle", x, under)]
    if dot.is_important:
        upright.reverse()
    sides = [("start", box.right + far, beside), ("end", box.left - far, beside)]
    aslant = [
        (side, at, line)
        for line in (box.top - near - size * _DESCENT, box.bottom + near + size * _ASCENT)
        for side, at in (("start", x + near), ("end", x - near))
    ]
    places = (*upright[:1], *sides, *upright[1:], *aslant)
    return [_label(dot.name, side, at, line, size) for side, at, line in places]


def _label(text: str, side: str, x: float, y: float, size: float) -> Label:
    width = sum(size if ord(character) > 0x2E7F else size * 0.6 for character in text)
    begin = {"start": x, "middle": x - width / 2, "end": x - width}[side]
    return Label(
        round(x, 1), round(y, 1), text, side, Box(begin, y - size * _ASCENT, begin + width, y + size * _DESCENT)
    )
