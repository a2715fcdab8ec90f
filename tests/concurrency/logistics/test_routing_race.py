import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import connection

from core import invariants
from core.events import Event
from logistics import snapshots
from logistics.models import Consignment, Departure, Leg
from logistics.services import capacity, rerouting, routing
from logistics.services.capacity import Free
from logistics.states import ConsignmentState, Direction
from logistics.timetable import Timetable
from tests.concurrency.racing import race
from tests.factories import logistics
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _workers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads stand for processes: each reads its own snapshot."""
    monkeypatch.setattr(snapshots, "current", lambda at, *, fresh=False: snapshots.read(at))


@pytest.fixture
def _both_search_before_either_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    searched, meet = routing._search, threading.Barrier(2)
    first = threading.local()

    def search(*args, **kwargs):
        found = searched(*args, **kwargs)
        if not hasattr(first, "done"):
            first.done = True
            meet.wait(timeout=30)
        return found

    monkeypatch.setattr(routing, "_search", search)


def work() -> routing.RoutingReport:
    return routing.route_waiting(limit=1, at=MONDAY, by="test")


def overbooked() -> list[int]:
    rows = Departure.objects.values_list("pk", "crates", "taken_out", "taken_back")
    return [pk for pk, crates, out, back in rows if max(out, back) > crates]


@pytest.mark.usefixtures("_both_search_before_either_settles")
def test_the_last_crate_of_a_departure_goes_to_one_of_two_workers():
    network = logistics.small_network(crates=1)
    logistics.consignments([(network.stop, network.point)] * 2)

    reports = race([work, work])

    assert [report.routed for report in reports] == [1, 1]
    firsts = list(Leg.objects.filter(sequence=1).values_list("departure_id", flat=True))
    assert len(set(firsts)) == 2
    assert overbooked() == []
    assert invariants.findings(["L1"]) == []


@pytest.fixture
def _without_guards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No lock, no condition of the update, no constraint: each worker believes what it read before it began to write.

    It reads outside its transaction, so that SQLite, where one transaction that writes waits for the other from its
    beginning, does not keep the two apart either.
    """
    unguarded = "\n".join(line for line in capacity._TAKE.splitlines() if "<=" not in line)
    assert unguarded != capacity._TAKE
    searched, meet, seen = routing._search, threading.Barrier(2), threading.local()

    def search(*args, **kwargs):
        found = searched(*args, **kwargs)
        if not hasattr(seen, "free"):
            rows = Departure.objects.all()
            seen.free = {row.pk: Free(row.crates - row.taken_out, row.crates - row.taken_back) for row in rows}
            meet.wait(timeout=30)
        return found

    monkeypatch.setattr(routing, "_search", search)
    monkeypatch.setattr(capacity, "_TAKE", unguarded)
    monkeypatch.setattr(capacity, "lock", lambda departure_ids: {pk: seen.free[pk] for pk in departure_ids})
    [constraint] = [each for each in Departure._meta.constraints if each.name == "departure_capacity"]
    # SQLite makes the table anew with the constraints that the model has.
    with monkeypatch.context() as without, connection.schema_editor() as editor:
        without.setattr(
            Departure._meta, "constraints", [each for each in Departure._meta.constraints if each != constraint]
        )
        editor.remove_constraint(Departure, constraint)
    yield
    Departure.objects.update(taken_out=0, taken_back=0)
    with connection.schema_editor() as editor:
        editor.add_constraint(Departure, constraint)


@pytest.mark.usefixtures("_without_guards")
def test_without_the_guard_both_workers_take_the_last_crate():
    network = logistics.small_network(crates=1)
    logistics.consignments([(network.stop, network.point)] * 2)

    reports = race([work, work])

    assert [report.routed for report in reports] == [1, 1]
    assert len(overbooked()) == 4


def test_many_workers_route_each_consignment_once_and_overbook_nothing():
    network = logistics.small_network(crates=12)
    ways = [(network.stop, network.point), (network.point, network.stop)]
    made = logistics.consignments(ways * 40)

    def until_done() -> int:
        routed = 0
        while True:
            report = routing.route_waiting(limit=7, at=MONDAY, by="test")
            routed += report.routed
            if not report.claimed:
                return routed

    outcomes = race([until_done] * 4)
    left = 0
    while report := routing.route_waiting(limit=50, at=MONDAY + dt.timedelta(seconds=11), by="test"):
        left += report.routed
        if not report.claimed:
            break

    assert sum(outcomes) + left == len(made)
    assert set(Consignment.objects.values_list("state", "route_version")) == {(ConsignmentState.ROUTED, 1)}
    events = Counter(Event.objects.filter(name="consignment.routed").values_list("stream_id", flat=True))
    assert events == {consignment.number: 1 for consignment in made}
    assert overbooked() == []
    assert invariants.findings(["L1"]) == []


def test_workers_that_believe_an_old_timetable_overbook_nothing(monkeypatch):
    network = logistics.small_network(crates=5)
    kept = threading.local()

    def current(at: dt.datetime, *, fresh: bool = False) -> Timetable:
        """Each worker reads once, and again only after it was refused."""
        if fresh or not hasattr(kept, "timetable"):
            kept.timetable = snapshots.read(at)
        return kept.timetable

    monkeypatch.setattr(snapshots, "current", current)
    made = logistics.consignments([(network.stop, network.point)] * 24, crates=2)

    def until_done() -> int:
        routed = 0
        while True:
            report = routing.route_waiting(limit=3, at=MONDAY, by="test")
            routed += report.routed
            if not report.claimed:
                return routed

    outcomes = race([until_done] * 3)

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
    states = Counter(Consignment.objects.values_list("state", flat=True))
    assert states[ConsignmentState.ROUTED] == sum(outcomes) == 2 * 9, "two of each of the nine rounds that still come"
    assert states[ConsignmentState.AWAITING_ROUTE] == len(made) - 2 * 9
    assert overbooked() == []
    assert invariants.findings(["L1"]) == []


def test_a_release_and_a_routing_at_once_leave_the_books_right():
    network = logistics.small_network(crates=3)
    routed = logistics.consignments([(network.stop, network.point)] * 3)
    routing.route_waiting(limit=10, at=MONDAY, by="test")
    logistics.consignments([(network.stop, network.point)] * 3)

    outcomes = race(
        [
            lambda: rerouting.reroute(routed, at=MONDAY, by="test", reason="asked"),
            lambda: routing.route_waiting(limit=10, at=MONDAY, by="test").claimed,
        ]
    )

    assert outcomes[0] == 3
    assert not any(isinstance(outcome, Exception) for outcome in outcomes)
    assert overbooked() == []
    assert invariants.findings(["L1"]) == []
    assert (
        Leg.objects.filter(released_at=None, direction=Direction.BACK).count()
        == Consignment.objects.filter(state=ConsignmentState.ROUTED).count()
    )
