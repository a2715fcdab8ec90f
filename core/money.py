"""Money: integer fen in our tables, ``Decimal`` yuan at Oscar's edges. The one module that rounds and splits."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")


def to_fen(yuan: Decimal) -> int:
    """Return yuan as integer fen, half a fen rounded up."""
    return int((yuan * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_yuan(fen: int) -> Decimal:
    """Return integer fen as yuan with two decimals."""
    return (Decimal(fen) / 100).quantize(FEN)


def share(fen: int, permille: int) -> int:
    """Return ``permille`` thousandths of an amount in fen, half a fen rounded up."""
    return int((Decimal(fen) * permille / 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split(fen: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the parts add up to it exactly.

    Uses the largest-remainder method (Hamilton): every part is the floor of its exact share, and the fen left over go
    to the largest remainders, the earlier one first where two are equal.

    :param fen: the amount, zero or more.
    :param weights: one non-negative weight a part; if all are zero the first part takes everything.
    :raises ValueError: without weights, or with a negative amount or weight.
    """
    if not weights or fen < 0 or min(weights) < 0:
        raise ValueError("an amount is split by at least one weight, none of them negative")
    whole = sum(weights)
    if whole == 0:
        return [fen, *([0] * (len(weights) - 1))]
    parts = [fen * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(fen * weights[i] % whole), i))
    for i in remainders[: fen - sum(parts)]:
        parts[i] += 1
    return parts
