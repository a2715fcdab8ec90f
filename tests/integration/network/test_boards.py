"""The boards: what is late and stuck, fill and punctuality, each in the person's own part of the network."""

import datetime as dt

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import day_of
from logistics.models import Consignment, Departure, Hub, Lane, Leg, Parcel
from logistics.services import arrivals, departures, rerouting, scans
from logistics.services.ways import GRACE
from marketplace.network import board_runs, board_troubles
from marketplace.network.board_runs import Fill
from marketplace.network.board_scope import OutOfScope, Scope, scope_of
from marketplace.network.board_troubles import Stuck
from marketplace.statistics.models import PromiseMonth
from marketplace.users.models import StaffAssignment
from tests.factories import logistics, shop, villages
from tests.factories.shop import MONDAY
from tests.integration.network.conftest import client_of, leg_of

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
PROVINCE, PREFECTURE, SHIMEN, LIXIAN = "430000000000", "430700000000", "430726000000", "430723000000"
PAGES = ("board", "board-late", "board-stuck", "board-fill", "board-lanes")


def staff(division: str, level: str):
    person = shop.user()
    villages.division(division, name=f"区划{division[:6]}", level=level)
    StaffAssignment.objects.create(user=person, division_id=division, since=MONDAY)
    return person


@pytest.fixture
def province(made):
    return staff(PROVINCE, "PROVINCE")


def whole() -> Scope:
    return Scope(PROVINCE, PROVINCE, tuple(Hub.objects.select_related("division").order_by("code")))


def of(place: str) -> Scope:
    return Scope(place, place, tuple(Hub.objects.within(place).select_related("division")))


def found(kind: Stuck, scope: Scope, at: dt.datetime) -> int:
    return board_troubles.stuck(kind, scope, at=at).count()


def test_what_is_expected_after_its_promise_is_late_wherever_its_way_leads(made, parcel):
    consignments = Consignment.objects.all()
    assert board_troubles.late(whole(), at=MONDAY).count() == 0

    consignments.update(expected_at=F("promised_at") + MINUTE)

    elsewhere = of("430100000000")
    assert [
        board_troubles.late(scope, at=MONDAY).count() for scope in (whole(), of(LIXIAN), of(SHIMEN), elsewhere)
    ] == [
        1,
        1,
        1,
        0,
    ]
    tally = board_troubles.tally(whole(), at=MONDAY)
    hubs = (made.network.county.pk, made.network.prefecture.pk, made.network.other_county.pk)
    assert [tally.of(hub) for hub in hubs] == [(1, 0)] * 3
    assert (tally.late_total, tally.of(*hubs)) == (1, (1, 0)), "it is one, at however many hubs"
    at_one_hub = board_troubles.tally(Scope("", "", (made.network.county,)), at=MONDAY)
    assert at_one_hub.of(made.network.county.pk) == (1, 0), "whoever works there is told the same"
    consignments.update(state="AT_POINT")
    assert board_troubles.late(whole(), at=MONDAY).count() == 0


def test_what_is_aboard_a_vehicle_that_broke_down_is_late_and_says_why(made, parcel, time, province):
    leg = leg_of(parcel, 1)
    scans.load(parcel, departure=leg.departure, nonce="l", by="test", at=leg.departs_at)
    departures.depart(leg.departure, by="test", at=leg.departs_at)
    departures.break_down(leg.departure, by="test", at=leg.departs_at + MINUTE)
    rerouting.mend(at=leg.departs_at + 2 * MINUTE)

    assert [board_troubles.late(scope, at=MONDAY).count() for scope in (whole(), of(LIXIAN))] == [1, 1]
    address = reverse("network:board-late")
    assert "车辆故障" in client_of(province).get(address).text
    assert "车辆故障" in client_of(province).get(f"{address}?as=csv").text


def test_what_waits_for_a_route_is_stuck_after_five_minutes_where_it_lies(made, time):
    consignment = logistics.consignment(made.network.stop, made.point)

    assert found(Stuck.WAITING, whole(), MONDAY + 5 * MINUTE) == 0
    late = MONDAY + 6 * MINUTE
    assert [found(Stuck.WAITING, scope, late) for scope in (whole(), of(SHIMEN), of(LIXIAN))] == [1, 1, 0]
    assert board_troubles.tally(whole(), at=late).of(made.network.county.pk) == (0, 1)

    Consignment.objects.filter(pk=consignment.pk).update(waiting_since=late)
    assert found(Stuck.WAITING, whole(), late) == 0


def test_what_was_not_loaded_is_stuck_when_its_vehicle_should_have_left(made, parcel):
    leg = leg_of(parcel, 1)
    assert found(Stuck.LEFT, whole(), leg.departs_at + GRACE) == 0

    late = leg.departs_at + GRACE + MINUTE

    assert [found(Stuck.LEFT, scope, late) for scope in (whole(), of(SHIMEN), of(LIXIAN))] == [1, 1, 0]


