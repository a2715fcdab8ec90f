"""Timetables out and in as spreadsheets: nothing is lost on the way, nothing wrong comes in."""

import csv
import datetime as dt
import io
import re
import zipfile
from dataclasses import replace
from random import Random

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from core import clock
from core.storage_class import StorageClass
from logistics import drafts
from logistics.models import Lane, Round, SheetImport
from logistics.services import timetables
from marketplace.network import sheet_changes, sheet_rows, sheets
from marketplace.network.sheets import UnableToReadSheet
from marketplace.users.models import User
from tests.factories import logistics, shop, villages
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
TOMORROW = dt.date(2026, 3, 3)
UPLOAD = reverse("network:planning-sheets")


@pytest.fixture(autouse=True)
def _now(monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    settings.DEPARTURE_HORIZON_DAYS = 5


@pytest.fixture
def network():
    return logistics.small_network()


@pytest.fixture
def planner(network):
    return logistics.planner("430700000000")


@pytest.fixture
def client(planner) -> Client:
    return client_of(planner)


def client_of(person) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client


def exported(client: Client, name: str = "timetables.xlsx") -> bytes:
    response = client.get(reverse("network:planning-export", args=[name]))
    assert response.status_code == 200
    return response.content


def changed(data: bytes, *cells: tuple[str, str, object]) -> bytes:
    """Return a workbook with some cells changed: (sheet, cell, value)."""
    book = load_workbook(io.BytesIO(data))
    for sheet, cell, value in cells:
        book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sent(client: Client, data: bytes, *, name: str = "时刻表.xlsx", day: str = "2026-03-03") -> SheetImport:
    response = client.post(UPLOAD, {"file": SimpleUploadedFile(name, data), "from_date": day})
    assert response.status_code == 302, response.content.decode()
    return SheetImport.objects.latest("pk")


def page_of(found: SheetImport) -> str:
    return reverse("network:planning-import", args=[found.pk])


def lines() -> list[tuple]:
    return [
        *Lane.objects.order_by("pk").values_list("code", "departs", "crates", "valid_from", "valid_to"),
        *Round.objects.order_by("pk").values_list("code", "departs", "crates", "valid_from", "valid_to"),
    ]


@pytest.mark.parametrize("name", ["timetables.xlsx", "lanes.csv", "rounds.csv", "stops.csv"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_was_exported_changes_nothing_when_it_comes_back(client, name, language):
    client.cookies["django_language"] = language
    before = lines()

    found = sent(client, exported(client, name), name=name)

    assert found.errors == []
    text = client.get(page_of(found)).content.decode()
    assert ("和现在的没有差别。" if language == "zh-hans" else "Nothing in it differs") in text
    client.post(page_of(found))
    assert lines() == before


def test_only_the_own_lines_are_exported(network, client):
    away, far = (logistics.hub(code, kind="PREFECTURE") for code in ("430100000000", "430200000000"))
    logistics.lane(away, far, dt.time(9))

    book = load_workbook(io.BytesIO(exported(client)))

    assert [sheet.title for sheet in book] == ["干线", "班线", "停靠站"]
    assert [sheet.max_row - 1 for sheet in book] == [8, 4, 4]
    county = client_of(logistics.planner("430726000000"))
    assert [sheet.max_row - 1 for sheet in load_workbook(io.BytesIO(exported(county)))] == [0, 2, 2]


def test_a_changed_row_is_shown_first_and_then_made(client):
    data = changed(exported(client), ("干线", "H2", 55), ("班线", "E2", "08:15"))
    code = load_workbook(io.BytesIO(data))["干线"]["A2"].value

    found = sent(client, data)

    text = client.get(page_of(found)).content.decode()
    assert "<dt>改动或新增的线路</dt><dd>2</dd>" in text
    assert "<dt>没有改动的线路</dt><dd>10</dd>" in text
    assert Lane.objects.filter(code=code).count() == 1
    assert client.post(page_of(found)).status_code == 302
    assert Lane.objects.get(code=code, valid_from=TOMORROW).crates == 55
    found.refresh_from_db()
    assert found.applied_at == MONDAY
    client.post(page_of(found))
    assert Lane.objects.filter(code=code).count() == 2, "the same button twice is one import"


def test_an_error_stands_at_its_row_and_nothing_is_changed(client):
    data = changed(
        exported(client),
        ("干线", "H2", 55),
        ("干线", "E3", "abends"),
        ("干线", "I4", "tiefgekühlt"),
        ("班线", "B3", "H000000"),
        ("停靠站", "B2", "nothing"),
        ("停靠站", "C3", "bald"),
    )
    before = lines()

    found = sent(client, data)

    assert [(error["kind"], error["row"], error["column"]) for error in found.errors] == [
        ("LANES", 3, "发车时间"),
        ("LANES", 4, "温层"),
        ("ROUNDS", 3, "分拨中心"),
        ("STOPS", 2, "提货点"),
        ("STOPS", 3, "发车后分钟"),
    ]
    text = client.get(page_of(found)).content.decode()
    assert "什么都没有改" in text
    assert "请填时间，如 08:30。" in text
    assert client.post(page_of(found)).status_code == 422
    assert lines() == before
    back = load_workbook(io.BytesIO(client.get(reverse("network:planning-import-file", args=[found.pk])).content))
    assert back["干线"]["K1"].value == "错误"
    assert back["干线"]["K3"].value == "发车时间: 请填时间，如 08:30。"
    assert back["干线"]["K2"].value in (None, "")


def test_what_the_network_refuses_stands_at_its_row_too(client):
    data = changed(exported(client), ("干线", "H2", 0), ("班线", "F4", 30))

    found = sent(client, data)

    assert [(error["kind"], error["row"]) for error in found.errors] == [("LANES", 2), ("STOPS", 4)]


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_rows(network, client, planner):
    """One of each kind: forms, unknown places, another's division, doubles, versions, and what rows say together."""
    away, far = (logistics.hub(code, kind="PREFECTURE") for code in ("430100000000", "430200000000"))
    for row in (*Lane.objects.all(), *Round.objects.all()):
        type(row).objects.filter(pk=row.pk).update(code=f"{type(row).__name__[0]}-{row.pk:06d}")
    anothers = logistics.lane(away, far, dt.time(9))
    elsewhere, shut = villages.point("430102001001"), villages.point("430726001002", state="CLOSED")
    book = load_workbook(io.BytesIO(exported(client)))
    lanes, rounds, stops = book["干线"], book["班线"], book["停靠站"]
    shared = ["1234567", "09:30", 120, 30, 80, "常温"]
    lanes["E2"], lanes["I2"] = "abends", "tiefgekühlt"
    for column in "ABCDEFGHI":
        lanes[f"{column}4"] = lanes[f"{column}3"].value
    lanes["B5"], lanes["H5"] = "H999999", 0
    lanes["H6"] = 77  # somebody else changes this one meanwhile
    lanes.append([anothers.code, away.code, far.code, *shared])
    lanes.append(["L-NONE", network.county.code, network.prefecture.code, *shared])
    lanes.append(["", network.county.code, network.county.code, *shared])
    rounds["D2"], rounds["C2"] = "8", ""
    rounds.append(["new-1", network.county.code, "没有站", *shared])
    first, second, third = (rounds[f"A{row}"].value for row in (2, 3, 4))
    for code, point, minutes in (
        (first, elsewhere.code, 70),
        (second, stops["B3"].value, 80),
        (second, shut.code, 90),
        (third, network.stop.code, 500),
        ("R-NONE", network.stop.code, 10),
        ("R-NONE", network.stop.code, "bald"),
        ("", network.stop.code, 10),
    ):
        stops.append([code, point, minutes])
    out = io.BytesIO()
    book.save(out)
    sheet_six = Lane.objects.get(code=lanes["A6"].value)
    tables = sheets.read("a.xlsx", out.getvalue())
    seen = sheet_changes.revisions(tables)
    other = timetables.Change(sheet_six.code, replace(drafts.of(sheet_six), crates=55))
    timetables.apply([other], from_date=TOMORROW, by=planner, at=MONDAY)
    found = sent(client, out.getvalue())
    SheetImport.objects.filter(pk=found.pk).update(sheets=found.sheets | {"seen": seen})
    before = lines()

    text = client.get(page_of(found)).content.decode()

    rows = re.findall(r'<tr><td>([^<]*)</td><td class="n"[^>]*>(\d*)</td><td>([^<]*)</td><td[^>]*>([^<]*)</td>', text)
    assert rows == [
        ("干线", "2", "发车时间", "请填时间，如 08:30。"),
        ("干线", "2", "温层", "请选择能装的温层：常温、冷藏或冷冻。"),
        ("干线", "3", "编号", "这个编号出现了两次。"),
        ("干线", "4", "编号", "这个编号出现了两次。"),
        ("干线", "5", "起点", "没有这个分拨中心。"),
        ("干线", "5", "筐数", "请填 1 到 5000 之间的整数。"),
        ("干线", "6", "", "有人刚改过这条，请重新打开看看。"),
        ("干线", "10", "编号", "这不在您规划的范围里。"),
        ("干线", "11", "编号", "没有这个编号的干线或班线。"),
        ("干线", "12", "终点", "干线的起点和终点不能是同一个中心。"),
        ("班线", "2", "班线名称", "请填写班线名称。"),
        ("班线", "2", "开行日（1–7，周一为 1）", "开行日请用 1 到 7 的数字。"),
        ("班线", "6", "", "班线至少停靠一站。"),
        ("停靠站", "6", "提货点", f"{elsewhere.name}在别的市州。"),
        ("停靠站", "7", "提货点", "同一个网点只停一次。"),
        ("停靠站", "8", "提货点", "这一站不是营业中的网点。"),
        ("停靠站", "9", "发车后分钟", "车辆须在最后一站之后回到中心。"),
        ("停靠站", "10", "班线编号", "没有这个编号的干线或班线。"),
        ("停靠站", "11", "班线编号", "没有这个编号的干线或班线。"),
        ("停靠站", "11", "发车后分钟", "请填 0 到 999999 的整数，不带正负号。"),
        ("停靠站", "12", "班线编号", "请写明这一站属于哪条班线。"),
    ]
    assert client.post(page_of(found)).status_code == 422
    assert lines() == before


def test_anothers_line_is_refused_at_its_row(network, client):
    county = client_of(logistics.planner("430726000000"))
    data = changed(exported(client), ("干线", "H2", 55))

    found = sent(county, data)

    assert {(error["kind"], error["row"]) for error in found.errors} == {("LANES", 2)}
    assert county.post(page_of(found)).status_code == 422
    assert client.get(page_of(found)).status_code == 404, "what one sent is no other's"


def test_new_lanes_and_rounds_come_in_with_their_stops(network, client):
    fresh = villages.point("430726001001")
    book = load_workbook(io.BytesIO(exported(client)))
    shared = ["1234567", "09:30", 120, 30, 80, "常温、冷藏"]
    book["干线"].append(["", network.county.code, network.other_county.name, *shared])
    book["班线"].append(["new-1", network.county.code, "新班线", *shared])
    book["停靠站"].append(["new-1", fresh.code, 20])
    out = io.BytesIO()
    book.save(out)

    found = sent(client, out.getvalue())
    client.post(page_of(found))

    assert Lane.objects.get(code="L-430726-430723-0930").storage_classes == ["AMBIENT", "CHILLED"]
    made = Round.objects.get(name="新班线")
    assert list(made.stops.values_list("point", "offset_minutes")) == [(fresh.pk, 20)]


def test_stops_alone_change_stops_alone(network, client):
    round_ = Round.objects.filter(hub=network.county).order_by("departs").first()
    rows = list(csv.reader(io.StringIO(exported(client, "stops.csv").decode("utf-8-sig"))))
    for row in rows:
        if row[0] == round_.code:
            row[2] = "45"
    out = io.StringIO()
    csv.writer(out).writerows(rows)

    client.post(page_of(sent(client, out.getvalue().encode("gb18030"), name="stops.csv")))

    made = Round.objects.get(code=round_.code, valid_to=None)
    assert (made.valid_from, made.name, made.stops.get().offset_minutes) == (TOMORROW, round_.name, 45)


@pytest.fixture
def driven(network):
    """The county's two rounds with a driver each, the other county's with none."""
    people = [
        shop.user(name, phone=phone) for name, phone in (("向前进", "+8613700000005"), ("彭建国", "+8613700000006"))
    ]
    for each, person in zip(Round.objects.filter(hub=network.county).order_by("departs"), people, strict=True):
        Round.objects.filter(pk=each.pk).update(driver=person)
    return people


def row_of(data: bytes, sheet: str, code: str) -> int:
    cells = load_workbook(io.BytesIO(data))[sheet]["A"]
    return next(cell.row for cell in cells if cell.value == code)


@pytest.mark.parametrize("text", ["彭建国", "彭建国 …0006", "彭建国 0006", "13700000006", "137 0000 0006", 13700000006])
def test_a_driver_is_named_as_people_would(network, client, driven, text):
    code = Round.objects.get(driver=driven[0]).code
    data = exported(client)
    row = row_of(data, "班线", code)
    assert load_workbook(io.BytesIO(data))["班线"][f"J{row}"].value == "向前进 …0005"

    client.post(page_of(sent(client, changed(data, ("班线", f"J{row}", text)))))

    assert Round.objects.get(code=code, valid_from=TOMORROW).driver == driven[1]


def test_a_driver_who_has_never_driven_is_given_by_phone_alone_and_an_empty_cell_is_nobody(network, client, driven):
    fresh, code = shop.user("新司机", phone="+8613700000007"), Round.objects.get(driver=driven[0]).code
    data = exported(client)
    row = row_of(data, "班线", code)

    by_name = sent(client, changed(data, ("班线", f"J{row}", "新司机")))
    assert [(error["row"], error["text"]) for error in by_name.errors] == [
        (row, "本市州没有叫这个名字的司机，请填手机号。")
    ]
    client.post(page_of(sent(client, changed(data, ("班线", f"J{row}", "13700000007")))))
    assert Round.objects.get(code=code, valid_to=None).driver == fresh
    client.post(page_of(sent(client, changed(exported(client), ("班线", f"J{row}", None)))))
    assert Round.objects.that_run().get(code=code, valid_to=None).driver is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("13799999999", "没有用这个手机号的账号。"),
        ("谁也不是", "本市州没有叫这个名字的司机，请填手机号。"),
        ("彭建国 0000", "本市州没有叫这个名字的司机，请填手机号。"),
        ("向前进", "有不止一位司机叫这个名字，请填手机号。"),
        ("远方司机", "本市州没有叫这个名字的司机，请填手机号。"),
    ],
)
def test_a_driver_whom_nobody_knows_is_refused_at_the_row(network, client, driven, text, words):
    namesake, far = shop.user("向前进", phone="+8613700000008"), shop.user("远方司机", phone="+8613700000009")
    other = Round.objects.filter(hub=network.other_county).first()
    Round.objects.filter(pk=other.pk).update(driver=namesake)
    away = logistics.hub("430102000000")
    logistics.round_(away, dt.time(8), villages.point("430102001001"), driver=far)
    data = exported(client)
    row = row_of(data, "班线", Round.objects.get(driver=driven[1]).code)

    found = sent(client, changed(data, ("班线", f"J{row}", text)))

    assert [(e["kind"], e["row"], e["column"], e["text"]) for e in found.errors] == [
        ("ROUNDS", row, "司机（姓名或手机号）", words)
    ]


def test_a_phone_in_a_file_is_kept_sealed_and_comes_back_as_it_was_typed(network, client, driven):
    data = exported(client)
    row = row_of(data, "班线", Round.objects.get(driver=driven[0]).code)

    found = sent(client, changed(data, ("班线", f"J{row}", "13700000006"), ("班线", f"G{row}", "bald")))

    kept = str(SheetImport.objects.values_list("sheets", "errors").get(pk=found.pk))
    assert not [each for each in ("13700000006", "彭建国", "向前进") if each in kept]
    back = client.get(reverse("network:planning-import-file", args=[found.pk])).content
    assert load_workbook(io.BytesIO(back))["班线"][f"J{row}"].value == "13700000006"


def ends(code: str) -> list[tuple[dt.date, dt.date | None]]:
    model = timetables.model_of(code)
    return list(model.objects.that_run().filter(code=code).order_by("valid_from").values_list("valid_from", "valid_to"))


@pytest.mark.parametrize("text", ["2026-03-20", "2026/3/20", "2026年3月20日", dt.datetime(2026, 3, 20)])
def test_a_last_day_ends_the_line_after_it_and_an_empty_one_lets_it_go_on(client, text):
    lane = Lane.objects.order_by("code").first()
    data = exported(client)
    row = row_of(data, "干线", lane.code)

    client.post(page_of(sent(client, changed(data, ("干线", f"J{row}", text)))))
    assert ends(lane.code) == [(lane.valid_from, dt.date(2026, 3, 21))], "the line is the same until then"

    assert load_workbook(io.BytesIO(exported(client)))["干线"][f"J{row}"].value == "2026-03-20"
    client.post(page_of(sent(client, changed(exported(client), ("干线", f"J{row}", None)))))
    assert ends(lane.code) == [(lane.valid_from, None)]


@pytest.mark.parametrize(
    ("text", "words"), [("bald", "请填日期"), ("2026-02-30", "请填日期"), ("2026-03-01", "最后一天早于")]
)
def test_a_last_day_that_makes_no_sense_is_refused_at_its_row(client, text, words):
    found = sent(client, changed(exported(client), ("班线", "K3", text)))

    [error] = found.errors
    assert (error["kind"], error["row"], error["column"]) == ("ROUNDS", 3, "最后一天（不填为长期）")
    assert words in error["text"]


def test_a_file_of_before_these_columns_leaves_drivers_and_ends_alone(network, client, driven):
    Round.objects.filter(driver=driven[0]).update(valid_to=dt.date(2026, 4, 1))
    book = load_workbook(io.BytesIO(exported(client)))
    book["干线"].delete_cols(10)
    book["班线"].delete_cols(10, 2)
    book["班线"]["H2"] = 44
    out = io.BytesIO()
    book.save(out)
    code = book["班线"]["A2"].value
    before = Round.objects.get(code=code)

    found = sent(client, out.getvalue())
    assert len(sheets.read("a.xlsx", client.get(reverse("network:planning-import-file", args=[found.pk])).content)) == 3
    client.post(page_of(found))

    made = Round.objects.get(code=code, valid_from=TOMORROW)
    assert (made.crates, made.driver_id, made.valid_to) == (44, before.driver_id, before.valid_to)
    assert Round.objects.count() == 5, "no other line has changed"


def shaken(network, random: Random) -> None:
    """Change everything that a sheet can hold, at random."""
    people = [shop.user(name) for name in ("向前进", "向前进", "A. O'Neil", "", "=1+1")]
    people.append(User.objects.create_user(email="driver@example.com"))
    for row in (*Lane.objects.all(), *Round.objects.all()):
        row.code = f"{type(row).__name__[0]}{row.pk:04d}-{random.choice(['new', 'L', 'ü'])}"
        row.weekdays = "".join(sorted(random.sample("1234567", random.randint(1, 7))))
        row.storage_classes = random.sample(StorageClass.values, random.randint(1, 3))
        row.departs = dt.time(random.randrange(24), random.randrange(60))
        row.crates = random.randint(1, 5000)
        row.cutoff_minutes = random.randint(0, 720)
        row.valid_to = random.choice([None, None, TOMORROW, dt.date(2026, 3, 4), dt.date(2027, 1, 1)])
        if isinstance(row, Round):
            row.name = random.choice(["'quoted", "=x", "一号，二号", " 空格 ", "a;b"]).strip()
            row.driver = random.choice([None, *people])
        row.save()
        if row.valid_to is not None and random.random() < 0.5:
            draft = replace(drafts.of(row), crates=random.randint(1, 5000))
            made = timetables._written(draft, code=row.code, valid_from=row.valid_to, valid_to=None)
            type(row).objects.filter(pk=made.pk).update(valid_to=random.choice([None, dt.date(2028, 1, 1)]))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_lines_are_what_goes_out_changes_nothing_when_it_comes_back(network, planner, seed):
    shaken(network, Random(seed))
    tables = sheet_changes.export(planner, day=TOMORROW)
    files = [("a.xlsx", sheets.xlsx(tables)), *((f"{table.kind}.csv", sheets.as_csv(table)) for table in tables)]
    assert len(tables[0].rows) + len(tables[1].rows) > 3

    for name, data in files:
        back = sheets.read(name, data)
        assert name != "a.xlsx" or [table.rows for table in back] == [table.rows for table in tables]
        reading, _effect = sheet_changes.check(back, from_date=TOMORROW, by=planner, at=MONDAY, seen={})
        assert (reading.errors, reading.changes) == ([], []), name


def test_what_was_changed_after_the_file_was_sent_is_not_undone(client, planner):
    found = sent(client, changed(exported(client), ("干线", "H2", 55)))
    lane = Lane.objects.order_by("code").first()
    other = timetables.Change(lane.code, replace(drafts.of(lane), crates=77))
    timetables.apply([other], from_date=TOMORROW, by=planner, at=MONDAY)

    response = client.post(page_of(found))

    assert response.status_code == 422
    assert "有人刚改过这条" in response.content.decode()
    assert Lane.objects.that_run().get(code=lane.code, valid_to=None).crates == 77


def test_a_name_that_a_spreadsheet_would_run_comes_out_as_text_and_in_as_it_was(network, client):
    name = '=HYPERLINK("x")'
    Round.objects.filter(hub=network.county).update(name=name)

    data = exported(client)

    names = [cell.value for cell in load_workbook(io.BytesIO(data))["班线"]["C"]]
    assert f"'{name}" in names
    assert f"'{name}" in exported(client, "rounds.csv").decode().replace('""', '"')
    assert sent(client, data).errors == []
    assert sheet_rows.read(sheets.read("a.xlsx", data), from_date=TOMORROW, seen={}).changes == []


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * (sheets.MOST_UNPACKED_BYTES + 1))
    return out.getvalue()


