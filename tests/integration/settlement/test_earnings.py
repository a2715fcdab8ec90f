"""What points earn: booked with the collection, paid by the commission, taken back with refunds, counted by channel."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse

from core import clock, invariants
from logistics.services.collections import Outcome
from logistics.states import CollectionProof
from marketplace.claims.models import Claim
from marketplace.claims.services import refunds
from marketplace.claims.services.moving import locked
from marketplace.counter.services import handover
from marketplace.order.models import Order
from marketplace.order.services.freezing import Source
from marketplace.order.states import Channel
from marketplace.samples import links
from marketplace.settlement import ledger
from marketplace.settlement import queries as settlement
from marketplace.settlement.models import Posting
from marketplace.settlement.states import AccountKind
from marketplace.statistics import queries as statistics
from marketplace.statistics.models import ChannelDay
from marketplace.statistics.queries import Figures
from tests.factories import claims as factories
from tests.factories import counter as counters
from tests.factories import shop
from tests.factories.counter import Counter, qr_of
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db

COLLECTED = MONDAY + dt.timedelta(days=2)
PARCEL, PERMILLE, FEE = 30, 5, 50


@pytest.fixture(autouse=True)
def _rates(settings, monkeypatch):
    settings.POINT_FEN_PER_PARCEL, settings.POINT_SAMPLE_PERMILLE = PARCEL, PERMILLE
    settings.POINT_FEN_PER_PROXY_ORDER = FEE
    monkeypatch.setattr(clock, "now", lambda: COLLECTED)


@pytest.fixture
def counter() -> Counter:
    return counters.counter()


def placed(counter: Counter, *, channel: Channel, quantity: int = 2, point=None) -> Order:
    """Return an order of ¥10 a piece that waits at the point, by a sample of a point or by its operator."""
    product = shop.listing(counter.shop.seller, price_fen=1000)
    source = Source(channel, (point or counter.point).pk, links.frozen(1, 1) if channel == Channel.SAMPLE else "")
    by_sample = channel == Channel.SAMPLE
    return shop.at_point(
        shop.placing.place(
            shop.basket(product, quantity=quantity),
            point_id=counter.point.pk,
            contact=shop.contact(),
            by=None if by_sample else counter.operator,
            at=MONDAY,
            **({"samples": {product.pk: source}} if by_sample else {"source": source}),
        )
    )


def collect(counter: Counter, order: Order, **outcome: int):
    line = order.consignments.get().lines.get()
    outcomes = {line.pk: Outcome(**outcome)} if outcome else {}
    handover.hand_over(
        order, point=counter.point, outcomes=outcomes, proof=CollectionProof.QR, code=qr_of(order),
        nonce=f"n{order.pk}", by=counter.operator, at=COLLECTED,
    )  # fmt: skip
    return order.consignments.get().lines.select_related("order_line").get()


def earned(counter: Counter) -> int:
    return ledger.balance(AccountKind.POINT, party_id=counter.point.pk)


def refund(line, *, fen: int, units: int = 1) -> Claim:
    claim = factories.claim(line, units=units, at=COLLECTED)
    with transaction.atomic():
        return refunds.grant(locked(claim), refund_fen=fen, by="test", at=COLLECTED)


def test_nothing_is_earned_before_the_collection_and_a_parcel_by_it(counter):
    order = counter.waiting()
    before = earned(counter)

    collect(counter, order)

    assert (before, earned(counter)) == (0, PARCEL)
    assert ledger.balance(AccountKind.COMMISSION) == 180 - PARCEL
    assert invariants.findings() == []


def test_a_parcel_is_paid_for_also_where_everything_is_rejected(counter):
    order = placed(counter, channel=Channel.SAMPLE)

    collect(counter, order, taken=0, short=0, rejected=2, reason="NOT_WANTED")

    assert earned(counter) == PARCEL
    assert invariants.findings() == []


def test_a_sample_earns_its_share_of_what_was_taken(counter):
    order = placed(counter, channel=Channel.SAMPLE, quantity=3)

    collect(counter, order, taken=2, short=1, rejected=0, reason="MISSING")

    assert earned(counter) == PARCEL + 10
    assert invariants.findings() == []


def test_an_order_for_somebody_earns_its_fee_once(counter):
    collect(counter, placed(counter, channel=Channel.PROXY))

    assert earned(counter) == PARCEL + FEE
    assert invariants.findings() == []


def test_an_order_of_which_nothing_was_taken_earns_no_fee(counter):
    order = placed(counter, channel=Channel.PROXY)

    collect(counter, order, taken=0, short=0, rejected=2, reason="NOT_WANTED")

    assert earned(counter) == PARCEL


def test_refunds_take_a_samples_share_back_bit_by_bit_to_nothing(counter, settings):
    line = collect(counter, placed(counter, channel=Channel.SAMPLE, quantity=3))
    full = earned(counter)
    settings.POINT_SAMPLE_PERMILLE = 500  # what was booked is given back, whatever the rate is by now

    refund(line, fen=1000)
    after_one = earned(counter)
    refund(line, fen=2000, units=2)

    assert (full, after_one, earned(counter)) == (PARCEL + 15, PARCEL + 10, PARCEL)
    assert invariants.findings() == []


def test_the_fee_is_taken_back_when_all_is_refunded_and_not_before(counter):
    line = collect(counter, placed(counter, channel=Channel.PROXY))

    refund(line, fen=1000)
    after_one = earned(counter)
    refund(line, fen=1000)

    assert (after_one, earned(counter)) == (PARCEL + FEE, PARCEL)
    assert invariants.findings() == []


def test_without_the_points_account_m1_would_find_the_earnings(counter, monkeypatch):
    collect(counter, placed(counter, channel=Channel.PROXY))
    monkeypatch.setattr(
        "marketplace.settlement.invariants.EARNING", {AccountKind.SELLER_PAYABLE, AccountKind.COMMISSION}
    )

    assert [finding.code for finding in invariants.findings()] == ["M1"]


def test_the_page_shows_each_day_with_its_entries_and_the_months_total(counter):
    line = collect(counter, placed(counter, channel=Channel.SAMPLE))
    refund(line, fen=2000, units=2)
    collect(counter, placed(counter, channel=Channel.PROXY))

    page = counter.client().get(reverse("counter:earnings")).content.decode()
    before = counter.client().get(reverse("counter:earnings"), {"month": "2026-02"}).content.decode()

    (day,) = settlement.earnings_of(counter.point.pk, month=dt.date(2026, 3, 1))
    assert sorted(entry.fen for entry in day.entries) == [-10, 10, 30, 30, 50]
    assert day.fen == earned(counter) == 110
    for words in ("1.10", "看样提成扣回", "代客", "日结"):
        assert words in page
    assert "这个月还没有收益" in before


def test_sales_are_counted_for_the_point_whose_sample_it_was(counter):
    elsewhere = counter.shop.network.stop
    collect(counter, placed(counter, channel=Channel.SAMPLE, point=elsewhere))
    collect(counter, placed(counter, channel=Channel.PROXY))
    collect(counter, counter.waiting())

    assert invariants.findings() == []  # the readers have read, and a recount is equal

    period = statistics.periods(clock.today())["month"]
    theirs = statistics.by_channel(statistics.channels_at(elsewhere.pk, period=period))
    assert theirs == {"SAMPLE": Figures(2000, 2, 2000), "PROXY": Figures()}
    assert {row.channel for row in ChannelDay.objects.filter(point_id=counter.point.pk)} == {"PROXY"}
    everywhere = statistics.by_channel(statistics.channels_of("430000000000", period=period))
    assert {name: figures.taken_fen for name, figures in everywhere.items()} == {"SAMPLE": 2000, "PROXY": 2000}
    assert Posting.objects.filter(credit__party_id=elsewhere.pk, kind="POINT_SAMPLE").get().amount_fen == 10


def test_a_wrong_count_of_a_channel_is_found(counter):
    collect(counter, placed(counter, channel=Channel.PROXY))
    invariants.findings()

    ChannelDay.objects.filter(taken_units=2).update(taken_units=99)

    (finding,) = invariants.findings()
    assert (finding.code, finding.subject.split()[0]) == ("R1", "channels")
