"""The province's figures: sums agree, staff see their own division, and all of it recounts."""

import datetime as dt
import re

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Sum
from django.test import Client
from django.urls import reverse

from core import clock, events, invariants
from core.events import Event
from logistics.models import Collection
from logistics.states import CollectionProof
from marketplace.counter.services import handover
from marketplace.order import history
from marketplace.order.models import Order
from marketplace.statistics import promises, queries, recount
from marketplace.statistics.models import OrdersDay, SalesDay
from marketplace.statistics.services import rollups
from marketplace.users.models import StaffAssignment
from marketplace.wording import yuan_text
from tests.factories import shop, villages
from tests.factories.counter import qr_of
from tests.factories.shop import MONDAY
from villages import known_names

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 4)
NOON = dt.datetime(2026, 3, 4, 12, tzinfo=clock.BEIJING)


@pytest.fixture
def sold(monkeypatch):
    """Two sellers in two counties of Changde sold something on 4 March."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    monkeypatch.setattr(known_names, "names", _names)
    made = shop.shop()
    other = shop.seller(made.point)
    operator = shop.operator(made.point)
    for seller, price, path in ((made.seller, 5000, "水果/柑橘"), (other, 3000, "茶叶/绿茶")):
        order = shop.at_point(shop.order(made.point, shop.listing(seller, price_fen=price, path=path), quantity=2))
        handover.hand_over(
            order, point=made.point, outcomes={}, proof=CollectionProof.QR,
            code=qr_of(order), nonce=order.number, by=operator, at=NOON,
        )  # fmt: skip
    events.publish()
    rollups.read_events()
    return made


def _names() -> dict[str, str]:
    return {
        "430000000000": "湖南省", "430100000000": "长沙市", "430700000000": "常德市",
        "430723000000": "澧县", "430726000000": "石门县", "430102000000": "芙蓉区",
    }  # fmt: skip


def page(division: str, **query):
    person = shop.user()
    villages.division(division, level="COUNTY" if division[4:6] != "00" else "PREFECTURE")
    StaffAssignment.objects.create(user=person, division_id=division, since=MONDAY)
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client.get(reverse("statistics:index"), query)


def test_the_figures_at_the_head_are_as_exact_as_the_sum_below_them(sold):
    one = SalesDay.objects.filter(taken_fen__gt=0).values("pk")[:1]
    SalesDay.objects.filter(pk__in=one).update(taken_fen=F("taken_fen") + 50)  # what rounding would hide
    total = yuan_text(SalesDay.objects.aggregate(total=Sum("taken_fen"))["total"])
    assert total.endswith(".50")

    text = page("430000000000").content.decode()

    assert re.findall(r'<div class="v"><span class="yuan"><i class="yen">¥</i>([^<]*)</span>', text) == [total] * 4
    assert f">{total}</span>" in text[text.index("data-total") :].replace("</i>", ">")


def test_orders_and_consignments_name_their_unit(sold):
    text = page("430000000000").content.decode()

    assert "<small>单</small>" in text
    assert "运单：已提 2 个，取消 0 个，逾期未提 0 个" in text


def test_prefectures_counties_categories_and_days_have_one_sum(sold):
    period = queries.periods(TODAY)["month"]
    counties = queries.by_county(queries.cells(queries.PROVINCE, period=period))
    prefectures = queries.places(queries.PROVINCE, counties)
    of_changde = queries.places("430700000000", queries.by_county(queries.cells("430700000000", period=period)))
    categories = queries.by_category(queries.cells(queries.PROVINCE, period=period))
    by_day = queries.days(queries.PROVINCE, today=TODAY, period=period)
    days = queries.by_day(by_day, today=TODAY)
    heads = queries.heads(by_day, today=TODAY, period=period)

    sums = {
        sum(figures.taken_fen for figures in counties.values()),
        sum(part.figures.taken_fen for part in prefectures),
        sum(part.figures.taken_fen for part in of_changde),
        sum(figures.taken_fen for _name, figures, _share in categories),
        sum(figures.taken_fen for _day, figures in days),
        heads.today.taken_fen, heads.month.taken_fen, heads.year.taken_fen,
        SalesDay.objects.aggregate(total=Sum("taken_fen"))["total"],
    }  # fmt: skip
    assert sums == {16_000}
    assert {part.name: part.figures.taken_fen for part in of_changde} == {"石门县": 10_000, "澧县": 6_000}
    assert [part.step for part in prefectures if part.figures.taken_fen] == [5]


@pytest.mark.parametrize("place", [queries.PROVINCE, "430700000000", "430726000000"])
def test_orders_and_promises_come_from_one_query(sold, place, django_assert_num_queries):
    period = queries.periods(TODAY)["year"]
    counted = OrdersDay.objects.filter(point_county__startswith=place.rstrip("0"))
    arrived = promises.kept(place, period=period).aggregate(n=Sum("arrived", default=0))["n"]

    with django_assert_num_queries(1):
        orders, parts = promises.with_orders(place, period=period)

    assert orders == {name: counted.aggregate(n=Sum(name, default=0))["n"] for name in queries.ORDERS}
    assert promises.with_orders(queries.PROVINCE, period=period)[0]["placed"] == 2
    assert sum(part.arrived for part in parts) == arrived


def test_placing_and_collecting_are_counted_on_their_own_days(sold):
    monday = queries.Period(MONDAY.date(), MONDAY.date())
    by_day = queries.days(queries.PROVINCE, today=TODAY, period=monday)
    placed = queries.heads(by_day, today=TODAY, period=monday)
    assert (placed.period.placed_fen, placed.period.taken_fen) == (16_000, 0)
    assert placed.today.placed_fen == 0


def test_a_county_sees_its_own_sales_only(sold):
    text = page("430726000000").content.decode()
    assert "100.00" in text
    assert "160.00" not in text
    assert "60.00" not in text


def test_a_prefecture_sees_its_counties(sold):
    text = page("430700000000").content.decode()
    assert "160.00" in text
    assert "石门" in text


@pytest.mark.parametrize("place", ["430700000000", "430723000000", "430000000000", "999999999999", "x"])
def test_a_division_outside_is_a_404(sold, place):
    assert page("430726000000", place=place).status_code == 404


def test_a_year_ago_is_compared(sold):
    leap = queries.Period(dt.date(2024, 2, 29), dt.date(2024, 3, 4)).year_before()
    assert leap == queries.Period(dt.date(2023, 2, 28), dt.date(2023, 3, 4))


def arrived(county: str, *, promised: dt.datetime, handed_over: dt.datetime) -> Event:
    payload = {
        "point_county": county,
        "promised_at": promised.isoformat(),
        "handed_over_from": handed_over.isoformat(),
    }
    return Event(name="consignment.arrived", occurred_at=NOON, payload=payload)


def test_what_could_be_handed_over_by_the_promise_was_in_time():
    minute = dt.timedelta(minutes=1)
    rollups.apply(
        [
            arrived("430726000000", promised=NOON, handed_over=NOON),
            arrived("430726000000", promised=NOON, handed_over=NOON + minute),
            arrived("430723000000", promised=NOON + minute, handed_over=NOON),
            Event(name="consignment.arrived", occurred_at=NOON, payload={"point": 1}),
        ]
    )

    month = dt.date(2026, 3, 1)
    assert recount.promises_rolled_up() == {
        (month, "430726000000"): {"arrived": 2, "in_time": 1},
        (month, "430723000000"): {"arrived": 1, "in_time": 1},
    }


def test_the_recount_command_proves_the_rollups(sold, capsys):
    call_command("recount_sales")
    assert "equal" in capsys.readouterr().out

    SalesDay.objects.filter(taken_fen__gt=0).update(taken_units=99)
    with pytest.raises(CommandError):
        call_command("recount_sales")


@pytest.mark.parametrize("column", ["placed", "collected", "cancelled", "expired"])
def test_a_wrong_figure_of_orders_is_found(sold, column):
    assert recount.differences() == []
    row = OrdersDay.objects.filter(placed__gt=0).first()
    OrdersDay.objects.filter(pk=row.pk).update(**{column: F(column) + 7})

    ((what, key, ours, true),) = recount.differences()

    assert (what, key) == ("orders", (row.day, row.point_county))
    assert ours[column] == true[column] + 7
    assert [finding.code for finding in invariants.findings(["R1"])] == ["R1"]


def test_history_keeps_every_promise_and_recounts(monkeypatch):
    now = dt.datetime(2026, 6, 1, 12, tzinfo=clock.BEIJING)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(history, "DAYS", 40)
    made = shop.shop()
    for number in range(4):
        shop.listing(made.seller, path=f"水果/{number}", storage_class=("AMBIENT", "CHILLED")[number % 2])

    written = history.load(until=dt.date(2026, 6, 1))
    again = history.load(until=dt.date(2026, 6, 1))
    events.publish(limit=100_000)
    while rollups.read_events():
        pass

    assert (written, again) == (Order.objects.count(), 0)
    assert written > 300
    assert set(Order.objects.values_list("contact_phone", flat=True)) == {""}
    assert Collection.objects.count() > 250
    assert recount.differences() == []
    assert invariants.findings() == []
