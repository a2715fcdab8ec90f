"""Planners change lanes and rounds from a day on: versions, departures that are open, and who may."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from core.models import Event
from core.storage_class import StorageClass
from logistics import drafts
from logistics.drafts import Until
from logistics.models import Consignment, Departure, Lane, Leg, Round
from logistics.services import departures, openings, rerouting, routing, timetables
from logistics.services.timetables import Change, UnableToChangeTimetable
from logistics.states import ConsignmentState, DepartureState
from tests.factories import logistics, villages
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 2)
WEDNESDAY = dt.date(2026, 3, 4)


@pytest.fixture(autouse=True)
def _horizon(settings):
    settings.DEPARTURE_HORIZON_DAYS = 5


@pytest.fixture
def network():
    return logistics.small_network()


@pytest.fixture
def planner(network):
    return logistics.planner("430700000000")


@pytest.fixture
def round_(network) -> Round:
    """The morning round of the county of the stop."""
    return Round.objects.filter(hub=network.county).order_by("departs").first()


@pytest.fixture
def lane(network) -> Lane:
    return Lane.objects.filter(origin=network.county).order_by("departs").first()


def change(row, *, by, from_date=WEDNESDAY, seen=None, **fields):
    draft = replace(drafts.of(row), **fields)
    return timetables.apply([Change(row.code, draft, seen)], from_date=from_date, by=by, at=MONDAY)


def end(row, *, by, from_date=WEDNESDAY):
    return timetables.apply([Change(row.code, None)], from_date=from_date, by=by, at=MONDAY)


def versions(row) -> list[tuple[dt.date, dt.date | None]]:
    rows = type(row).objects.that_run().filter(code=row.code).order_by("valid_from")
    return list(rows.values_list("valid_from", "valid_to"))


def open_days(row) -> dict[dt.date, dt.datetime]:
    """Return when the departures of a line that will go leave, by day."""
    kind = "lane" if isinstance(row, Lane) else "round"
    rows = Departure.objects.filter(**{f"{kind}__code": row.code}, state=DepartureState.SCHEDULED)
    return dict(rows.order_by("day").values_list("day", "departs_at"))


def words(refusal) -> list[str]:
    return [problem.text for found in refusal.value.problems.values() for problem in found]


def routed(network, **fields) -> Consignment:
    made = logistics.consignment(network.stop, network.point, **fields)
    routing.route_waiting(limit=10, at=MONDAY)
    made.refresh_from_db()
    assert made.state == ConsignmentState.ROUTED
    return made


def test_a_change_ends_one_version_and_begins_another(lane, planner):
    change(lane, by=planner, crates=150)

    assert versions(lane) == [(logistics.BEGAN, WEDNESDAY), (WEDNESDAY, None)]
    lane.refresh_from_db()
    assert lane.crates == 100, "a version is never edited"
    assert Lane.objects.get(code=lane.code, valid_from=WEDNESDAY).crates == 150


def test_departures_before_the_day_stay_and_those_after_it_follow(lane, planner):
    before = open_days(lane)

    effect = change(lane, by=planner, departs=dt.time(12))

    after = open_days(lane)
    assert after.keys() == before.keys()
    assert {day for day in before if after[day] != before[day]} == {day for day in before if day >= WEDNESDAY}
    assert all(after[day] - before[day] == dt.timedelta(hours=1) for day in before if day >= WEDNESDAY)
    assert (effect.opened, effect.cancelled, effect.consignments) == (4, 4, 0)


def test_more_crates_adjust_what_is_open_and_re_route_nothing(network, round_, planner):
    made = routed(network)
    departure = made.legs.order_by("sequence").first().departure

    effect = change(departure.round, by=planner, from_date=TODAY + dt.timedelta(days=1), crates=180)

    departure.refresh_from_db()
    assert effect.cancelled == effect.opened == 0
    assert effect.adjusted == 5
    assert Departure.objects.filter(round__code=departure.round.code, crates=180).count() == 5


def loaded_lane(network) -> tuple[Consignment, Lane, dt.date]:
    """Return a consignment for Wednesday, the lane of its second leg, and that day."""
    ready = MONDAY + dt.timedelta(days=2)
    made = routed(network, ready_from=ready)
    departure = made.legs.order_by("sequence")[1].departure
    assert departure.day >= WEDNESDAY
    return made, departure.lane, departure.day


def test_a_departure_that_carries_goods_is_cancelled_where_its_journey_changes(network, planner):
    _made, lane, day = loaded_lane(network)

    effect = change(lane, by=planner, departs=dt.time(20), from_date=day)

    assert effect.consignments == 1
    old = Departure.objects.get(lane__code=lane.code, day=day, replaced=True)
    assert old.state == DepartureState.CANCELLED
    assert Departure.objects.get(lane__code=lane.code, day=day, replaced=False).state == DepartureState.SCHEDULED
    assert Event.objects.filter(name="departure.cancelled", payload__reason="timetable-changed").count() >= 1


def test_a_departure_that_carries_goods_stays_where_the_change_does_them_no_harm(network, planner):
    made, lane, day = loaded_lane(network)
    departure = made.legs.order_by("sequence")[1].departure

    effect = change(lane, by=planner, from_date=day, crates=1, cutoff_minutes=10)

    departure.refresh_from_db()
    assert (departure.state, departure.crates, departure.replaced) == (DepartureState.SCHEDULED, 1, False)
    assert departure.lane.valid_from == day
    assert effect.consignments == 0
    assert Leg.objects.filter(consignment=made, released_at=None).count() == made.legs.count()


@pytest.mark.parametrize(
    "fields",
    [
        {"crates": 1},
        {"cutoff_minutes": 60},
        {"storage_classes": (StorageClass.FROZEN.value,)},
        {"duration_minutes": 90},
        {"weekdays": "17"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_goods_are_re_routed_where_the_change_harms_them(network, planner, fields):
    ready = MONDAY + dt.timedelta(days=2)
    made = routed(network, ready_from=ready, crates=2)
    departure = made.legs.order_by("sequence")[1].departure

    effect = change(departure.lane, by=planner, from_date=departure.day, **fields)

    departure.refresh_from_db()
    assert (departure.state, departure.replaced) == (DepartureState.CANCELLED, True)
    assert effect.consignments == 1


def test_a_further_stop_keeps_what_is_loaded_and_is_called_at(network, planner):
    ready = MONDAY + dt.timedelta(days=2)
    made = routed(network, ready_from=ready)
    departure = made.legs.order_by("sequence").first().departure
    fresh = villages.point("430726001001")
    draft = drafts.of(departure.round)
    calls = (*draft.calls, drafts.Call(fresh.pk, 90))

    effect = change(departure.round, by=planner, from_date=departure.day, calls=calls)

    departure.refresh_from_db()
    assert departure.state == DepartureState.SCHEDULED
    assert effect.consignments == 0
    assert [stop.point_id for stop in departure.round.stops.order_by("sequence")] == [call.point_id for call in calls]


def test_the_sweep_gives_what_was_cancelled_another_way(network, planner):
    made, lane, day = loaded_lane(network)
    change(lane, by=planner, from_date=day, departs=dt.time(20))

    rerouting.mend(at=MONDAY + dt.timedelta(minutes=1))
    routing.route_waiting(limit=10, at=MONDAY + dt.timedelta(minutes=1))

    made.refresh_from_db()
    assert made.state == ConsignmentState.ROUTED
    live = Leg.objects.filter(consignment=made, released_at=None)
    assert live.exists()
    assert not live.filter(departure__state=DepartureState.CANCELLED).exists()


def test_a_version_that_has_not_begun_is_replaced_and_never_runs(lane, planner):
    change(lane, by=planner, crates=150)
    change(lane, by=planner, crates=170)

    assert versions(lane) == [(logistics.BEGAN, WEDNESDAY), (WEDNESDAY, None)]
    assert Lane.objects.that_run().get(code=lane.code, valid_from=WEDNESDAY).crates == 170
    assert set(Departure.objects.filter(lane__code=lane.code, day=WEDNESDAY, replaced=False).values_list("crates")) == {
        (170,)
    }


def test_a_change_before_one_that_is_planned_lasts_until_that_one(lane, planner):
    friday = WEDNESDAY + dt.timedelta(days=2)
    change(lane, by=planner, from_date=friday, crates=150)

    change(lane, by=planner, from_date=WEDNESDAY, crates=120)

    assert versions(lane) == [(logistics.BEGAN, WEDNESDAY), (WEDNESDAY, friday), (friday, None)]
    assert [row.crates for row in Lane.objects.that_run().filter(code=lane.code).order_by("valid_from")] == [
        100,
        120,
        150,
    ]


def test_what_ends_runs_no_more_and_what_was_planned_never_does(lane, planner):
    change(lane, by=planner, from_date=WEDNESDAY + dt.timedelta(days=2), crates=150)

    end(lane, by=planner)

    assert versions(lane) == [(logistics.BEGAN, WEDNESDAY)]
    assert max(open_days(lane)) < WEDNESDAY
    departures.open_departures(at=MONDAY)
    assert max(open_days(lane)) < WEDNESDAY
    with pytest.raises(UnableToChangeTimetable):
        end(lane, by=planner, from_date=WEDNESDAY + dt.timedelta(days=1))


def test_a_new_round_gets_a_code_and_departures(network, round_, planner):
    draft = replace(drafts.of(round_), name="新班线", departs=dt.time(9))

    effect = timetables.apply([Change("", draft)], from_date=WEDNESDAY, by=planner, at=MONDAY)

    made = Round.objects.get(name="新班线")
    assert made.code == "R-430726-1"
    assert (made.valid_from, made.valid_to, made.stops.count()) == (WEDNESDAY, None, 1)
    assert effect.opened == 4
    timetables.apply([Change("", replace(draft, name="又一条"))], from_date=WEDNESDAY, by=planner, at=MONDAY)
    assert Round.objects.get(name="又一条").code == "R-430726-2"


def test_a_new_lane_gets_a_code_by_its_hubs_and_time(lane, planner):
    for code in ("L-430726-4307-1100", "L-430726-4307-1100-2"):
        timetables.apply([Change("", drafts.of(lane))], from_date=WEDNESDAY, by=planner, at=MONDAY)
        assert Lane.objects.filter(code=code).exists()


def test_a_change_to_what_is_there_changes_nothing(lane, planner):
    before = Lane.objects.count()

    effect = change(lane, by=planner)

    assert not effect
    assert Lane.objects.count() == before
    assert not Event.objects.filter(stream="timetable").exists()


def test_the_log_tells_before_and_after(lane, planner):
    change(lane, by=planner, crates=150)

    event = Event.objects.get(stream="timetable", stream_id=lane.code)
    assert (event.name, event.actor) == ("timetable.changed", f"user:{planner.pk}")
    assert (event.payload["before"]["crates"], event.payload["after"]["crates"]) == (100, 150)
    assert event.payload["from"] == "2026-03-04"


def test_a_preview_tells_what_would_happen_and_changes_nothing(network, planner):
    _made, lane, day = loaded_lane(network)
    before = list(Departure.objects.order_by("pk").values())
    changes = [Change(lane.code, replace(drafts.of(lane), departs=dt.time(20)))]

    told = timetables.preview(changes, from_date=day, by=planner, at=MONDAY)

    assert list(Departure.objects.order_by("pk").values()) == before
    assert not Event.objects.filter(stream="timetable").exists()
    assert timetables.apply(changes, from_date=day, by=planner, at=MONDAY) == told
    assert told.consignments == 1


@pytest.mark.parametrize("days", [0, -1, 800])
def test_a_change_applies_from_tomorrow_at_the_earliest(lane, planner, days):
    with pytest.raises(UnableToChangeTimetable):
        change(lane, by=planner, from_date=TODAY + dt.timedelta(days=days), crates=150)
    assert versions(lane) == [(logistics.BEGAN, None)]


def test_the_second_of_two_who_saw_the_same_is_told(lane, planner):
    seen = timetables.revision_of(lane.code)
    change(lane, by=planner, seen=seen, crates=150)

    with pytest.raises(UnableToChangeTimetable) as refusal:
        change(lane, by=planner, seen=seen, crates=170)

    assert words(refusal) == ["有人刚改过这条，请重新打开看看。"]
    assert Lane.objects.that_run().get(code=lane.code, valid_to=None).crates == 150


WRONG = (
    ("lane", {"weekdays": ""}, "weekdays"),
    ("lane", {"weekdays": "18"}, "weekdays"),
    ("lane", {"crates": 0}, "crates"),
    ("lane", {"duration_minutes": 0}, "duration_minutes"),
    ("lane", {"cutoff_minutes": 721}, "cutoff_minutes"),
    ("lane", {"storage_classes": ()}, "storage_classes"),
    ("round", {"name": " "}, "name"),
    ("round", {"calls": ()}, "stops"),
    ("round", {"duration_minutes": 60}, "stops"),
)


@pytest.mark.parametrize(("kind", "fields", "field"), WRONG)
def test_what_makes_no_sense_is_refused_by_field(lane, round_, planner, kind, fields, field):
    row = lane if kind == "lane" else round_

    with pytest.raises(UnableToChangeTimetable) as refusal:
        change(row, by=planner, **fields)

    assert [problem.field for problem in refusal.value.problems[0]] == [field]
    assert versions(row) == [(logistics.BEGAN, None)]


def test_stops_are_reached_one_after_another_and_once(network, round_, planner):
    other = villages.point("430726001001")
    first, second = drafts.Call(network.stop.pk, 60), drafts.Call(other.pk, 60)
    for calls in ((first, second), (first, drafts.Call(network.stop.pk, 70)), (drafts.Call(other.pk, 0), first)):
        with pytest.raises(UnableToChangeTimetable):
            change(round_, by=planner, calls=calls)
    change(round_, by=planner, calls=(first, drafts.Call(other.pk, 61)))


def test_a_stop_is_an_open_point_of_the_prefecture(round_, planner):
    away = villages.point("430122001001")
    for point_id in (away.pk, 0):
        with pytest.raises(UnableToChangeTimetable) as refusal:
            change(round_, by=planner, calls=(drafts.Call(point_id, 30),))
        assert refusal.value.problems[0][0].field == "stops"


def test_a_county_planner_changes_the_rounds_of_the_own_hub_alone(network, round_, lane):
    county = logistics.planner("430726000000")
    other = Round.objects.filter(hub=network.other_county).first()

    change(round_, by=county, crates=150)
    for row in (other, lane):
        with pytest.raises(UnableToChangeTimetable) as refusal:
            change(row, by=county, crates=150)
        assert words(refusal) == ["这不在您规划的范围里。"]
        assert versions(row) == [(logistics.BEGAN, None)]
    assert set(timetables.rounds_of(county).values_list("hub", flat=True)) == {network.county.pk}
    assert not timetables.lanes_of(county).exists()


def test_a_prefecture_planner_changes_what_begins_or_ends_there_and_nothing_else(network, planner):
    away = logistics.hub("430100000000", kind="PREFECTURE")
    far = logistics.hub("430200000000", kind="PREFECTURE")
    across = logistics.lane(network.prefecture, away, dt.time(22))
    elsewhere = logistics.lane(away, far, dt.time(22))

    change(across, by=planner, crates=150)
    with pytest.raises(UnableToChangeTimetable):
        change(elsewhere, by=planner, crates=150)
    change(elsewhere, by=logistics.planner("430000000000"), crates=150)


def test_whoever_plans_no_more_changes_nothing(lane, planner):
    planner.planner_of.update(until=MONDAY)

    with pytest.raises(UnableToChangeTimetable):
        change(lane, by=planner, crates=150)


def test_the_hubs_of_a_line_do_not_change(network, lane, planner):
    with pytest.raises(UnableToChangeTimetable):
        change(lane, by=planner, origin_id=network.other_county.pk)


def test_all_changes_are_made_or_none(lane, round_, planner):
    good = Change(lane.code, replace(drafts.of(lane), crates=150))
    bad = Change(round_.code, replace(drafts.of(round_), crates=0))

    with pytest.raises(UnableToChangeTimetable) as refusal:
        timetables.apply([good, bad], from_date=WEDNESDAY, by=planner, at=MONDAY)

    assert list(refusal.value.problems) == [1]
    assert versions(lane) == versions(round_) == [(logistics.BEGAN, None)]


def test_a_line_stands_in_a_change_once(lane, planner):
    twice = [Change(lane.code, replace(drafts.of(lane), crates=crates)) for crates in (150, 160)]

    with pytest.raises(UnableToChangeTimetable):
        timetables.apply(twice, from_date=WEDNESDAY, by=planner, at=MONDAY)


def test_a_day_that_was_cancelled_for_its_own_reasons_is_not_opened_again(lane, planner):
    departure = Departure.objects.get(lane=lane, day=WEDNESDAY)
    departures.cancel([departure], by="test", at=MONDAY, reason="no-vehicle")

    change(lane, by=planner, departs=dt.time(12))

    assert WEDNESDAY not in open_days(lane)
    assert WEDNESDAY + dt.timedelta(days=1) in open_days(lane)


def test_a_line_has_one_last_version(lane):
    with pytest.raises(IntegrityError, match=r"lane_last_version_once|logistics_lane\.code"), transaction.atomic():
        Lane.objects.create(
            code=lane.code, origin=lane.origin, destination=lane.destination, departs=lane.departs, crates=1,
            duration_minutes=1, valid_from=WEDNESDAY,
        )  # fmt: skip


def test_a_closed_hub_has_no_departures(network, lane, planner):
    network.county.closed_from, network.county.reopens_on = WEDNESDAY, WEDNESDAY + dt.timedelta(days=2)
    network.county.save()

    with transaction.atomic():
        openings.realign(codes={lane.code}, since=WEDNESDAY, at=MONDAY, by=planner, reason="hub-closed")

    assert set(open_days(lane)) == {TODAY + dt.timedelta(days=n) for n in (0, 1, 4, 5)}


# When a line ends


def let_end(row, day: dt.date | None, *, by, from_date=WEDNESDAY, **fields):
    draft = replace(drafts.of(row), **fields)
    return timetables.apply([Change(row.code, draft, until=Until(day))], from_date=from_date, by=by, at=MONDAY)


def told_of(row) -> list[tuple[str, str]]:
    events = Event.objects.filter(stream="timetable", stream_id=row.code).order_by("version")
    return [(event.name, event.payload["from"]) for event in events]


def test_a_line_gets_an_end_without_another_version_and_its_departures_go(planner, lane):
    friday = WEDNESDAY + dt.timedelta(days=2)

    effect = let_end(lane, friday, by=planner)

    assert versions(lane) == [(lane.valid_from, friday)]
    assert effect.cancelled == 2, "of Friday and Saturday"
    assert told_of(lane) == [("timetable.ended", "2026-03-06")]
    assert let_end(lane, friday, by=planner).codes == (), "it ends then already"


def test_an_end_is_put_off_or_given_up_and_departures_are_opened_again(planner, lane):
    friday, saturday = WEDNESDAY + dt.timedelta(days=2), WEDNESDAY + dt.timedelta(days=3)
    let_end(lane, friday, by=planner)

    assert let_end(lane, saturday, by=planner).opened == 1
    assert versions(lane) == [(lane.valid_from, saturday)]
    assert let_end(lane, None, by=planner).opened == 1
    assert versions(lane) == [(lane.valid_from, None)]
    assert told_of(lane)[1:] == [("timetable.extended", "2026-03-06"), ("timetable.extended", "2026-03-07")]


def test_the_end_of_a_line_is_that_of_its_last_version(planner, lane):
    later, last = dt.date(2026, 4, 1), dt.date(2026, 5, 1)
    change(lane, by=planner, from_date=later, crates=77)

    let_end(lane, last, by=planner, crates=66)
    assert versions(lane) == [(lane.valid_from, WEDNESDAY), (WEDNESDAY, later), (later, last)]
    let_end(Lane.objects.get(code=lane.code, valid_from=WEDNESDAY), dt.date(2026, 3, 20), by=planner)

    assert versions(lane) == [(lane.valid_from, WEDNESDAY), (WEDNESDAY, dt.date(2026, 3, 20))]


def test_a_new_line_may_end_from_the_beginning_and_a_change_may_be_its_end(planner, lane):
    until = Until(WEDNESDAY + dt.timedelta(days=1))
    made = timetables.apply([Change("", drafts.of(lane), until=until)], from_date=WEDNESDAY, by=planner, at=MONDAY)
    assert timetables.end_of(Lane, made.codes) == {made.codes[0]: until.day}

    let_end(lane, WEDNESDAY, by=planner, crates=77)
    assert versions(lane) == [(lane.valid_from, WEDNESDAY)], "nothing begins on the day without it"


@pytest.mark.parametrize(("code", "day"), [("", WEDNESDAY), ("its own", WEDNESDAY - dt.timedelta(days=1))])
def test_a_line_does_not_end_before_the_change_begins(planner, lane, code, day):
    asked = Change(code and lane.code, drafts.of(lane), until=Until(day))

    with pytest.raises(UnableToChangeTimetable) as refusal:
        timetables.apply([asked], from_date=WEDNESDAY, by=planner, at=MONDAY)

    assert [problem.field for problem in refusal.value.problems[0]] == ["last_day"]
    assert versions(lane) == [(lane.valid_from, None)]