def test_what_no_scan_followed_is_stuck_on_its_vehicle(made, parcel):
    leg = leg_of(parcel, 1)
    scans.load(parcel, departure=leg.departure, nonce="l", by="test", at=leg.departs_at)
    assert found(Stuck.ABOARD, whole(), leg.arrives_at + GRACE) == 0

    late = leg.arrives_at + GRACE + MINUTE

    assert [found(Stuck.ABOARD, scope, late) for scope in (whole(), of(SHIMEN), of(LIXIAN))] == [1, 1, 0]
    scans.unload(parcel, hub=made.network.county, nonce="u", by="test", at=late)
    assert found(Stuck.ABOARD, whole(), late) == 0


def test_what_the_hub_reports_short_is_stuck_at_once_until_it_is_found(made, parcel):
    leg = leg_of(parcel, 1)
    scans.load(parcel, departure=leg.departure, nonce="l", by="test", at=leg.departs_at)
    arrivals.close(leg.departure, hub=made.network.county, by="test", at=leg.arrives_at)

    late = leg.arrives_at + GRACE + MINUTE

    assert (found(Stuck.SHORT, whole(), leg.arrives_at), found(Stuck.ABOARD, whole(), late)) == (1, 0)
    scans.unload(parcel, hub=made.network.county, nonce="u", by="test", at=late)
    assert found(Stuck.SHORT, whole(), late) == 0


def test_surplus_is_stuck_at_the_hub_where_it_lies(made, parcel):
    arrivals.take_in(parcel, hub=made.network.other_county, nonce="s", by="test", at=MONDAY)

    assert [found(Stuck.SURPLUS, scope, MONDAY) for scope in (whole(), of(LIXIAN), of(SHIMEN))] == [1, 1, 0]
    assert board_troubles.tally(whole(), at=MONDAY).of(made.network.other_county.pk) == (0, 1)


def test_a_hub_worker_is_shown_what_concerns_the_own_hub(made, worker, parcel, time):
    Consignment.objects.update(expected_at=F("promised_at") + MINUTE)
    time.at = leg_of(parcel, 1).departs_at + GRACE + MINUTE
    number = parcel.consignment.number

    for name in ("board-late", "board-stuck"):
        assert number in client_of(worker).get(reverse(f"network:{name}")).content.decode()
    Consignment.objects.filter(pk=parcel.consignment_id).update(expected_at=F("promised_at"))
    assert number not in client_of(worker).get(reverse("network:board-late")).content.decode()


def test_staff_see_their_own_division_and_below(made, parcel):
    county = staff(SHIMEN, "COUNTY")

    assert scope_of(county, place=None).place == SHIMEN
    for place in (PREFECTURE, LIXIAN, "999999999999", "x"):
        with pytest.raises(OutOfScope):
            scope_of(county, place=place)
        assert client_of(county).get(reverse("network:board"), {"place": place}).status_code == 404


def test_a_driver_and_a_buyer_have_no_board(made, driver):
    for person in (driver, shop.user()):
        assert client_of(person).get(reverse("network:board")).status_code == 404


def test_fill_is_told_both_ways_and_its_sums_agree(made, parcel):
    day = day_of(MONDAY)
    scope, days = whole(), {"first": day, "last": day + dt.timedelta(days=1)}

    hubs = board_runs.fill_by_hub(scope, **days)
    rounds, prefectures = board_runs.fill_by_round(scope, **days), board_runs.by_prefecture(hubs, scope.hubs)

    # One crate: back from the stop, along two lanes, out to the point; four rounds and eight lanes a day.
    assert board_runs.total(rounds) == Fill("", departures=8, crates=800, out=1, back=1)
    sums = Fill("", "", 8, 800, 1, 1, 16, 1600, 2)
    assert board_runs.total(hubs) == board_runs.total(prefectures) == sums
    by_code = {fill.code: (fill.out, fill.back, fill.lane_out) for fill in hubs}
    network = made.network
    assert by_code[network.county.code] == (0, 1, 1)
    assert by_code[network.other_county.code] == (1, 0, 0)
    assert by_code[network.prefecture.code] == (0, 0, 1)


def test_a_cancelled_departure_has_no_room_to_fill(made):
    days = {"first": day_of(MONDAY), "last": day_of(MONDAY)}
    before = board_runs.total(board_runs.fill_by_hub(whole(), **days)).lane_departures

    departures.cancel(
        [Departure.objects.filter(lane__isnull=False, day=days["first"]).first()], by="t", at=MONDAY, reason="x"
    )

    assert board_runs.total(board_runs.fill_by_hub(whole(), **days)).lane_departures == before - 1


def test_a_lane_is_on_time_by_its_timetable_and_not_by_its_delay(made, parcel):
    first, second = Departure.objects.filter(lane__isnull=False).order_by("departs_at")[:2]
    planned = second.arrives_at
    departures.note_arrival(first, by="t", at=first.arrives_at + 5 * MINUTE)
    departures.delay(second, minutes=30, by="t", at=MONDAY)
    second.refresh_from_db()
    departures.note_arrival(second, by="t", at=planned + 30 * MINUTE)

    rows = board_runs.punctuality(whole(), today=day_of(second.departs_at))

    by_code = {row.code: (row.noted, row.in_time, row.rate) for row in rows if row.noted}
    assert by_code == {first.lane.code: (1, 1, 100.0), second.lane.code: (1, 0, 0.0)}
    assert rows[0].code == second.lane.code


