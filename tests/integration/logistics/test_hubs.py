"""Hubs that are added, renamed and ended, each within the planner's own division."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.clock import BEIJING
from core.models import Event
from logistics import drafts
from logistics.models import Departure, Hub, HubTransfer, Lane, Round
from logistics.services import departures, hubs, routing, timetables
from logistics.services.hubs import HubDetails, UnableToChangeHub
from logistics.services.timetables import Change, UnableToChangeTimetable
from logistics.states import HubKind
from tests.factories import logistics, villages
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
TUESDAY, WEDNESDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 4)
COUNTY, PREFECTURE, ELSEWHERE = "430725000000", "430700000000", "430100000000"
NEW = HubDetails("桃源分拨中心", Decimal("111.49"), Decimal("28.9"), " 漳江街道 1 号 ")


@pytest.fixture(autouse=True)
def _horizon(settings):
    settings.DEPARTURE_HORIZON_DAYS = 5


@pytest.fixture
def network():
    made = logistics.small_network()
    villages.division(COUNTY, name="桃源县", level="COUNTY")
    return made


@pytest.fixture
def planner(network):
    return logistics.planner(PREFECTURE)


def add(division: str = COUNTY, *, by, minutes: int = 20, **fields) -> Hub:
    return hubs.add(division, details=replace(NEW, **fields), transfer_minutes=minutes, by=by, at=MONDAY)


def apply(*changes: Change, by, day: dt.date = TUESDAY):
    return timetables.apply(changes, from_date=day, by=by, at=MONDAY)


def end_its_lines(hub: Hub, *, by, day: dt.date = WEDNESDAY) -> None:
    lanes = Lane.objects.filter(origin=hub) | Lane.objects.filter(destination=hub)
    codes = [*lanes.values_list("code", flat=True), *Round.objects.filter(hub=hub).values_list("code", flat=True)]
    apply(*(Change(code, None) for code in codes), by=by, day=day)


def test_a_hub_is_added_and_goods_travel_over_it_when_lanes_and_rounds_are_planned(network, planner):
    made = add(by=planner)
    point = villages.point("430725001001")
    lane = drafts.of(Lane.objects.get(origin=network.prefecture, destination=network.county, departs=dt.time(5)))
    round_ = drafts.of(Round.objects.filter(hub=network.county).order_by("departs").first())
    calls = (drafts.Call(point.pk, 60),)

    apply(
        Change("", replace(lane, destination_id=made.pk)),
        Change("", replace(round_, hub_id=made.pk, name="桃源班线", calls=calls)),
        by=planner,
    )

    goods = logistics.consignment(network.stop, point)
    routing.route_waiting(limit=10, at=MONDAY)
    assert goods.legs.last().arrives_at == dt.datetime(2026, 3, 3, 9, tzinfo=BEIJING)
    assert (made.code, made.kind, made.address) == ("H430725", HubKind.COUNTY, "漳江街道 1 号")
    assert HubTransfer.objects.get().minutes == 20


def test_the_event_of_a_new_hub_names_it_its_division_and_day(network, planner):
    made = add(by=planner)

    [told] = Event.objects.filter(stream="hub", stream_id=made.code)
    assert told.name == "hub.added"
    assert (told.payload["division"], told.payload["from"]) == (COUNTY, "2026-03-02")
    assert told.payload["after"]["name"] == "桃源分拨中心"


def test_a_second_hub_of_a_county_has_a_code_and_a_name_of_its_own(network, planner):
    add(by=planner)

    assert add(by=planner, name="桃源第二分拨中心").code == "H430725-2"
    with pytest.raises(UnableToChangeHub) as refusal:
        add(by=planner)
    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    ("division", "fields", "field"),
    [
        (COUNTY, {"name": " "}, "name"),
        (COUNTY, {"name": "430726分拨中心"}, "name"),
        (COUNTY, {"longitude": Decimal(100)}, "longitude"),
        (COUNTY, {"minutes": 241}, "transfer_minutes"),
        (ELSEWHERE, {}, "division"),
        ("430726001001", {}, "division"),
        ("430000000000", {}, "division"),
        ("nowhere", {}, "division"),
    ],
)
def test_a_hub_that_makes_no_sense_is_not_added(network, planner, division, fields, field):
    villages.division(ELSEWHERE, level="PREFECTURE")
    before = Hub.objects.count()

    with pytest.raises(UnableToChangeHub) as refusal:
        add(division, by=planner, **fields)

    assert refusal.value.field == field
    assert Hub.objects.count() == before
    assert not Event.objects.filter(name="hub.added").exists()


def test_a_county_planner_adds_hubs_in_the_own_county_alone(network):
    own = logistics.planner(COUNTY)

    assert [each.pk for each in hubs.divisions_for(own)] == [COUNTY]
    add(by=own)
    for division in (PREFECTURE, "430726000000"):
        with pytest.raises(UnableToChangeHub):
            add(division, by=own, name="别处分拨中心")


def test_a_planner_of_the_province_adds_hubs_anywhere(network):
    villages.division(ELSEWHERE, level="PREFECTURE")
    platform = logistics.planner("430000000000")

    assert add(ELSEWHERE, by=platform).kind == HubKind.PREFECTURE


def test_a_hub_in_use_does_not_end_and_its_lines_are_named(network, planner):
    with pytest.raises(UnableToChangeHub) as refusal:
        hubs.end(network.county, from_date=WEDNESDAY, by=planner, at=MONDAY)

    codes = Round.objects.filter(hub=network.county).values_list("code", flat=True)
    lanes = Lane.objects.filter(origin=network.county).values_list("code", flat=True)
    assert sum(code in str(refusal.value) for code in [*codes, *lanes]) >= hubs.NAMED - 2
    assert refusal.value.field == "from_date"
    network.county.refresh_from_db()
    assert network.county.ended_on is None


def test_a_hub_ends_when_its_lines_have(network, planner):
    hub = network.county
    end_its_lines(hub, by=planner)
    with pytest.raises(UnableToChangeHub):
        hubs.end(hub, from_date=TUESDAY, by=planner, at=MONDAY)

    hubs.end(hub, from_date=WEDNESDAY, by=planner, at=MONDAY)

    assert list(Hub.objects.standing(TUESDAY).filter(pk=hub.pk)) == [hub]
    assert not Hub.objects.standing(WEDNESDAY).filter(pk=hub.pk).exists()
    told = Event.objects.get(name="hub.ended")
    assert told.payload == {
        "hub": hub.code, "field": "ended_on", "from": "2026-03-04", "before": None, "after": "2026-03-04",
    }  # fmt: skip


def test_nothing_new_is_planned_over_a_hub_that_ends(network, planner):
    hub, lane = network.county, Lane.objects.filter(origin=network.county).first()
    draft, round_ = drafts.of(lane), drafts.of(Round.objects.filter(hub=hub).first())
    end_its_lines(hub, by=planner)
    hubs.end(hub, from_date=WEDNESDAY, by=planner, at=MONDAY)

    for wanted in (draft, round_):
        with pytest.raises(UnableToChangeTimetable):
            apply(Change("", wanted), by=planner)
    apply(Change(lane.code, replace(draft, crates=77)), by=planner)

    assert Lane.objects.that_run().get(code=lane.code, valid_from=TUESDAY).valid_to == WEDNESDAY, "until it ends"


def test_no_departure_is_opened_at_a_hub_that_has_ended(network):
    Hub.objects.filter(pk=network.county.pk).update(ended_on=WEDNESDAY)
    Departure.objects.all().delete()

    departures.open_departures(at=MONDAY)

    of_it = Departure.objects.filter(round__hub=network.county)
    assert set(of_it.values_list("day", flat=True)) == {MONDAY.date(), TUESDAY}


def test_an_end_is_taken_back_until_it_comes(network, planner):
    hub = network.county
    end_its_lines(hub, by=planner)
    hubs.end(hub, from_date=WEDNESDAY, by=planner, at=MONDAY)

    with pytest.raises(UnableToChangeHub):
        hubs.keep(hub, by=planner, at=MONDAY + dt.timedelta(days=2))
    hubs.keep(hub, by=planner, at=MONDAY)

    hub.refresh_from_db()
    assert hub.ended_on is None
    with pytest.raises(UnableToChangeHub):
        hubs.keep(hub, by=planner, at=MONDAY)


def test_a_planner_of_another_county_ends_and_keeps_nothing(network, planner):
    other, hub = logistics.planner("430723000000"), add(by=planner)

    with pytest.raises(UnableToChangeHub):
        hubs.end(hub, from_date=WEDNESDAY, by=other, at=MONDAY)
    hubs.end(hub, from_date=WEDNESDAY, by=planner, at=MONDAY)
    with pytest.raises(UnableToChangeHub):
        hubs.keep(hub, by=other, at=MONDAY)

    hub.refresh_from_db()
    assert hub.ended_on == WEDNESDAY


def test_the_database_keeps_one_hub_of_a_name_in_a_division(network):
    row = {"division_id": COUNTY, "name": "x", "kind": "COUNTY", "longitude": 111, "latitude": 29}
    Hub.objects.create(code="H1", **row)

    with pytest.raises(IntegrityError), transaction.atomic():
        Hub.objects.create(code="H2", **row)
