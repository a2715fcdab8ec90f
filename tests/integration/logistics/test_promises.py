import datetime as dt

import pytest
from django.conf import settings

from core.clock import BEIJING
from core.storage_class import StorageClass
from logistics import promises, queries, snapshots
from logistics.models import Departure
from logistics.promises import PromiseRequest, Refusal
from logistics.services import departures
from logistics.states import DepartureState
from tests.factories import logistics, villages
from tests.factories.logistics import MONDAY
from villages.models import PointHours

pytestmark = pytest.mark.django_db
AMBIENT = StorageClass.AMBIENT


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


def test_the_promise_is_the_arrival_and_the_time_to_shelve(settings):
    network = logistics.small_network()

    [promised] = promises.times([PromiseRequest(network.stop.pk, network.point.pk, AMBIENT, 1)], at=MONDAY)

    assert promised == beijing(9, 30, day=1)


def test_what_a_seller_needs_for_packing_is_in_the_promise(settings):
    network = logistics.small_network()
    settings.PACKING_HOURS = 8

    [promised] = promises.times([PromiseRequest(network.stop.pk, network.point.pk, AMBIENT, 1)], at=MONDAY)

    assert promised == beijing(9, 30, day=2)


def test_what_arrives_while_the_point_is_closed_is_promised_for_its_opening():
    network = logistics.small_network()
    PointHours.objects.filter(point=network.point).delete()
    PointHours.objects.create(point=network.point, weekday=3, opens=dt.time(10), closes=dt.time(16))

    promised = queries.earliest_arrival(network.stop, point=network.point, storage_class=AMBIENT, crates=1, at=MONDAY)

    assert promised == beijing(10, day=3)


def test_nothing_is_promised_where_no_way_leads():
    network = logistics.small_network()
    nowhere = villages.point()
    asked = [
        PromiseRequest(network.stop.pk, nowhere.pk, AMBIENT, 1),
        PromiseRequest(nowhere.pk, network.point.pk, AMBIENT, 1),
        PromiseRequest(network.stop.pk, network.point.pk, AMBIENT, 101),
        PromiseRequest(network.stop.pk, network.point.pk, AMBIENT, 1),
    ]

    found = promises.times(asked, at=MONDAY)

    assert [promised is None for promised in found] == [True, True, True, False]


def test_many_promises_take_two_queries(django_assert_num_queries):
    network = logistics.small_network()
    asked = [
        PromiseRequest(network.stop.pk, network.point.pk, storage_class, crates)
        for storage_class in StorageClass.values
        for crates in range(1, 9)
    ]
    promises.times(asked[:1], at=MONDAY)

    with django_assert_num_queries(2):
        promises.times(asked, at=MONDAY)


def test_no_request_takes_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert promises.times([], at=MONDAY) == []


# What a process keeps of the timetable


def test_new_departures_are_seen_at_once():
    network = logistics.small_network(days=0)
    asked = [PromiseRequest(network.stop.pk, network.point.pk, AMBIENT, 1)]
    assert promises.times(asked, at=MONDAY) == [None]

    departures.open_departures(at=MONDAY, until=dt.date(2026, 3, 4))

    assert promises.times(asked, at=MONDAY) == [beijing(9, 30, day=1)]


def test_a_timetable_is_read_anew_when_the_clock_has_gone_far():
    logistics.small_network(days=8)
    first = snapshots.current(MONDAY)

    assert snapshots.current(MONDAY + dt.timedelta(hours=23)) is first
    later = snapshots.current(MONDAY + dt.timedelta(days=3))

    assert later is not first
    assert len(later.lanes) < len(first.lanes)


def test_a_fresh_reading_sees_what_others_took_and_what_is_cancelled():
    network = logistics.small_network()
    first = snapshots.current(MONDAY)
    departure = Departure.objects.filter(round__hub=network.county, day=dt.date(2026, 3, 3)).first()
    Departure.objects.filter(pk=departure.pk).update(taken_back=40)

    assert snapshots.current(MONDAY, fresh=True) is first
    assert first.rides[departure.pk].free_back == 60
    Departure.objects.filter(pk=departure.pk).update(state=DepartureState.CANCELLED)
    assert snapshots.current(MONDAY, fresh=True) is first, "for one departure the others are not read anew"
    assert (first.rides[departure.pk].free_out, first.rides[departure.pk].free_back) == (0, 0)


@pytest.mark.parametrize("of", ["lane", "round"])
def test_a_fresh_reading_sees_that_departures_leave_later(of):
    network = logistics.small_network()
    asked = [PromiseRequest(network.stop.pk, network.point.pk, AMBIENT, 1)]
    assert promises.times(asked, at=MONDAY) == [beijing(9, 30, day=1)]
    first = snapshots.current(MONDAY)
    late = {
        "lane": Departure.objects.get(lane__origin=network.county, departs_at=beijing(17)),
        "round": Departure.objects.get(round__hub=network.other_county, departs_at=beijing(8, day=1)),
    }[of]
    departures.delay(late, minutes=50, by="test", at=MONDAY)

    snapshots.current(MONDAY, fresh=True)

    route = promises.promises(asked, at=MONDAY)[0].route
    assert snapshots.current(MONDAY) is first
    times = {hop.departure_id: hop.departs for hop in route.hops}
    late.refresh_from_db()
    assert times[late.pk] == int(late.departs_at.timestamp())
    way = {"origin": network.stop.pk, "destination": network.point.pk, "storage_class": AMBIENT, "crates": 1}
    since = int(MONDAY.timestamp())
    assert first.route(**way, at=since) == snapshots.read(MONDAY).route(**way, at=since)


@pytest.mark.parametrize("change", ["crates", "classes"])
def test_a_fresh_reading_sees_that_a_departure_runs_by_another_version_of_its_line(change):
    """As another process does it for departures that carry goods: they stay, and are adjusted."""
    network = logistics.small_network()
    asked = [PromiseRequest(network.stop.pk, network.point.pk, AMBIENT, 20)]
    first = snapshots.current(MONDAY)
    assert promises.promises(asked, at=MONDAY)[0].handed_over_at == beijing(9, 30, day=1)
    runs = Departure.objects.filter(lane__origin=network.county)
    if change == "crates":
        runs.update(crates=12)
    else:
        for departure in runs.select_related("lane"):
            lane = departure.lane
            lane.pk, lane.storage_classes, lane.code = None, [str(StorageClass.FROZEN)], f"L-{departure.pk}"
            lane.save(force_insert=True)
            Departure.objects.filter(pk=departure.pk).update(lane=lane)

    assert snapshots.current(MONDAY, fresh=True) is not first

    promise = promises.promises(asked, at=MONDAY)[0]
    assert promise.handed_over_at is None
    if change == "crates":
        assert (promise.refusal, promise.largest) == (Refusal.TOO_LARGE, 12 - settings.PROMISE_RESERVE_CRATES)
    else:
        assert promise.refusal == Refusal.NO_VEHICLE
