import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.clock import BEIJING
from villages.hours import Opening

MONDAY = dt.date(2026, 3, 2)
EVERY_DAY = [(weekday, dt.time(8), dt.time(18)) for weekday in range(7)]
MORNINGS = [(weekday, dt.time(8), dt.time(12)) for weekday in range(7)]
SPRING = (dt.date(2026, 3, 4), dt.date(2026, 3, 6))  # Wednesday to Friday


def local(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time(hour, minute), tzinfo=BEIJING)


def test_a_point_does_not_open_on_its_days_off():
    opening = Opening(EVERY_DAY, [SPRING])

    assert opening.next_opening(local(1, 19)) == local(5, 8)
    assert opening.next_opening(local(3, 9)) == local(5, 8)
    assert opening.next_opening(local(1, 9)) == local(1, 9)
    assert not opening.is_open_at(local(2, 9))


def test_days_off_show_no_hours_of_that_day():
    opening = Opening(EVERY_DAY, [SPRING])

    assert opening.today(local(2, 9)) == []
    assert opening.today(local(5, 9)) == [(dt.time(8), dt.time(18))]


def test_a_point_closed_last_before_its_days_off():
    week = Opening(EVERY_DAY, [SPRING]).week

    assert week.last_closing(int(local(4, 23).timestamp())) == int(local(1, 18).timestamp())
    assert week.last_closing(int(local(5, 7).timestamp())) == int(local(1, 18).timestamp())
    assert week.last_closing(int(local(5, 19).timestamp())) == int(local(5, 18).timestamp())


def test_of_a_point_that_never_opens_no_day_is_known_to_be_closed():
    assert Opening([]).week.closed_days(MONDAY, MONDAY + dt.timedelta(days=9)) == []


def test_days_off_that_follow_each_other_are_one_stretch():
    later = (SPRING[1] + dt.timedelta(days=1), SPRING[1] + dt.timedelta(days=2))

    assert Opening(EVERY_DAY, [SPRING, later]).next_opening(local(2, 9)) == local(7, 8)


def test_what_is_kept_is_kept_longer_by_days_off():
    opening = Opening(EVERY_DAY, [SPRING])

    assert opening.kept_until(local(0, 10), dt.timedelta(days=2)) == local(2, 10) + dt.timedelta(days=3)
    assert opening.kept_until(local(3, 10), dt.timedelta(days=2)) == local(7, 0), "a day and a half off do not count"
    assert opening.kept_until(local(0, 10), dt.timedelta(days=1)) == local(1, 10), "it is collected before"
    assert opening.kept_until(local(5, 10), dt.timedelta(days=1)) == local(6, 10), "it came after"


@given(
    hours=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 22), st.integers(1, 6)),
        min_size=1,
        max_size=5,
        unique_by=lambda h: h[0],
    ),
    closed=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4)), max_size=3),
    asked=st.integers(0, 20 * 24 * 4),
)
def test_openings_and_closed_days_equal_a_walk_by_quarters_of_an_hour(hours, closed, asked):
    spans = [(day, dt.time(begins), dt.time(min(23, begins + long))) for day, begins, long in hours]
    off = [(MONDAY + dt.timedelta(days=a), MONDAY + dt.timedelta(days=a + n)) for a, n in closed]
    opening = Opening(spans, off)

    def is_open(at: dt.datetime) -> bool:
        day = at.date()
        return not any(a <= day <= b for a, b in off) and any(
            day.weekday() == weekday and opens <= at.time() < closes for weekday, opens, closes in spans
        )

    days = [MONDAY + dt.timedelta(days=n) for n in range(-3, 30)]
    begins = [opens for _, opens, _ in spans]
    shut = [day for day in days if not any(is_open(dt.datetime.combine(day, at, tzinfo=BEIJING)) for at in begins)]
    found = opening.week.closed_days(days[0], days[-1])
    assert [first + dt.timedelta(days=n) for first, last in found for n in range((last - first).days + 1)] == shut
    assert all(after[0] - before[1] > dt.timedelta(days=1) for before, after in pairwise(found))

    quarter, start = dt.timedelta(minutes=15), local(0, 0) + asked * dt.timedelta(minutes=15)
    ahead = next(at for n in range(60 * 96) if is_open(at := start + n * quarter))
    assert opening.next_opening(start) == ahead
    behind = next(at for n in range(60 * 96) if is_open((at := start - n * quarter) - quarter) and not is_open(at))
    assert dt.datetime.fromtimestamp(opening.week.last_closing(int(start.timestamp())), tz=BEIJING) == behind
