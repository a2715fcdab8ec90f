"""The names of province, prefectures and counties, kept in the process for a minute at most.

Pages name dozens of divisions and an edition of the register comes once a year, so that no page pays a query for them;
the process that imports an edition forgets at once, the others within the minute.
"""

import time

from villages.models import Division
from villages.states import Level

KEPT_SECONDS = 60
_kept: tuple[float, dict[str, str]] | None = None


def names() -> dict[str, str]:
    """Return code → name of province, prefectures and counties that exist, by code."""
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > KEPT_SECONDS:
        wanted = Division.objects.filter(level__in=(Level.PROVINCE, Level.PREFECTURE, Level.COUNTY), valid_to=None)
        found = dict(wanted.order_by("code").values_list("code", "name"))
        if not found:
            return found
        _kept = (time.monotonic(), found)
    return _kept[1]


def forget() -> None:
    """Read the names anew the next time."""
    global _kept
    _kept = None
