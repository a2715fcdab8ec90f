"""Names of persons, shown to those who need no more than to recognise somebody."""


def masked(name: str) -> str:
    """Return a name with all but its first character hidden: ``陈**``; an empty one stays empty (design, P1)."""
    name = name.strip()
    return f"{name[0]}**" if name else ""
