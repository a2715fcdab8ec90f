"""The planner's pages: what is shown, previewed and changed, in the own division and nowhere else."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from logistics import drafts
from logistics.models import Closure, Departure, Hub, HubTransfer, HubWorker, Lane, Round
from logistics.services import timetables
from tests.factories import logistics, shop, villages
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
TOMORROW = dt.date(2026, 3, 3)


@pytest.fixture(autouse=True)
def _now(monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    settings.DEPARTURE_HORIZON_DAYS = 5


@pytest.fixture
def network():
    return logistics.small_network()


@pytest.fixture
def planner(network):
    return logistics.planner("430700000000", person=shop.user("伍调度"))


@pytest.fixture
def client(planner):
    return client_of(planner)


def client_of(person) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client


def page(client: Client, name: str, *args, **query) -> str:
    response = client.get(reverse(f"network:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def lane(network) -> Lane:
    return Lane.objects.filter(origin=network.county).order_by("departs").first()


@pytest.fixture
def round_(network) -> Round:
    return Round.objects.filter(hub=network.county).order_by("departs").first()


def lane_data(lane: Lane, **fields) -> dict:
    return {
        "weekdays": list(lane.weekdays),
        "departs": f"{lane.departs:%H:%M}",
        "duration_minutes": lane.duration_minutes,
        "cutoff_minutes": lane.cutoff_minutes,
        "crates": lane.crates,
        "storage_classes": lane.storage_classes,
        "from_date": TOMORROW.isoformat(),
        "seen": timetables.revision_of(lane.code),
        "action": "preview",
    } | fields


def round_data(round_: Round, **fields) -> dict:
    stops = list(round_.stops.select_related("point"))
    return lane_data(
        round_,
        name=round_.name,
        driver="",
        driver_phone="",
        stop_point=[stop.point.code for stop in stops],
        stop_minutes=[str(stop.offset_minutes) for stop in stops],
        **fields,
    )


def test_the_map_shows_hubs_lanes_and_the_rounds_of_the_chosen_hub(network, client, round_):
    text = page(client, "planning-map", hub=network.county.code, place="430700000000")

    assert text.count("<circle") == 3 + 1
    assert round_.name in text
    assert network.stop.name in text
    assert network.county.name in text


@pytest.mark.parametrize("query", [{"hub": "nothing"}, {"place": "430100000000"}, {"place": "x"}])
def test_a_hub_or_place_that_is_not_there_is_a_404(client, query):
    assert client.get(reverse("network:planning-map"), query).status_code == 404


def test_lanes_and_rounds_are_found_by_code_and_name(network, client, lane, round_):
    assert lane.code in page(client, "planning-lanes", q=lane.code)
    assert lane.code not in page(client, "planning-lanes", q="没有这个")
    assert round_.code in page(client, "planning-rounds", q=round_.name)
    other = Round.objects.filter(hub=network.other_county).first()
    assert other.code not in page(client, "planning-rounds", q=round_.name)


def test_a_change_is_shown_before_it_is_made(client, lane):
    url = reverse("network:planning-change", args=[lane.code])

    shown = client.post(url, lane_data(lane, departs="12:00"))

    assert shown.status_code == 200
    text = shown.content.decode()
    assert "11:00</span> → <b" in text
    assert "<dt>取消班次</dt><dd>5</dd><dt>新开班次</dt><dd>5</dd>" in text
    assert Lane.objects.filter(code=lane.code).count() == 1
    done = client.post(url, lane_data(lane, departs="12:00", action="confirm"), follow=True)
    assert Lane.objects.get(code=lane.code, valid_to=None).departs == dt.time(12)
    assert "从 2026-03-03 起生效。" in done.content.decode()
    assert "伍调度" in done.content.decode(), "who changed it stands in the history"


def test_going_back_shows_what_was_typed(client, lane):
    url = reverse("network:planning-change", args=[lane.code])

    text = client.post(url, lane_data(lane, departs="12:34", action="edit")).content.decode()

    assert 'value="12:34"' in text
    assert "field bad" not in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"departs": ""}, "请填时间，如 08:30。"),
        ({"crates": "0"}, "太小了，最少 1。"),
        ({"weekdays": []}, "请选择每周哪几天开。"),
        ({"from_date": "2026-03-02"}, "改动最早从明天起生效"),
        ({"from_date": "bald"}, "请填日期"),
    ],
)
@pytest.mark.parametrize("action", ["preview", "confirm"])
def test_what_is_wrong_is_said_at_its_field(client, lane, fields, words, action):
    url = reverse("network:planning-change", args=[lane.code])

    response = client.post(url, lane_data(lane, **fields, action=action))

    assert response.status_code == 422
    assert words in response.content.decode()
    assert Lane.objects.filter(code=lane.code).count() == 1


def test_a_change_that_changes_nothing_is_said(client, lane):
    response = client.post(reverse("network:planning-change", args=[lane.code]), lane_data(lane))

    assert response.status_code == 422
    assert "什么都没有改。" in response.content.decode()


def test_the_second_of_two_planners_is_told(client, lane):
    url = reverse("network:planning-change", args=[lane.code])
    data = lane_data(lane, crates=150, action="confirm")
    client.post(url, data)

    response = client.post(url, data | {"crates": 170})

    assert response.status_code == 422
    assert "有人刚改过这条" in response.content.decode()
    assert Lane.objects.get(code=lane.code, valid_to=None).crates == 150


def test_stops_are_added_moved_and_removed(network, client, round_):
    fresh = villages.point("430726001001", name="新网点")
    url = reverse("network:planning-change", args=[round_.code])
    data = round_data(round_) | {
        "stop_point": [network.stop.code, f"{fresh.code} 新网点", ""],
        "stop_minutes": ["60", "30", ""],
        "action": "confirm",
    }

    assert client.post(url, data).status_code == 302

    made = Round.objects.get(code=round_.code, valid_to=None)
    assert list(made.stops.values_list("point", "offset_minutes")) == [(fresh.pk, 30), (network.stop.pk, 60)]
    text = client.post(url, round_data(made, action="remove0")).content.decode()
    assert text.count('name="stop_point"') == 1
    assert text.count("新网点") == 1, "it stands among the points to choose from and no more among the stops"
    assert client.post(url, round_data(made, action="extend")).content.decode().count('name="stop_point"') == 4


@pytest.mark.parametrize(
    ("points", "minutes", "words"),
    [
        (["nothing"], ["60"], "请选择本中心所在县的网点。"),
        (["{stop}"], ["bald"], "请填离开中心后的分钟数。"),
        ([""], [""], "班线至少停靠一站。"),
        (["{stop}"], ["119999"], "车辆须在最后一站之后回到中心。"),
    ],
)
def test_stops_that_make_no_sense_are_said(network, client, round_, points, minutes, words):
    points = [text.format(stop=network.stop.code) for text in points]
    url = reverse("network:planning-change", args=[round_.code])

    response = client.post(url, round_data(round_) | {"stop_point": points, "stop_minutes": minutes})

    assert response.status_code == 422
    assert words in response.content.decode()


def test_a_driver_is_found_by_phone(client, round_):
    driver = shop.user("向前进", phone="+8613700000001")
    url = reverse("network:planning-change", args=[round_.code])

    assert client.post(url, round_data(round_) | {"driver_phone": "13700000009"}).status_code == 422
    client.post(url, round_data(round_) | {"driver_phone": "137 0000 0001", "action": "confirm"})

    assert Round.objects.get(code=round_.code, valid_to=None).driver == driver


def test_lanes_and_rounds_are_added(network, client, lane, round_):
    hubs = {"origin": network.county.pk, "destination": network.other_county.pk}

    added = client.post(reverse("network:planning-lane-add"), lane_data(lane, action="confirm", **hubs))
    assert added["Location"].endswith("/L-430726-430723-1100/")
    url = reverse("network:planning-round-add", args=[network.county.code])
    added = client.post(url, round_data(round_, action="confirm"))
    assert added["Location"].endswith("/R-430726-1/")
    assert "什么都没有改" not in page(client, "planning-line", "R-430726-1")


def test_a_line_is_ended_after_it_was_shown_what_follows(client, lane):
    url = reverse("network:planning-end", args=[lane.code])

    assert "<dt>取消班次</dt><dd>5</dd>" in client.post(url, {"from_date": "2026-03-03"}).content.decode()
    assert Lane.objects.get(code=lane.code).valid_to is None
    client.post(url, {"from_date": "2026-03-03", "action": "confirm"})

    assert Lane.objects.get(code=lane.code).valid_to == TOMORROW
    assert client.post(url, {"from_date": "bald"}, follow=True).status_code == 200


def test_days_are_entered_shown_and_taken_out(client):
    url = reverse("network:planning-calendar")
    data = {
        "name": "大雪封路",
        "kind": "CLOSURE",
        "scope": "ALL",
        "division": "430700000000",
        "first_day": "2026-03-04",
        "last_day": "2026-03-05",
    }

    assert "<dt>取消班次</dt><dd>24</dd>" in client.post(url, data | {"action": "preview"}).content.decode()
    assert client.post(url, data | {"action": "edit"}).status_code == 200
    assert client.post(url, data | {"action": "preview", "last_day": "2026-03-01"}).status_code == 422
    client.post(url, data | {"action": "confirm"})

    closure = Closure.objects.get()
    text = page(client, "planning-calendar", month="2026-03")
    assert text.count("大雪封路") == 4, "in the message, on its two days and in the list"
    assert "撤下" in text
    assert "大雪封路" not in page(client, "planning-calendar", month="2026-05")
    client.post(reverse("network:planning-lift", args=[closure.pk]))
    assert page(client, "planning-calendar", month="2026-03").count("大雪封路") == 1, "in the message alone"


@pytest.mark.parametrize("month", ["", "x", "0001-01", "9999-12", "2026-13"])
def test_a_month_that_is_none_is_this_one(client, month):
    assert "<h1>2026-03</h1>" in page(client, "planning-calendar", month=month)


def test_a_hub_is_changed_and_people_scan_there(network, client):
    url = reverse("network:planning-hub", args=[network.county.code])
    person = shop.user("彭建国", phone="+8613700000002")
    data = {"name": "石门分拨中心", "longitude": "111.38", "latitude": "29.58"}

    assert client.post(url, data | {"action": "preview"}).status_code == 200
    client.post(url, data | {"action": "confirm", "closed_from": "2026-03-04"})
    network.county.refresh_from_db()
    assert (network.county.name, network.county.closed_from) == ("石门分拨中心", dt.date(2026, 3, 4))
    assert client.post(url, data | {"action": "preview", "longitude": "80"}).status_code == 422
    history = page(client, "planning-hub", network.county.code).partition("改动记录")[2]
    assert "→ 石门分拨中心" in history
    assert "— → 2026-03-04" in history

    assert client.post(url, {"action": "assign", "phone": "13700000003"}).status_code == 422
    client.post(url, {"action": "assign", "phone": "13700000002"})
    worker = HubWorker.objects.get(hub=network.county, user=person)
    assert "彭建国" in page(client, "planning-hub", network.county.code)
    client.post(url, {"action": "release", "worker": worker.pk})
    worker.refresh_from_db()
    assert worker.until == MONDAY
    assert client.post(url, {"action": "release", "worker": "x"}).status_code == 404


def test_a_hub_is_added_in_the_own_division_and_ended_when_nothing_uses_it(network, client):
    villages.division("430725000000", name="桃源县", level="COUNTY", longitude="111.488900", latitude="28.902900")
    villages.division("430100000000", name="长沙市", level="PREFECTURE")
    url = reverse("network:planning-hub-add")
    data = {"division": "430725000000", "name": "桃源分拨中心", "transfer_minutes": "15"}

    text = page(client, "planning-hub-add")
    assert "桃源县" in text
    assert "长沙市" not in text.partition("<select")[2].partition("</select>")[0]
    for wrong in (
        {"division": ""},
        {"division": "430100000000"},
        {"longitude": "111"},
        {"longitude": "80", "latitude": "1"},
    ):
        assert client.post(url, data | wrong).status_code == 422
    assert not Hub.objects.filter(name="桃源分拨中心").exists()
    client.post(url, data)

    made = Hub.objects.get(name="桃源分拨中心")
    assert (made.code, float(made.longitude), float(made.latitude)) == ("H430725", 111.4889, 28.9029)
    text = page(client, "planning-hub", made.code)
    assert "15 分钟" in text
    assert "请为它安排干线和班线" in text

    end, keep = (reverse(f"network:planning-hub-{name}", args=[made.code]) for name in ("end", "keep"))
    assert client.post(end, {"from_date": "bald"}).status_code == 422
    client.post(end, {"from_date": "2026-03-04"})
    assert "从 2026-03-04 起撤销" in page(client, "planning-hub", made.code)
    client.post(keep)
    made.refresh_from_db()
    assert made.ended_on is None
    history = page(client, "planning-hub", made.code).partition("改动记录")[2]
    assert [history.count(words) for words in ("新建", "中转时间（分钟）", "2026-03-04")] == [1, 1, 4]


def test_a_hub_in_use_says_which_lines_use_it(network, client, round_):
    url = reverse("network:planning-hub-end", args=[network.county.code])

    response = client.post(url, {"from_date": "2026-03-04"})

    assert response.status_code == 422
    assert "那天还有线路在用它" in response.content.decode()


def test_what_goods_need_at_a_hub_changes_from_a_day_on_and_is_taken_back(network, client):
    url = reverse("network:planning-transfer", args=[network.county.code])
    data = {"minutes": "20", "from_date": "2026-03-04"}

    text = client.post(url, data | {"action": "preview"}).content.decode()
    assert '<span class="dim">0 分钟</span> → <b class="strong">20 分钟</b>' in text
    assert "<dt>重排路线的运单</dt><dd>0</dd>" in text
    assert not HubTransfer.objects.exists()
    assert 'value="20"' in client.post(url, data | {"action": "edit"}).content.decode()
    assert client.post(url, data | {"action": "preview", "minutes": "241"}).status_code == 422
    assert client.post(url, data | {"action": "confirm", "from_date": "2026-03-02"}).status_code == 422
    client.post(url, data | {"action": "confirm"})

    version = HubTransfer.objects.get()
    text = page(client, "planning-hub", network.county.code)
    assert '<b class="strong">0 分钟</b>' in text, "what holds now"
    assert "20 分钟" in text, "what is to come"
    assert "2026-03-04" in text
    back = reverse("network:planning-transfer-withdraw", args=[network.county.code, version.pk])
    client.post(back)
    assert "20 分钟" not in page(client, "planning-hub", network.county.code)
    assert client.post(back).status_code == 404, "taken back already"


def test_a_change_of_one_hub_is_not_taken_back_at_another(network, client):
    version = HubTransfer.objects.create(hub=network.county, minutes=20, valid_from=TOMORROW)
    url = reverse("network:planning-transfer-withdraw", args=[network.other_county.code, version.pk])

    assert client.post(url).status_code == 404
    assert HubTransfer.objects.in_force().exists()


def test_whoever_plans_another_county_changes_nothing_here(network, lane, round_):
    client = client_of(logistics.planner("430723000000"))
    before = list(Departure.objects.order_by("pk").values())

    for row, data in ((lane, lane_data(lane, crates=1)), (round_, round_data(round_, crates=1))):
        for name in ("planning-change", "planning-end"):
            assert client.post(reverse(f"network:{name}", args=[row.code]), data).status_code == 404
        assert "修改" not in page(client, "planning-line", row.code)
    for name, code in (("planning-hub", network.county.code), ("planning-round-add", network.county.code)):
        assert client.get(reverse(f"network:{name}", args=[code])).status_code == 404
    assert client.get(reverse("network:planning-lane-add")).status_code == 404

    assert list(Departure.objects.order_by("pk").values()) == before


def test_a_driver_comes_in_until_the_round_is_anothers(network, planner, round_):
    driver, other = shop.user("向前进"), shop.user("彭建国")
    Round.objects.filter(pk=round_.pk).update(driver=driver)
    index = reverse("network:index")
    changed = timetables.Change(round_.code, replace(drafts.of(Round.objects.get(pk=round_.pk)), driver_id=other.pk))

    timetables.apply([changed], from_date=TOMORROW, by=planner, at=MONDAY)

    assert client_of(driver).get(index).status_code == client_of(other).get(index).status_code == 200
    tomorrows = Departure.objects.filter(round__code=round_.code, day=TOMORROW)
    assert tomorrows.visible_to(other).exists()
    assert not tomorrows.visible_to(driver).exists()
    Round.objects.filter(pk=round_.pk).update(valid_to=MONDAY.date())
    assert client_of(driver).get(index).status_code == 404


def test_who_drives_is_told_to_who_plans_it_alone(network, client, round_):
    round_.driver = shop.user("向前进")
    round_.save()

    assert "向前进" in page(client, "planning-line", round_.code)
    assert "向前进" not in page(client_of(logistics.planner("430723000000")), "planning-line", round_.code)


def test_the_pages_cost_few_queries_whatever_their_length(network, client, lane, round_):
    pages = (
        ("planning-map", {"hub": network.county.code}),
        ("planning-lanes", {}),
        ("planning-rounds", {}),
        ("planning-calendar", {}),
    )

    def counts() -> list[int]:
        found = []
        for name, query in pages:
            with CaptureQueriesContext(connection) as captured:
                page(client, name, **query)
            found.append(len(captured))
        with CaptureQueriesContext(connection) as captured:
            page(client, "planning-line", round_.code)
        return [*found, len(captured)]

    few = counts()
    for hour in range(6, 12):
        logistics.lane(network.county, network.prefecture, dt.time(hour, 30))
        logistics.round_(network.county, dt.time(hour, 30), network.stop, villages.point("430726001001"))

    assert counts() == few
    assert max(few) <= 18
