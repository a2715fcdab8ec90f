"""Cells that a spreadsheet does not run."""

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(cell) -> str:
    """Return a cell as text; one that a spreadsheet would take for a formula gets an apostrophe before it (OWASP)."""
    text = str(cell)
    return f"'{text}" if text.startswith(DANGEROUS) and not text.lstrip("-").replace(".", "", 1).isdigit() else text
