"""Claims of orders whose point has closed: they go on at the nearest open one."""

import datetime as dt

import pytest
from django.urls import reverse

from core import clock, events, invariants
from logistics.models import GoodsReturn
from logistics.services.steps import NotTheirs
from marketplace.claims import proofs, queries
from marketplace.claims.models import Claim
from marketplace.claims.services import claims, counters, refunds
from marketplace.claims.states import Answer, ClaimReason, ClaimState, Wish
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from tests.factories import claims as factories
from tests.factories import counter as counting
from tests.factories import shop, villages
from tests.factories.claims import COLLECTED
from villages.models import PickupPoint
from villages.states import PointState

pytestmark = pytest.mark.django_db
NOW = COLLECTED + dt.timedelta(hours=2)


@pytest.fixture(autouse=True)
def at_its_time(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def counter():
    return counting.counter()


@pytest.fixture
def next_door(counter):
    PickupPoint.objects.filter(pk=counter.shop.network.stop.pk).update(longitude=112)
    return villages.point("430723001002", name="隔壁小店", longitude=111.001)


def closed(counter) -> None:
    PickupPoint.objects.filter(pk=counter.point.pk).update(state=PointState.CLOSED)


def granted(counter, **fields) -> Claim:
    farmer = shop.user()
    counter.shop.seller.users.add(farmer)
    claim = factories.claim(factories.collected(counter), **fields)
    claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)
    claim.refresh_from_db()
    return claim


def test_money_that_waits_at_a_closed_point_is_paid_at_the_nearest_and_the_buyer_is_told(counter, next_door):
    claim = granted(counter)
    assert (claim.state, counters.leave_closed_points(by="test", at=NOW)) == (ClaimState.TO_PAY, 0)
    closed(counter)

    assert counters.leave_closed_points(by="test", at=NOW) == 1
    assert counters.leave_closed_points(by="test", at=NOW) == 0
    claim.refresh_from_db()
    assert claim.point == next_door
    events.publish()
    reading.read_events(at=NOW)
    body = Message.objects.get(name="claim.point_changed", channel="SMS").body
    assert next_door.name in body
    assert next_door.address in body
    assert queries.steps_of(claim)[-1].detail == next_door.name

    proof = {"proof": proofs.code_of(claim.number), "at": NOW}
    with pytest.raises(NotTheirs):
        refunds.pay_out(claim, point=counter.point, by=counter.operator, **proof)
    other = shop.operator(next_door)
    refunds.pay_out(claim, point=next_door, by=other, **proof)
    assert invariants.findings(["L1", "M1", "S1"]) == []


def test_goods_are_taken_in_where_the_claim_went_and_travel_back_from_there(counter, next_door):
    claim = granted(counter, reason=ClaimReason.NOT_WANTED, wish=Wish.RETURN, with_photo=False)
    closed(counter)
    counters.leave_closed_points(by="test", at=NOW)
    claim.refresh_from_db()

    refunds.take_in(claim, point=next_door, by=shop.operator(next_door), at=NOW)

    assert GoodsReturn.objects.get().point == next_door


def test_a_claim_of_an_order_of_a_closed_point_is_opened_at_the_nearest(counter, next_door):
    line = factories.collected(counter)
    closed(counter)

    assert factories.claim(line).point == next_door


def test_where_no_point_is_open_a_claim_stays(counter):
    claim = granted(counter)
    PickupPoint.objects.update(state=PointState.CLOSED)

    assert counters.leave_closed_points(by="test", at=NOW) == 0
    claim.refresh_from_db()
    assert claim.point == counter.point


def test_what_has_ended_stays_where_it_was(counter, next_door):
    claim = granted(counter)
    refunds.pay_out(claim, point=counter.point, proof=proofs.code_of(claim.number), by=counter.operator, at=NOW)
    closed(counter)

    assert counters.leave_closed_points(by="test", at=NOW) == 0


def test_a_closed_point_says_so_to_its_operators(counter):
    closed(counter)

    assert "这个网点已经关停" in counter.client().get(reverse("counter:index")).content.decode()
