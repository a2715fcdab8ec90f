"""How many crates goods fill."""

from collections.abc import Iterable
from fractions import Fraction


def crates_needed(packs: Iterable[tuple[int, int]]) -> int:
    """Return the crates that some goods fill together, at least one.

    :param packs: pairs of quantity and units per crate.
    """
    filled = sum((Fraction(quantity, per_crate) for quantity, per_crate in packs), Fraction(0))
    return max(1, -int(-filled // 1))
