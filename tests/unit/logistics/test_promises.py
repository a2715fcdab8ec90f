"""The promise against an oracle: the earliest of all arrivals there are, at an open door, on a day with room."""

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from core.clock import BEIJING
from logistics import doors, promises
from logistics.promises import PromiseRequest, Refusal
from logistics.snapshots import KnownPoint
from logistics.timetable import Timetable
from tests.unit.logistics.networks import AMBIENT, CHILLED, HUBS, STOPS, arrivals, timetables
from villages.hours import Week

FIRST = dt.datetime(2026, 3, 2, tzinfo=BEIJING)  # a Monday
START, UNIT = int(FIRST.timestamp()), 5400
WEEKS_AHEAD = range(7 * 12)  # a point that opens once a week is asked about as often as there are days of departures
HALF_HOURS = st.integers(0, 47)
Hours = list[tuple[int, dt.time, dt.time]]


@st.composite
def weeks(draw) -> Hours:
    """Return opening hours, on some days in two parts, on others none."""
    hours = []
    for weekday in draw(st.sets(st.integers(0, 6), max_size=7)):
        times = sorted(draw(st.sets(HALF_HOURS, min_size=2, max_size=4)))
        hours += [
            (weekday, dt.time(opens // 2, opens % 2 * 30), dt.time(closes // 2, closes % 2 * 30))
            for opens, closes in zip(times[::2], times[1::2], strict=False)
        ]
    return hours


DAILY = [(day, dt.time(8), dt.time(19)) for day in range(7)]
POINTS = st.fixed_dictionaries(
    {
        pk: st.tuples(
            st.one_of(st.just(DAILY), weeks()),
            st.fixed_dictionaries({AMBIENT: st.integers(1, 6)}, optional={CHILLED: st.integers(1, 6)}),
        )
        for pk in (901, 902, 903)
    }
)
HELD = st.dictionaries(
    st.tuples(STOPS, st.integers(0, 5).map(lambda n: FIRST.date() + dt.timedelta(days=n)), st.just(str(AMBIENT))),
    st.integers(0, 6).flatmap(lambda capacity: st.tuples(st.just(capacity), st.integers(0, capacity))),
    max_size=10,
)
REQUESTS = st.lists(
    st.builds(
        PromiseRequest,
        origin_stop_id=STOPS,
        point_id=STOPS,
        storage_class=st.sampled_from([AMBIENT, AMBIENT, CHILLED]),
        crates=st.integers(1, 3),
        ready_from=st.integers(0, 30 * UNIT).map(lambda seconds: FIRST + dt.timedelta(seconds=seconds)),
        hub_id=st.one_of(st.none(), st.none(), HUBS),
    ),
    min_size=1,
    max_size=6,
)


@effort(max_examples=1000)
@given(
    st.integers(0, 1799).flatmap(lambda late: timetables(start=START + late, unit=UNIT, ends=9, room=6)),
    POINTS,
    HELD,
    REQUESTS,
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
)
def test_the_promise_is_the_earliest_there_is(made, points, held, requests, reserve, together, knows_closings):
    timetable, _ = made
    walked = met(timetable, points) if knows_closings else timetable
    if knows_closings:
        last = FIRST.date() + dt.timedelta(days=9)
        timetable.close({pk: doors.closings(Week(hours), FIRST.date(), last) for pk, (hours, _) in points.items()})
    known = {pk: KnownPoint(Week(hours), crates) for pk, (hours, crates) in points.items()}
    before = {pk: (ride.free_out, ride.free_back) for pk, ride in timetable.rides.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(promises.settings, "PROMISE_RESERVE_CRATES", reserve)
        patch.setattr(promises.settings, "COLLECT_WITHIN_HOURS", dict.fromkeys((AMBIENT, CHILLED), 1000))
        found = promises.answers(timetable, requests, points=known, held=held, at=FIRST, together=together)

    assert {pk: (ride.free_out, ride.free_back) for pk, ride in timetable.rides.items()} == before
    taken: dict[int, list] = {}
    crates_taken: Counter = Counter()
    for request, promise in zip(requests, found, strict=True):
        borrowed = taken.setdefault(request.point_id, [])
        for route, crates in borrowed:
            timetable.take(route, crates)
        expected = earliest(walked, request, points[request.point_id], held, crates_taken, reserve)
        assert promise.handed_over_at == expected
        kept = points[request.point_id][1]
        assert (promise.refusal == Refusal.NOT_KEPT) == (request.storage_class not in kept)
        assert (promise.refusal is None) == (expected is not None)
        for route, crates in borrowed:
            timetable.give(route, crates)
        if together and expected is not None:
            borrowed.append((promise.route, request.crates))
            crates_taken[key(request, expected)] += request.crates


def met(timetable: Timetable, points) -> Timetable:
    """Return the timetable without the rounds that nobody waits for: to bring goods, or to take them along."""

    def opens(pk: int, moment: int) -> bool:
        weekdays = {weekday for weekday, _, _ in points[pk][0]}
        return not weekdays or dt.datetime.fromtimestamp(moment, tz=BEIJING).weekday() in weekdays

    def is_handed_over_soon(pk: int, arrives: int) -> bool:
        moment = opening(points[pk][0], shelved(arrives))
        came = dt.datetime.fromtimestamp(arrives, tz=BEIJING).date()
        return moment is None or (moment.date() - came).days <= 1

    return Timetable(
        lanes=timetable.lanes,
        inbound=[c for found in timetable.inbound.values() for c in found if opens(c.origin, c.departs)],
        outbound=[
            c
            for found in timetable.outbound.values()
            for c in found
            if opens(c.destination, c.arrives) and is_handed_over_soon(c.destination, c.arrives)
        ],
        transfer_seconds=timetable.transfer_seconds,
        transfer_changes=timetable.transfer_changes,
        default_transfer=timetable.default_transfer,
    )


def shelved(arrives: int) -> dt.datetime:
    """Return when goods stand on the shelf; it is told by the quarter of an hour."""
    return dt.datetime.fromtimestamp(-(-(arrives + 1800) // 900) * 900, tz=BEIJING)


def key(request: PromiseRequest, moment: dt.datetime) -> tuple[int, dt.date, str]:
    return request.point_id, moment.astimezone(BEIJING).date(), str(request.storage_class)


def earliest(timetable, request: PromiseRequest, point, held, taken: Counter, reserve: int) -> dt.datetime | None:
    """Return the earliest of all moments at which the goods are there, the door is open and the day has room."""
    hours, kept = point
    keeps = kept.get(request.storage_class, 0)
    ready = int(request.ready_from.timestamp())
    asked = {
        "destination": request.point_id,
        "at": ready,
        "storage_class": str(request.storage_class),
        "crates": request.crates + reserve,
    }
    if request.hub_id is not None:
        there = arrivals(timetable, hub=request.hub_id, **asked)
    elif request.origin_stop_id == request.point_id:
        # It need not go anywhere, and may wait for any of the days.
        there = [ready, *(midnight - 1800 for midnight in midnights() if midnight - 1800 > ready)]
    else:
        there = arrivals(timetable, origin=request.origin_stop_id, **asked)
    moments = []
    for arrives in there:
        moment = opening(hours, shelved(arrives))
        if moment is None:
            continue
        capacity, is_held = held.get(key(request, moment), (keeps, 0))
        if keeps and is_held + taken[key(request, moment)] + request.crates <= capacity:
            moments.append(moment)
    return min(moments, default=None)


def midnights() -> list[int]:
    return [START + day * 86_400 for day in WEEKS_AHEAD]


def opening(hours: Hours, since: dt.datetime) -> dt.datetime | None:
    """Return the first open moment from a time on, looking at one day after the other."""
    for ahead in range(8):
        day = since.date() + dt.timedelta(days=ahead)
        for weekday, opens, closes in sorted(hours):
            if weekday == day.weekday() and dt.datetime.combine(day, closes, tzinfo=BEIJING) > since:
                return max(since, dt.datetime.combine(day, opens, tzinfo=BEIJING))
    return None
