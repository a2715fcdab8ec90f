"""How many crates goods fill."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

MOST_PARTS = 20  # an order that needs more vehicles is no longer a parcel


class UnableToCut(Exception):
    """The goods would need more parts than anybody would send."""


def crates_needed(packs: Iterable[tuple[int, int]]) -> int:
    """Return the crates that some goods fill together, at least one.

    :param packs: pairs of quantity and units per crate.
    """
    filled = sum((Fraction(quantity, per_crate) for quantity, per_crate in packs), Fraction(0))
    return max(1, -int(-filled // 1))


def cut(packs: Sequence[tuple[int, int]], *, largest: int) -> list[list[int]]:
    """Return how goods are spread over parts of at most so many crates each, one part filled after the other.

    :param packs: pairs of quantity and units per crate.
    :param largest: crates, at least 1; a unit never fills more than one.
    :returns: for each part the quantity of each pack, in their order.
    :raises UnableToCut: where more than ``MOST_PARTS`` would be needed.
    """
    parts: list[list[int]] = []
    left = [quantity for quantity, _ in packs]
    while any(left):
        if len(parts) == MOST_PARTS:
            raise UnableToCut(f"more than {MOST_PARTS} parts of {largest} crates")
        room, part = Fraction(largest), []
        for number, (_, per_crate) in enumerate(packs):
            fits = min(left[number], int(room * per_crate))
            room -= Fraction(fits, per_crate)
            left[number] -= fits
            part.append(fits)
        parts.append(part)
    return parts