def entities() -> bytes:
    """A workbook whose parts declare entities that name each other."""
    book = Workbook()
    out, bad = io.BytesIO(), io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as good, zipfile.ZipFile(bad, "w") as packed:
        for name in good.namelist():
            text = good.read(name)
            if name == "xl/workbook.xml":
                text = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + text.replace(b"Sheet", b"&b;")
            packed.writestr(name, text)
    return bad.getvalue()


def long() -> bytes:
    return ("\n" * (sheets.MOST_ROWS + 2)).encode()


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("a.xlsx", lambda: b"no spreadsheet", "这不是表格文件"),
        ("a.xlsx", lambda: b"PK\x03\x04" + b"\x00" * 40, "这不是表格文件"),
        ("a.xlsx", bomb, "解压后过大"),
        ("a.xlsx", entities, "这不是表格文件"),
        ("a.xlsx", lambda: b"0" * (sheets.MOST_BYTES + 1), "文件太大"),
        ("a.csv", long, "表太长"),
        ("a.csv", lambda: b"a,b\n1,2\n", "没有干线、班线或停靠站的表"),
        ("a.csv", lambda: b"\xff\xff\xff\x00", "这不是表格文件"),
        ("a.csv", lambda: b"", "这个文件是空的"),
    ],
    ids=["text", "broken-zip", "bomb", "entities", "large", "long", "foreign", "bytes", "empty"],
)
def test_a_file_that_is_none_of_ours_is_refused_in_words(client, name, make, words):
    response = client.post(UPLOAD, {"file": SimpleUploadedFile(name, make()), "from_date": "2026-03-03"})

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not SheetImport.objects.exists()


def test_no_file_and_no_day_are_asked_for(client):
    text = client.post(UPLOAD, {"from_date": "bald"}).content.decode()

    assert "请选择文件。" in text
    assert "请填日期" in text


def test_a_file_for_today_is_refused_whole(client):
    found = sent(client, changed(exported(client), ("干线", "H2", 55)), day="2026-03-02")

    assert [error["text"] for error in found.errors] == ["改动最早从明天起生效，最迟在两年之内。"]


def test_whoever_plans_nothing_gets_no_file(network):
    assert client_of(shop.user()).get(UPLOAD).status_code == 404


def test_a_table_that_stands_twice_is_refused():
    book = Workbook()
    for _number in range(2):
        book.create_sheet().append([str(words) for words in sheets.LAYOUTS["STOPS"].columns.values()])
    out = io.BytesIO()
    book.save(out)

    with pytest.raises(UnableToReadSheet):
        sheets.read("a.xlsx", out.getvalue())
