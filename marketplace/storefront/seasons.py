"""The twenty-four solar terms (节气), from the sun's apparent longitude."""

import datetime as dt
import math

from django.utils.translation import gettext_lazy as _

from core.clock import BEIJING

# In order of the sun's longitude, from 0° (春分) in steps of 15°.
TERMS = (
    _("Spring Equinox"),
    _("Clear and Bright"),
    _("Grain Rain"),
    _("Start of Summer"),
    _("Grain Buds"),
    _("Grain in Ear"),
    _("Summer Solstice"),
    _("Minor Heat"),
    _("Major Heat"),
    _("Start of Autumn"),
    _("End of Heat"),
    _("White Dew"),
    _("Autumn Equinox"),
    _("Cold Dew"),
    _("Frost's Descent"),
    _("Start of Winter"),
    _("Minor Snow"),
    _("Major Snow"),
    _("Winter Solstice"),
    _("Minor Cold"),
    _("Major Cold"),
    _("Start of Spring"),
    _("Rain Water"),
    _("Awakening of Insects"),
)
J2000 = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)


def solar_longitude(at: dt.datetime) -> float:
    """Return the sun's apparent longitude in degrees, good to about 0.01° (Meeus, Astronomical Algorithms, ch. 25)."""
    century = (at - J2000).total_seconds() / 86_400 / 36_525
    mean = 280.46646 + 36_000.76983 * century + 0.0003032 * century**2
    anomaly = math.radians(357.52911 + 35_999.05029 * century - 0.0001537 * century**2)
    centre = (
        (1.914602 - 0.004817 * century) * math.sin(anomaly)
        + (0.019993 - 0.000101 * century) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )
    node = math.radians(125.04 - 1_934.136 * century)
    return (mean + centre - 0.00569 - 0.00478 * math.sin(node)) % 360


def term_on(day: dt.date) -> tuple[str, dt.date]:
    """Return the name of the solar term in which a day of Beijing time lies, and the day on which it began."""

    def index(of: dt.date) -> int:
        return int(solar_longitude(dt.datetime.combine(of, dt.time.max, BEIJING)) // 15)

    current, began = index(day), day
    while index(began - dt.timedelta(days=1)) == current:
        began -= dt.timedelta(days=1)
    return TERMS[current], began
