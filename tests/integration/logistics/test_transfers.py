"""What goods need at a hub changes from a day on: what is routed then, and what becomes of what was routed before."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from core.clock import BEIJING
from core.models import Event
from logistics import snapshots
from logistics.models import Consignment, HubTransfer, Leg
from logistics.services import departures, rerouting, routing, transfers
from logistics.services.hubs import UnableToChangeHub
from logistics.states import ConsignmentState
from logistics.tasks import open_departures
from tests.factories import logistics
from tests.factories.logistics import MONDAY
from tests.integration.logistics import journeys

pytestmark = pytest.mark.django_db
TUESDAY, WEDNESDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 4)
TOO_LONG = 91  # from 06:00, when the lane is there, to the cut-off of the round of 08:00 there is an hour and a half


def beijing(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 2 + day, hour, minute, tzinfo=BEIJING)


@pytest.fixture
def planner():
    return logistics.planner("430700000000")


def change(hub, minutes: int = TOO_LONG, *, by, day: dt.date = TUESDAY, at: dt.datetime = MONDAY):
    return transfers.change(hub, minutes=minutes, from_date=day, by=by, at=at)


def last_leg(consignment: Consignment) -> Leg:
    return consignment.legs.in_force().order_by("-sequence").first()


def tight(consignment: Consignment) -> list[int]:
    return list(consignment.legs.in_force().filter(is_too_tight=True).values_list("sequence", flat=True))


def test_what_was_routed_over_a_connection_that_no_longer_fits_is_routed_anew(journey, planner):
    effect = change(journey.network.other_county, by=planner)

    assert effect.consignments == 1
    assert last_leg(journey.consignment).arrives_at == beijing(9, day=1)
    assert rerouting.mend(at=MONDAY) == 1
    routing.route_waiting(limit=10, at=MONDAY)
    assert last_leg(journey.consignment).arrives_at == beijing(15, day=1)
    assert rerouting.mend(at=MONDAY) == 0, "the new route fits"


def test_a_connection_that_just_fits_stays(journey, planner):
    assert change(journey.network.other_county, TOO_LONG - 1, by=planner).consignments == 0
    assert rerouting.mend(at=MONDAY) == 0


def test_what_arrives_before_the_day_stays(journey, planner):
    assert change(journey.network.other_county, by=planner, day=WEDNESDAY).consignments == 0
    assert tight(journey.consignment) == []
    assert rerouting.mend(at=MONDAY) == 0


@pytest.mark.parametrize(("day", "arrives"), [(TUESDAY, 15), (WEDNESDAY, 9)])
def test_a_route_counts_what_the_hub_needs_on_the_day_of_arrival(planner, day, arrives):
    network = logistics.small_network()
    change(network.other_county, by=planner, day=day)

    made = logistics.consignment(network.stop, network.point)
    routing.route_waiting(limit=10, at=MONDAY)

    assert last_leg(made).arrives_at == beijing(arrives, day=1)


def test_what_lies_at_an_earlier_hub_goes_on_by_another_way(journey, planner):
    journey.step("drop")
    journey.ride(1, hub=journey.network.county)
    journey.ride(2, hub=journey.network.prefecture)
    change(journey.network.other_county, by=planner, at=beijing(20))

    assert rerouting.mend(at=beijing(20)) == 1

    assert last_leg(journey.consignment).arrives_at == beijing(15, day=1)
    assert journey.state() == ConsignmentState.IN_TRANSIT
    assert rerouting.mend(at=beijing(20)) == 0


@pytest.mark.parametrize(("minutes", "arrives"), [(60, 3), (61, 9)])
def test_what_is_on_its_way_to_the_hub_at_midnight_is_held_to_the_new_day(planner, minutes, arrives):
    """The lane of 23:30 is there half an hour after midnight, the round leaves at 02:00 with a cut-off of 30."""
    network = logistics.small_network(open_at=None)
    logistics.lane(network.prefecture, network.other_county, dt.time(23, 30))
    logistics.round_(network.other_county, dt.time(2), network.point)
    departures.open_departures(at=MONDAY, until=WEDNESDAY)
    made = logistics.consignment(network.stop, network.point, packed_at=MONDAY, parcels=1)
    routing.route_waiting(limit=10, at=MONDAY)
    travelling = journeys.Journey(network, made, list(made.parcels.all()), list(made.legs.select_related("departure")))
    travelling.step("drop")
    travelling.ride(1, hub=network.county)
    travelling.ride(2, hub=network.prefecture)
    travelling.step("load", at=beijing(23, 30), departure=travelling.legs[2].departure)
    assert last_leg(made).arrives_at == beijing(3, day=1)

    change(network.other_county, minutes, by=planner, at=beijing(23, 45))
    rerouting.mend(at=beijing(23, 45))

    assert last_leg(made).arrives_at == beijing(arrives, day=1)


def test_a_change_that_is_taken_back_in_time_moves_nothing(journey, planner):
    hub = journey.network.other_county
    change(hub, by=planner)
    assert tight(journey.consignment) == [4]

    transfers.withdraw(HubTransfer.objects.get(), by=planner, at=MONDAY)

    assert tight(journey.consignment) == []
    assert rerouting.mend(at=MONDAY) == 0
    assert transfers.coming(hub, after=MONDAY.date()) == []
    with pytest.raises(UnableToChangeHub):
        transfers.withdraw(HubTransfer.objects.get(), by=planner, at=MONDAY)


def test_what_has_begun_is_not_taken_back(journey, planner):
    change(journey.network.county, by=planner)

    with pytest.raises(UnableToChangeHub):
        transfers.withdraw(HubTransfer.objects.get(), by=planner, at=beijing(0, day=1))

    assert HubTransfer.objects.in_force().exists()


def test_each_day_has_its_own_time_and_a_change_of_the_same_day_replaces_the_other(journey, planner):
    hub = journey.network.county
    for minutes, day in ((20, WEDNESDAY), (10, TUESDAY), (25, WEDNESDAY)):
        change(hub, minutes, by=planner, day=day)

    days = [MONDAY.date(), TUESDAY, WEDNESDAY, dt.date(2027, 1, 1)]
    assert [transfers.minutes_of(hub, day) for day in days] == [0, 10, 25, 25]
    assert [row.minutes for row in transfers.coming(hub, after=MONDAY.date())] == [10, 25]
    assert HubTransfer.objects.exclude(withdrawn_at=None).get().minutes == 20


def test_a_preview_tells_how_many_and_changes_nothing(journey, planner):
    asked = {"minutes": TOO_LONG, "from_date": TUESDAY, "by": planner, "at": MONDAY}

    assert transfers.preview(journey.network.other_county, **asked).consignments == 1
    assert not HubTransfer.objects.exists()
    assert tight(journey.consignment) == []
    assert not Event.objects.filter(stream="hub").exists()


def test_the_event_names_hub_field_and_day(journey, planner):
    hub = journey.network.county
    change(hub, 20, by=planner)
    transfers.withdraw(HubTransfer.objects.get(), by=planner, at=MONDAY)

    told = Event.objects.filter(stream="hub", stream_id=hub.code).order_by("version")
    common = {"hub": hub.code, "field": "transfer_minutes", "from": "2026-03-03"}
    assert [(event.name, event.payload) for event in told] == [
        ("hub.transfer-changed", common | {"before": 0, "after": 20}),
        ("hub.transfer-withdrawn", common | {"before": 20, "after": 0}),
    ]


@pytest.mark.parametrize(
    ("minutes", "day", "field"),
    [
        (241, TUESDAY, "minutes"),
        (-1, TUESDAY, "minutes"),
        (0, TUESDAY, "minutes"),
        (20, MONDAY.date(), "from_date"),
        (20, dt.date(2029, 1, 1), "from_date"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(journey, planner, minutes, day, field):
    with pytest.raises(UnableToChangeHub) as refusal:
        change(journey.network.county, minutes, by=planner, day=day)

    assert refusal.value.field == field
    assert not HubTransfer.objects.exists()


def test_a_planner_of_another_county_neither_changes_nor_takes_back(journey, planner):
    hub, other = journey.network.county, logistics.planner("430723000000")
    with pytest.raises(UnableToChangeHub):
        change(hub, 20, by=other)
    change(hub, 20, by=planner)

    with pytest.raises(UnableToChangeHub):
        transfers.withdraw(HubTransfer.objects.get(), by=other, at=MONDAY)

    assert transfers.minutes_of(hub, TUESDAY) == 20


def test_every_process_hears_of_a_change_at_once_and_of_one_taken_back_with_the_free_crates(journey):
    """Another process makes the change: nobody here says that what is kept is old."""
    hub = journey.network.other_county
    snapshots.current(MONDAY)
    moments = [int(beijing(23, 59).timestamp()), int(beijing(0, day=1).timestamp())]

    HubTransfer.objects.create(hub=hub, minutes=20, valid_from=TUESDAY)
    kept = snapshots.current(MONDAY)
    assert [kept.transfer(hub.pk, moment) for moment in moments] == [0, 20 * 60]

    HubTransfer.objects.update(withdrawn_at=MONDAY)
    assert snapshots.current(MONDAY, fresh=True) is kept
    assert [kept.transfer(hub.pk, moment) for moment in moments] == [0, 0]


def test_what_was_routed_by_such_a_process_is_found_when_departures_are_opened(journey, monkeypatch):
    monkeypatch.setattr("core.clock.now", lambda: MONDAY)
    HubTransfer.objects.create(hub=journey.network.other_county, minutes=TOO_LONG, valid_from=TUESDAY)
    assert rerouting.mend(at=MONDAY) == 0

    open_departures()

    assert tight(journey.consignment) == [4]
    assert transfers.recheck(at=MONDAY) == 0, "it is marked already"
    assert rerouting.mend(at=MONDAY) == 1


def test_what_a_delay_makes_tight_is_left_to_the_delay(journey, planner):
    change(journey.network.other_county, 60, by=planner)
    departures.delay(journey.legs[2].departure, minutes=40, by="test", at=beijing(4, day=1))

    assert transfers.recheck(at=beijing(4, day=1)) == 0


def test_the_database_keeps_one_time_for_a_hub_and_day(journey):
    row = {"hub": journey.network.county, "minutes": 20, "valid_from": TUESDAY}
    HubTransfer.objects.create(**row, withdrawn_at=MONDAY)
    HubTransfer.objects.create(**row)

    with pytest.raises(IntegrityError), transaction.atomic():
        HubTransfer.objects.create(**row)
