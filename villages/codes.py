"""Twelve-digit codes of divisions (民政/统计用区划代码): the prefix is the hierarchy, 2+2+2+3+3 digits."""

PREFIX = {"PROVINCE": 2, "PREFECTURE": 4, "COUNTY": 6, "TOWNSHIP": 9, "VILLAGE": 12}


def level_of(code: str) -> str:
    """Return the level that a code's trailing zeros tell."""
    for level, length in PREFIX.items():
        if set(code[length:]) <= {"0"}:
            return level
    return "VILLAGE"


def prefix_of(code: str) -> str:
    """Return the significant part of a code: ``430726000000`` gives ``430726``."""
    return code[: PREFIX[level_of(code)]]


def span(code: str) -> tuple[str, str]:
    """Return the first and the last code at or below a division, for an index range."""
    prefix = prefix_of(code)
    return prefix.ljust(12, "0"), prefix.ljust(12, "9")


def county_of(code: str) -> str:
    """Return the county-level code above a code, or the code itself where it is higher."""
    return code[:6].ljust(12, "0")


def prefecture_of(code: str) -> str:
    """Return the prefecture's code above a code, or the code itself where it is higher."""
    return code[:4].ljust(12, "0")


def is_within(code: str, above: str) -> bool:
    """Tell whether a division lies at or below another."""
    return code.startswith(prefix_of(above))
