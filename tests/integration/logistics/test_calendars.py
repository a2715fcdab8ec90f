"""Holidays, closures and closed hubs: what stops, what is opened again, and who may say so."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.clock import BEIJING
from core.invariants import findings
from core.models import Event
from logistics import demo
from logistics.models import Closure, Departure, Hub, HubTransfer, HubWorker, Lane, Round
from logistics.services import calendars, departures, hubs, routing
from logistics.services.calendars import Days, UnableToClose
from logistics.services.hubs import HubDetails, UnableToChangeHub
from logistics.states import ClosureKind, ClosureScope, DepartureState
from tests.factories import logistics, villages
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 2)
WEDNESDAY, THURSDAY = dt.date(2026, 3, 4), dt.date(2026, 3, 5)
PREFECTURE, COUNTY, OTHER = "430700000000", "430726000000", "430723000000"


@pytest.fixture(autouse=True)
def _horizon(settings):
    settings.DEPARTURE_HORIZON_DAYS = 5


@pytest.fixture
def network():
    return logistics.small_network()


@pytest.fixture
def planner(network):
    return logistics.planner(PREFECTURE)


def days(
    division: str = PREFECTURE, scope: str = ClosureScope.ALL, *, first: dt.date = WEDNESDAY, last: dt.date = THURSDAY
) -> Days:
    return Days(division, ClosureKind.CLOSURE, scope, "大雪封路", first, last)


def running(day: dt.date) -> tuple[int, int]:
    """Return how many lanes and rounds go on a day."""
    found = Departure.objects.filter(day=day, state=DepartureState.SCHEDULED)
    return found.filter(round=None).count(), found.filter(lane=None).count()


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        (ClosureScope.ALL, (0, 0)),
        (ClosureScope.ROUNDS, (8, 0)),
        (ClosureScope.LANES, (0, 4)),
        (ClosureScope.NOTHING, (8, 4)),
    ],
)
def test_what_a_closure_stops_does_not_run_on_its_days(planner, scope, left):
    calendars.close(days(scope=scope), by=planner, at=MONDAY)

    assert [running(TODAY + dt.timedelta(days=n)) for n in range(5)] == [(8, 4), (8, 4), left, left, (8, 4)]
    departures.open_departures(at=MONDAY)
    assert running(WEDNESDAY) == left


def test_the_days_of_one_county_leave_the_others_alone(planner):
    calendars.close(days(COUNTY, ClosureScope.ROUNDS), by=planner, at=MONDAY)

    assert running(WEDNESDAY) == (8, 2)
    stopped = Departure.objects.filter(replaced=True, day=WEDNESDAY)
    assert set(stopped.values_list("round__hub__division_id", flat=True)) == {COUNTY}


def test_goods_of_closed_days_are_counted_and_lose_their_departures(network, planner):
    made = logistics.consignment(network.stop, network.point, ready_from=MONDAY + dt.timedelta(days=2))
    routing.route_waiting(limit=10, at=MONDAY)

    assert calendars.preview(days(), by=planner, at=MONDAY).consignments == 1
    assert running(WEDNESDAY) == (8, 4), "a preview changes nothing"
    effect = calendars.close(days(), by=planner, at=MONDAY)[1]

    assert (effect.consignments, effect.cancelled) == (1, 24)
    assert made.legs.filter(departure__state=DepartureState.CANCELLED).exists()


def test_days_that_are_lifted_run_again(planner):
    closure, _ = calendars.close(days(), by=planner, at=MONDAY)

    effect = calendars.lift(closure, by=planner, at=MONDAY)

    assert effect.opened == 24
    assert running(WEDNESDAY) == running(THURSDAY) == (8, 4)
    assert [event.name for event in Event.objects.filter(stream="closure").order_by("version")] == [
        "closure.entered",
        "closure.lifted",
    ]
    with pytest.raises(UnableToClose):
        calendars.lift(closure, by=planner, at=MONDAY)


def test_two_closures_of_one_day_keep_it_closed_until_both_are_lifted(planner):
    first, _ = calendars.close(days(), by=planner, at=MONDAY)
    second, _ = calendars.close(days(COUNTY, ClosureScope.ROUNDS), by=planner, at=MONDAY)

    calendars.lift(first, by=planner, at=MONDAY)
    assert running(WEDNESDAY) == (8, 2)
    calendars.lift(second, by=planner, at=MONDAY)
    assert running(WEDNESDAY) == (8, 4)


def test_a_working_day_in_place_of_one_off_is_one_for_what_runs_from_monday_to_friday(planner):
    saturday = dt.date(2026, 3, 7)
    Departure.objects.all().delete()
    Round.objects.update(weekdays="12345")
    Lane.objects.update(weekdays="135")
    departures.open_departures(at=MONDAY)
    assert running(saturday) == (0, 0)

    work = Days(PREFECTURE, ClosureKind.MAKE_UP_WORKDAY, ClosureScope.NOTHING, "调休上班", saturday, saturday)
    effect = calendars.close(work, by=planner, at=MONDAY)[1]

    assert effect.opened == 4
    assert running(saturday) == (0, 4)


WRONG = (
    ({"name": " "}, "name"),
    ({"scope": "SOME"}, "scope"),
    ({"last_day": TODAY}, "last_day"),
    ({"first_day": TODAY - dt.timedelta(days=1)}, "first_day"),
    ({"last_day": WEDNESDAY + dt.timedelta(days=31)}, "last_day"),
    ({"kind": ClosureKind.MAKE_UP_WORKDAY}, "scope"),
    ({"division": "430100000000"}, "division"),
    ({"division": "430000000000"}, "division"),
)


@pytest.mark.parametrize(("fields", "field"), WRONG)
def test_days_that_make_no_sense_are_refused(planner, fields, field):
    with pytest.raises(UnableToClose) as refusal:
        calendars.close(replace(days(), **fields), by=planner, at=MONDAY)

    assert refusal.value.field == field
    assert not Closure.objects.exists()
    assert running(WEDNESDAY) == (8, 4)


def test_a_county_planner_closes_the_own_countys_rounds_alone(network):
    county = logistics.planner(COUNTY)

    for asked in (days(COUNTY, ClosureScope.ALL), days(OTHER, ClosureScope.ROUNDS), days(PREFECTURE)):
        with pytest.raises(UnableToClose):
            calendars.close(asked, by=county, at=MONDAY)
    calendars.close(days(COUNTY, ClosureScope.ROUNDS), by=county, at=MONDAY)

    theirs, _ = calendars.close(days(OTHER, ClosureScope.ROUNDS), by=logistics.planner(PREFECTURE), at=MONDAY)
    with pytest.raises(UnableToClose):
        calendars.lift(theirs, by=county, at=MONDAY)
    assert running(WEDNESDAY) == (8, 0)


def test_the_database_refuses_days_that_end_before_they_begin(network):
    with pytest.raises(IntegrityError), transaction.atomic():
        Closure.objects.create(
            division_id=PREFECTURE, kind="CLOSURE", scope="ALL", name="x", first_day=THURSDAY, last_day=WEDNESDAY
        )


def details(hub, **fields) -> HubDetails:
    return replace(HubDetails(hub.name, hub.longitude, hub.latitude), **fields)


def test_the_event_of_a_hub_names_what_changed_and_from_when(network, planner):
    before, hub = network.county.name, network.county
    hubs.change(hub, details=details(hub, name="石门分拨中心", closed_from=THURSDAY), by=planner, at=MONDAY)
    hub.refresh_from_db()
    hubs.change(hub, details=details(hub, closed_from=THURSDAY), by=planner, at=MONDAY)

    [told] = Event.objects.filter(stream="hub", stream_id=hub.code)
    assert told.payload == {
        "hub": hub.code,
        "fields": ["name", "closed_from"],
        "from": {"name": "2026-03-02", "closed_from": "2026-03-05"},
        "before": {"name": before, "closed_from": None},
        "after": {"name": "石门分拨中心", "closed_from": "2026-03-05"},
    }


def test_a_hub_that_closes_has_no_departures_until_it_opens_again(network, planner):
    friday = THURSDAY + dt.timedelta(days=1)
    asked = details(network.county, closed_from=WEDNESDAY, reopens_on=friday)

    assert hubs.preview(network.county, details=asked, by=planner, at=MONDAY).cancelled == 12
    hubs.change(network.county, details=asked, by=planner, at=MONDAY)

    assert [running(TODAY + dt.timedelta(days=n)) for n in range(1, 5)] == [(8, 4), (4, 2), (4, 2), (8, 4)]
    network.county.refresh_from_db()
    effect = hubs.change(network.county, details=details(network.county), by=planner, at=MONDAY)
    assert effect.opened == 12


@pytest.mark.parametrize(("minutes", "leaves"), [(30, dt.time(17)), (31, dt.time(11))])
def test_goods_wait_at_a_hub_as_long_as_it_needs_before_the_cut_off(network, minutes, leaves):
    """The round is back at 16:00, the lane leaves at 17:00 with a cut-off of 30 minutes: half an hour is left."""
    HubTransfer.objects.bulk_create(
        HubTransfer(hub=hub, minutes=minutes, valid_from=TODAY) for hub in Hub.objects.all()
    )
    made = logistics.consignment(network.stop, network.point, ready_from=MONDAY + dt.timedelta(days=1))

    routing.route_waiting(limit=10, at=MONDAY)

    assert made.legs.get(sequence=2).departs_at.astimezone(BEIJING).time() == leaves


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"longitude": Decimal(100)}, "longitude"),
        ({"latitude": Decimal(31)}, "latitude"),
        ({"closed_from": TODAY}, "closed_from"),
        ({"closed_from": THURSDAY, "reopens_on": THURSDAY}, "reopens_on"),
        ({"reopens_on": THURSDAY}, "reopens_on"),
    ],
)
def test_a_hub_that_makes_no_sense_is_refused(network, planner, fields, field):
    with pytest.raises(UnableToChangeHub) as refusal:
        hubs.change(network.county, details=details(network.county, **fields), by=planner, at=MONDAY)

    assert refusal.value.field == field
    assert not Event.objects.filter(stream="hub").exists()


def test_a_planner_lets_people_work_at_the_own_hubs_alone(network, planner):
    person, other = logistics.planner("430100000000"), logistics.planner(OTHER)

    worker = hubs.assign_worker(network.county, person, by=planner, at=MONDAY)
    assert hubs.assign_worker(network.county, person, by=planner, at=MONDAY) == worker
    with pytest.raises(UnableToChangeHub):
        hubs.assign_worker(network.county, person, by=other, at=MONDAY)
    with pytest.raises(UnableToChangeHub):
        hubs.release_worker(worker, by=other, at=MONDAY)
    hubs.release_worker(worker, by=planner, at=MONDAY)
    with pytest.raises(UnableToChangeHub):
        hubs.release_worker(worker, by=planner, at=MONDAY)

    assert list(HubWorker.objects.values_list("until", flat=True)) == [MONDAY]
    assert Event.objects.filter(stream="hub").count() == 2


def test_versions_that_overlap_are_named(network):
    lane = Lane.objects.first()
    assert findings(["T1"]) == []

    Lane.objects.filter(pk=lane.pk).update(valid_to=THURSDAY)
    Lane.objects.create(
        code=lane.code, origin=lane.origin, destination=lane.destination, departs=lane.departs, crates=1,
        duration_minutes=1, valid_from=WEDNESDAY,
    )  # fmt: skip

    assert [each.subject for each in findings(["T1"])] == [lane.code]


def test_the_holidays_of_the_demonstration_do_not_overlap_but_for_the_days_of_rest():
    villages.division(PREFECTURE, level="PREFECTURE")
    demo._enter_holidays()

    assert Closure.objects.filter(kind=ClosureKind.HOLIDAY).count() == 7
    assert sum((row.last_day - row.first_day).days + 1 for row in Closure.objects.filter(kind="HOLIDAY")) == 33
    assert Closure.objects.filter(kind=ClosureKind.MAKE_UP_WORKDAY).count() == 6
    assert all(row.first_day.isoweekday() > 5 for row in Closure.objects.filter(kind=ClosureKind.MAKE_UP_WORKDAY))
