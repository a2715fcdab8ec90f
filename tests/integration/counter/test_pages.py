"""What the counter's pages show, and at what price in queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from logistics.models import Collection, Consignment, Parcel
from logistics.states import ConsignmentState, ParcelState
from marketplace.counter import queries
from marketplace.counter.services import handover
from tests.factories import shop
from tests.factories.counter import code_of
from tests.integration.counter.conftest import NOW


def count(client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("url", [reverse("counter:waiting"), reverse("counter:index"), reverse("counter:receive")])
def test_the_lists_cost_few_queries_whatever_their_length(counter, url):
    counter.waiting(lines=2)
    counter.coming()
    client = counter.client()
    few = count(client, url)

    for _ in range(6):
        counter.waiting(lines=2)
        counter.coming()
    Consignment.objects.filter(state=ConsignmentState.PACKED).update(planned_at=NOW)

    assert count(client, url) <= 8 + (url != reverse("counter:waiting")) * 4
    if url != reverse("counter:receive"):
        assert count(client, url) == few


def test_what_waits_is_listed_by_time_by_shelf_and_by_phone(counter):
    first = counter.waiting(phone="+8613874129000")
    second = counter.waiting(phone="+8613874121000")
    Parcel.objects.filter(consignment__order=first).update(shelf="A-02")
    Consignment.objects.filter(order=second).update(collect_by=NOW + dt.timedelta(days=9))
    client = counter.client()

    def order_by(by: str) -> list[str]:
        page = client.get(reverse("counter:waiting"), {"by": by}).content.decode()
        return sorted((first.number, second.number), key=page.index)

    assert order_by("due") == [first.number, second.number]
    assert order_by("shelf") == [second.number, first.number]
    assert order_by("phone") == [second.number, first.number]
    assert order_by("nonsense") == order_by("due")


@pytest.mark.parametrize("name", ["counter:waiting", "counter:index", "counter:find"])
def test_a_row_says_whether_it_is_due_or_was(counter, name):
    counter.waiting(phone="+8613874122260")
    client = counter.client()

    def shown() -> str:
        return client.get(reverse(name), {"tail": "2260"}).content.decode()

    Consignment.objects.update(collect_by=NOW + dt.timedelta(minutes=1))
    assert "到期" in shown() and "已到期" not in shown()
    Consignment.objects.update(collect_by=NOW)
    assert "12:00 已到期" in shown()


def test_a_row_says_what_is_to_be_paid(counter):
    counter.waiting(quantity=2, lines=2, phone="+8613874122260")

    row = queries.waiting(counter.point)[0]

    assert (row.due_fen, row.parcels, row.shelves, row.name) == (4 * 4500 + 600, 1, ["A-01"], "张**")
    assert len(row.goods) == 2


def test_a_parcel_that_waits_for_another_one_cannot_be_handed_over_yet(counter):
    order = counter.waiting(quantity=2)
    here = Parcel.objects.get()
    Parcel.objects.create(
        number="1234567890123", consignment=here.consignment, sequence=2, crates=1, packed_at=NOW, state="LOADED"
    )
    Consignment.objects.update(state=ConsignmentState.IN_TRANSIT, collect_by=None)

    page = counter.client().get(reverse("counter:waiting")).content.decode()

    assert "还有 1 件没到" in page
    assert reverse("counter:order", args=[order.number]) not in page


def test_nothing_of_another_point_is_listed(counter, elsewhere):
    order = counter.waiting(phone="+8613874122260")
    counter.coming()

    for name in ("counter:index", "counter:waiting", "counter:receive"):
        page = elsewhere.client().get(reverse(name)).content.decode()
        assert order.number not in page
        assert "2260" not in page
        assert not [number for number in Parcel.objects.values_list("number", flat=True) if number in page]


def test_the_days_figures_add_up(counter):
    order = counter.waiting(quantity=2)
    counter.waiting()
    coming = counter.coming()
    Consignment.objects.filter(order=coming).update(planned_at=NOW + dt.timedelta(hours=3))
    handover.hand_over(
        order,
        point=counter.point,
        outcomes={},
        proof="TYPED_CODE",
        code=code_of(order),
        nonce="n1",
        by=counter.operator,
        at=NOW,
    )

    assert queries.today(counter.point, at=NOW) == queries.Today(
        expected=1, received=2, waiting=1, handed_over=1, cash_fen=9600
    )
    tomorrow = NOW + dt.timedelta(days=1)
    assert queries.today(counter.point, at=tomorrow) == queries.Today(
        expected=1, received=0, waiting=1, handed_over=0, cash_fen=0
    )
    assert Collection.objects.count() == 1


def test_an_arrival_says_how_many_are_received_and_when_it_is_late(counter):
    order = counter.coming()
    leg = order.consignments.get().legs.last()
    before, after = leg.arrives_at - dt.timedelta(minutes=1), leg.arrives_at + dt.timedelta(minutes=1)

    (arrival,) = queries.arrivals(counter.point, at=before)
    assert (arrival.parcels, arrival.received, arrival.loaded, arrival.is_late) == (1, 0, 0, False)
    assert queries.arrivals(counter.point, at=after)[0].is_late
    Parcel.objects.update(state=ParcelState.LOADED, departure=leg.departure)
    assert queries.arrivals(counter.point, at=before)[0].loaded == 1
    Parcel.objects.update(state=ParcelState.AT_POINT)
    assert queries.arrivals(counter.point, at=after)[0].is_complete
    assert queries.arrivals(counter.point, at=before - dt.timedelta(days=1)) == []
    assert queries.arrivals(counter.shop.network.stop, at=before) == []


def test_what_falls_due_within_a_day_is_on_the_first_page(counter):
    order = counter.waiting(phone="+8613874122260")
    client = counter.client()
    assert "一天内到期" not in client.get(reverse("counter:index")).content.decode()

    order.consignments.update(collect_by=NOW + dt.timedelta(hours=8))

    page = client.get(reverse("counter:index")).content.decode()
    assert "一天内到期" in page
    assert "尾号 2260" in page


def test_every_page_works_in_english(counter):
    order, coming = counter.waiting(), counter.coming()
    client = counter.client()
    client.cookies["django_language"] = "en"
    parcel = Parcel.objects.get(consignment__order=coming)
    urls = [reverse(f"counter:{name}") for name in ("index", "receive", "waiting", "find")]
    urls += [
        reverse("counter:order", args=[order.number]),
        reverse("counter:order", args=[coming.number]),
        reverse("counter:receive-parcel", args=[parcel.number]),
    ]

    for url in urls:
        page = client.get(url).content.decode()
        assert "Hand over" in page
        assert "交货" not in page


def test_the_seller_and_the_buyer_have_no_counter(counter):
    stranger = shop.user()

    for name in ("index", "receive", "waiting", "find"):
        assert counter.client(stranger).get(reverse(f"counter:{name}")).status_code == 404
