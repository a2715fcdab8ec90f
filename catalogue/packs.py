"""What a pack weighs, as its text tells: ``5kg/箱`` and ``500克/袋`` do, ``20枚/盒`` does not."""

import re
from decimal import Decimal

_WEIGHT = re.compile(r"\s*(?:约|净重)?\s*(\d+(?:\.\d+)?)\s*(kg|千克|公斤|g|克|斤|两)(?![a-z])", re.IGNORECASE)
_GRAMS = {"kg": 1000, "千克": 1000, "公斤": 1000, "g": 1, "克": 1, "斤": 500, "两": 50}


def grams(pack: str) -> Decimal | None:
    """Return the weight of a pack in grams; None where its text tells none."""
    found = _WEIGHT.match(pack or "")
    if found is None:
        return None
    weight = Decimal(found[1]) * _GRAMS[found[2].lower()]
    return weight if weight > 0 else None


def price_per(price_fen: int, pack: str, *, per_grams: int) -> int | None:
    """Return the price of so many grams in whole fen, halves up; None where the pack tells no weight."""
    weight = grams(pack)
    if weight is None:
        return None
    return int((Decimal(price_fen) * per_grams / weight).quantize(Decimal(1), "ROUND_HALF_UP"))
