"""Some days of a small network in which much goes wrong: every parcel ends, and nothing is taken twice."""

import datetime as dt

import pytest

from bench.sides import world
from bench.sides.world import Chances, Outcome, World
from core.clock import BEIJING
from logistics.services import departures, rerouting
from logistics.states import ConsignmentState, HubKind, ParcelState
from tests.factories import logistics, villages
from villages.models import PickupPoint

# Each step commits, as it does in life: inside one transaction PostgreSQL has no figures of the rows, and looks through
# thousands of savepoints for each of them, which makes minutes of seconds.
pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = dt.datetime(2026, 3, 2, 7, tzinfo=BEIJING)
ROUND_CRATES, LANE_CRATES = 60, 110  # little enough to be full now and then


@pytest.fixture
def points() -> list[PickupPoint]:
    """Two prefectures with two counties each, three points a county; rounds and lanes twice a day."""
    prefectures, made = [], []
    for prefecture in ("4307", "4303"):
        middle = logistics.hub(f"{prefecture}00000000", kind=HubKind.PREFECTURE)
        prefectures.append(middle)
        for county in ("21", "23"):
            hub = logistics.hub(f"{prefecture}{county}000000")
            stops = [villages.point(f"{prefecture}{county}001{number:03}") for number in (1, 2, 3)]
            made += stops
            for departs in (dt.time(8), dt.time(14)):
                logistics.round_(hub, departs, *stops, crates=ROUND_CRATES)
            for departs in (dt.time(11), dt.time(17)):
                logistics.lane(hub, middle, departs, crates=LANE_CRATES)
            for departs in (dt.time(13), dt.time(5)):
                logistics.lane(middle, hub, departs, crates=LANE_CRATES)
    for origin, destination in (prefectures, prefectures[::-1]):
        for departs in (dt.time(15), dt.time(22)):
            logistics.lane(origin, destination, departs, minutes=150, crates=LANE_CRATES)
    departures.open_departures(at=BEGAN)
    return made


ROUGH = Chances(
    other_point=0.15,
    packed_late=0.08,
    left_behind=0.05,
    overlooked=0.04,
    not_set_down=0.05,
    late=0.15,
    cancelled=0.04,
    broken_down=0.04,
)


def lived(points: list[PickupPoint], *, seed: int, orders: int, days: int, chances: Chances) -> Outcome:
    return World(
        seed=seed,
        began=BEGAN,
        days=days,
        orders=orders,
        points=points,
        chances=chances,
        most_crates=6,
        sweep=dt.timedelta(minutes=20),
    ).run()


def test_every_parcel_ends_and_what_nothing_went_wrong_with_comes_when_it_was_promised(points):
    outcome = lived(points, seed=1, orders=250, days=5, chances=Chances())

    assert (outcome.left, outcome.unsound) == ([], [])
    assert outcome.placed > 240
    assert outcome.states.keys() <= {ConsignmentState.AT_POINT, ConsignmentState.CANCELLED}
    assert outcome.parcel_states.keys() == {ParcelState.AT_POINT}
    assert outcome.undisturbed > 80
    assert outcome.undisturbed_rate >= 0.95


@pytest.mark.parametrize("seed", [10, 11])
def test_every_parcel_ends_where_much_goes_wrong(points, seed):
    outcome = lived(points, seed=seed, orders=100, days=3, chances=ROUGH)

    assert (outcome.left, outcome.unsound) == ([], [])
    assert {"left behind", "overlooked", "not set down", "cancelled", "broken down"} <= outcome.mishaps.keys()
    assert outcome.parcel_states.keys() == {ParcelState.AT_POINT}


def test_without_the_sweep_parcels_are_left(points, monkeypatch):
    monkeypatch.setattr(rerouting, "mend", lambda *, at, by: 0)
    monkeypatch.setattr(world, "LONGEST", dt.timedelta(days=3))

    outcome = lived(points, seed=10, orders=40, days=1, chances=ROUGH)

    assert outcome.left != []
    assert outcome.unsound == []