def test_what_was_unloaded_twenty_minutes_after_the_timetable_was_in_time(made, parcel):
    scan_at = {}
    for sequence, hub, late in ((1, made.network.county, 0), (2, made.network.prefecture, 20)):
        leg = leg_of(parcel, sequence)
        scans.load(parcel, departure=leg.departure, nonce=f"l{sequence}", by="test", at=leg.departs_at)
        scan_at[sequence] = leg.arrives_at + late * MINUTE
        scans.unload(parcel, hub=hub, nonce=f"u{sequence}", by="test", at=scan_at[sequence])
    today, lane = day_of(scan_at[2]), leg_of(parcel, 2).departure.lane

    def unloaded() -> tuple[int, int]:
        row = next(row for row in board_runs.punctuality(whole(), today=today) if row.code == lane.code)
        return row.unloaded, row.unloaded_in_time

    assert unloaded() == (1, 1)
    parcel.scans.filter(nonce="u2").update(occurred_at=scan_at[2] + MINUTE)
    assert unloaded() == (1, 0)


@pytest.mark.parametrize("name", [*PAGES, "board-kept"])
def test_each_list_is_exported_and_no_cell_is_a_formula(name, made, province, parcel):
    Consignment.objects.update(expected_at=F("promised_at") + MINUTE)
    made.point.name = '=HYPERLINK("x")'
    made.point.save()
    PromiseMonth.objects.create(month=day_of(MONDAY).replace(day=1), point_county=LIXIAN, arrived=2, in_time=1)

    answer = client_of(province).get(reverse(f"network:{name}"), {"as": "csv"})

    if name == "board":
        assert answer["Content-Type"].startswith("text/html")
        return
    text = answer.content.decode("utf-8-sig")
    assert answer["Content-Type"].startswith("text/csv")
    assert ("'=HYPERLINK" in text) == (name == "board-late")
    assert ",=HYPERLINK" not in text
    assert ("50.0" in text) == (name == "board-kept")


def test_queries_do_not_grow_with_what_is_late_and_stuck(made, province, parcel, time):
    time.at = leg_of(parcel, 1).departs_at + GRACE + MINUTE

    def queries(name: str) -> int:
        client = client_of(province)
        client.get(reverse(f"network:{name}"))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(reverse(f"network:{name}"))
        return len(seen)

    Consignment.objects.update(expected_at=F("promised_at") + MINUTE)
    few = {name: queries(name) for name in PAGES}
    logistics.consignments(
        [(made.network.stop, made.point)] * 20, promised_at=MONDAY, expected_at=MONDAY + MINUTE, state="AWAITING_ROUTE"
    )
    for number in range(20):
        logistics.lane(made.network.prefecture, made.network.county, dt.time(3, number))
    departures.open_departures(at=MONDAY, until=day_of(MONDAY) + dt.timedelta(days=5))

    many = {name: queries(name) for name in PAGES}

    assert many == few
    assert max(few.values()) <= 20
    assert (Lane.objects.count(), Parcel.objects.count()) == (28, 1)


def test_what_was_rerouted_is_no_longer_stuck(made, parcel):
    late = leg_of(parcel, 1).departs_at + GRACE + MINUTE
    assert found(Stuck.LEFT, whole(), late) == 1

    rerouting.mend(at=late, by="test")

    assert found(Stuck.LEFT, whole(), late) == 0


def test_what_was_promised_for_a_time_that_is_over_is_late_whatever_is_expected(made, parcel):
    promised = Consignment.objects.get().promised_at

    assert board_troubles.late(whole(), at=promised).count() == 0
    assert board_troubles.late(whole(), at=promised + MINUTE).count() == 1


def test_what_no_vehicle_can_bring_is_late_and_says_so(made, parcel, time, province):
    Consignment.objects.update(state="AWAITING_ROUTE", expected_at=None, planned_at=None, waiting_since=MONDAY)

    Leg.objects.update(released_at=MONDAY)

    scopes = whole(), of(LIXIAN), of(SHIMEN), of("430100000000")
    assert [board_troubles.late(scope, at=MONDAY).count() for scope in scopes] == [1, 1, 1, 0], "where it lies too"
    assert board_troubles.tally(whole(), at=MONDAY).of(made.network.county.pk)[0] == 1
    for hub in (made.network.county, made.network.other_county):
        own = Scope("", "", (hub,))
        assert board_troubles.late(own, at=MONDAY).count() == 1, "its workers are told the same as the county"
        assert board_troubles.tally(own, at=MONDAY).of(hub.pk)[0] == 1
    address = reverse("network:board-late")
    assert "没有班次能运" in client_of(province).get(address).text
    assert "没有班次能运" in client_of(province).get(f"{address}?as=csv").text
