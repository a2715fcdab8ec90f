import datetime as dt

import pytest

from core.clock import BEIJING
from core.events import Event
from logistics.models import Departure
from logistics.services import departures, routing
from logistics.services.departures import UnableToDelay, UnableToRun
from logistics.states import DepartureState
from tests.factories import logistics
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


@pytest.fixture
def round_departure() -> Departure:
    """The round of 14:00, at the stop at 15:00 and back at 16:00, with a consignment to pick up."""
    network = logistics.small_network()
    made = logistics.consignment(network.stop, network.point)
    routing.route_waiting(limit=10, at=MONDAY)
    return made.legs.first().departure


def told(departure: Departure) -> list[str]:
    rows = Event.objects.filter(stream="departure", stream_id=str(departure.pk)).order_by("version")
    return list(rows.values_list("name", flat=True))


def test_a_vehicle_that_leaves_on_time_keeps_its_times(round_departure):
    departures.depart(round_departure, by="test", at=beijing(14, 5))

    round_departure.refresh_from_db()
    assert (round_departure.state, round_departure.departed_at) == (DepartureState.DEPARTED, beijing(14, 5))
    assert (round_departure.arrives_at, round_departure.delay_minutes) == (beijing(16), 0)
    assert told(round_departure) == ["departure.departed"]


def test_a_vehicle_that_leaves_late_is_late_for_all_that_follows(round_departure):
    departures.depart(round_departure, by="test", at=beijing(14, 40))

    round_departure.refresh_from_db()
    leg = round_departure.legs.get()
    assert (round_departure.arrives_at, round_departure.delay_minutes) == (beijing(16, 40), 40)
    assert (leg.departs_at, leg.arrives_at) == (beijing(15, 40), beijing(16, 40))
    assert told(round_departure) == ["departure.delayed", "departure.departed"]


def test_a_delay_on_the_way_moves_only_what_is_still_to_come(round_departure):
    departures.depart(round_departure, by="test", at=beijing(14))
    departures.delay(round_departure, minutes=30, by="test", at=beijing(15, 10))

    leg = round_departure.legs.get()
    assert (leg.departs_at, leg.arrives_at) == (beijing(15), beijing(16, 30))
    departures.arrive(round_departure, by="test", at=beijing(16, 31))
    round_departure.refresh_from_db()
    assert (round_departure.state, round_departure.arrived_at) == (DepartureState.ARRIVED, beijing(16, 31))


@pytest.mark.parametrize("minutes", [0, -5, 24 * 60 + 1])
def test_nobody_is_late_by_nothing_or_by_more_than_a_day(round_departure, minutes):
    with pytest.raises(UnableToDelay):
        departures.delay(round_departure, minutes=minutes, by="test", at=MONDAY)

    round_departure.refresh_from_db()
    assert round_departure.delay_minutes == 0


def test_what_has_left_is_not_cancelled_and_then_nothing_is(round_departure):
    other = Departure.objects.exclude(pk=round_departure.pk).first()
    departures.depart(round_departure, by="test", at=beijing(14))

    with pytest.raises(UnableToRun):
        departures.cancel([round_departure, other], by="test", at=beijing(14), reason="closure")

    other.refresh_from_db()
    assert other.state == DepartureState.SCHEDULED


def test_cancelling_twice_cancels_once(round_departure):
    assert departures.cancel([round_departure], by="test", at=MONDAY, reason="closure") == 1
    assert departures.cancel([round_departure], by="test", at=MONDAY, reason="closure") == 0
    assert told(round_departure) == ["departure.cancelled"]


@pytest.mark.parametrize(
    ("done", "refused"),
    [
        ([], "arrive"),
        ([], "break_down"),
        (["depart"], "depart"),
        (["depart", "arrive"], "arrive"),
        (["depart", "arrive"], "break_down"),
        (["depart", "break_down"], "arrive"),
    ],
)
def test_a_vehicle_makes_no_move_that_its_state_does_not_allow(round_departure, done, refused):
    for name in done:
        getattr(departures, name)(round_departure, by="test", at=beijing(14))
    before = Departure.objects.values().get(pk=round_departure.pk)

    with pytest.raises(UnableToRun):
        getattr(departures, refused)(round_departure, by="test", at=beijing(15))

    assert Departure.objects.values().get(pk=round_departure.pk) == before
