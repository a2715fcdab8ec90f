import datetime as dt

import pytest
from django.utils.translation import override

from marketplace.storefront import seasons

# Dates of the almanac for 2026, in Beijing time.
KNOWN = [
    (dt.date(2026, 2, 4), "Start of Spring"),
    (dt.date(2026, 3, 20), "Spring Equinox"),
    (dt.date(2026, 6, 21), "Summer Solstice"),
    (dt.date(2026, 9, 23), "Autumn Equinox"),
    (dt.date(2026, 11, 22), "Minor Snow"),
    (dt.date(2026, 12, 22), "Winter Solstice"),
]


@pytest.mark.parametrize(("day", "name"), KNOWN)
def test_terms_begin_on_their_almanac_days(day, name):
    with override("en"):
        assert (str(seasons.term_on(day)[0]), seasons.term_on(day)[1]) == (name, day)
        assert str(seasons.term_on(day - dt.timedelta(days=1))[0]) != name


def test_a_year_has_24_terms():
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    with override("en"):
        assert len({str(seasons.term_on(day)[0]) for day in days}) == 24
