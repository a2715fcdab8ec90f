import datetime as dt

import pytest

from core.clock import BEIJING
from villages import codes, ground, queries
from villages.hours import Opening

WEEKDAYS = [(weekday, dt.time(8), dt.time(12)) for weekday in range(5)] + [
    (weekday, dt.time(14), dt.time(18)) for weekday in range(5)
]
MONDAY = dt.date(2026, 3, 2)


def local(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time(hour, minute), tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        (local(0, 6), local(0, 8)),
        (local(0, 9, 30), local(0, 9, 30)),
        (local(0, 12), local(0, 14)),
        (local(0, 18), local(1, 8)),
        (local(4, 18), local(7, 8)),
        (local(5, 10), local(7, 8)),
    ],
)
def test_a_point_opens_next_at(asked, opens):
    assert Opening(WEEKDAYS).next_opening(asked) == opens


def test_a_point_without_hours_never_opens():
    assert Opening([]).next_opening(local(0, 6)) is None


def test_a_point_is_open_from_opening_until_before_closing():
    assert Opening(WEEKDAYS).is_open_at(local(0, 8))
    assert not Opening(WEEKDAYS).is_open_at(local(0, 12))
    assert not Opening(WEEKDAYS).is_open_at(local(5, 9))


def test_hours_are_read_in_beijing_time():
    assert Opening(WEEKDAYS).is_open_at(dt.datetime(2026, 3, 2, 0, 0, tzinfo=dt.UTC))
    assert not Opening(WEEKDAYS).is_open_at(dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC))


def test_a_degree_of_latitude_is_some_111_kilometres():
    assert queries.distance_km(112, 28, 112, 29) == pytest.approx(111.195, abs=0.01)
    assert queries.distance_km(112, 28, 112, 28) == 0


def test_a_place_lies_in_its_own_county_only():
    shimen_seat = (111.380014, 29.584292)

    assert ground.lies_in("430726000000", *shimen_seat)
    assert not ground.lies_in("430723000000", *shimen_seat)
    assert not ground.lies_in("430671000000", *shimen_seat), "a statistical zone has no ground"


def test_every_county_with_ground_is_drawn():
    assert len(ground.boundaries()) == 122
    assert len(ground.boundaries("prefectures")) == 14


@pytest.mark.parametrize(
    ("code", "level", "span"),
    [
        ("430000000000", "PROVINCE", ("430000000000", "439999999999")),
        ("430700000000", "PREFECTURE", ("430700000000", "430799999999")),
        ("430726000000", "COUNTY", ("430726000000", "430726999999")),
        ("430726100000", "TOWNSHIP", ("430726100000", "430726100999")),
        ("430726100201", "VILLAGE", ("430726100201", "430726100201")),
    ],
)
def test_a_code_tells_its_level_and_what_lies_below(code, level, span):
    assert codes.level_of(code) == level
    assert codes.span(code) == span
