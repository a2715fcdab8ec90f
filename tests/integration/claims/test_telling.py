"""What buyers and sellers are told of claims and returns, each once."""

import pytest

from core import events
from logistics.services import goods_returns
from marketplace.claims import proofs
from marketplace.claims.services import claims, refunds
from marketplace.claims.states import Answer, Wish
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.communication.states import MessageChannel
from tests.factories import claims as factories
from tests.factories import counter as counters
from tests.factories import shop
from tests.factories.claims import COLLECTED

pytestmark = pytest.mark.django_db


@pytest.fixture
def counter():
    return counters.counter()


@pytest.fixture
def farmer(counter):
    person = shop.user(phone="+8613899990001")
    counter.shop.seller.users.add(person)
    return person


def read() -> None:
    events.publish()
    while reading.read_events(at=COLLECTED):
        pass


def told(name: str, channel: str = MessageChannel.SMS) -> list[str]:
    return [message.body for message in Message.objects.filter(name=name, channel=channel).order_by("pk")]


def test_the_seller_is_told_of_a_claim_and_each_of_two_claims_is_told_of(counter, farmer):
    line = factories.collected(counter)
    first, second = factories.claim(line, words="我是陈小满"), factories.claim(line)

    claims.answer(first, answer=Answer.ACCEPT, by=farmer, at=COLLECTED)
    claims.answer(second, answer=Answer.ACCEPT, by=farmer, at=COLLECTED)
    read()
    read()

    to_seller = Message.objects.filter(name="claim.opened")
    assert [message.recipient for message in to_seller] == [farmer.phone] * 2
    assert not [body for body in told("claim.opened") if "陈小满" in body]
    assert len(told("claim.to_pay")) == len(told("claim.to_pay", MessageChannel.PAGE)) == 2
    assert "¥10.00" in told("claim.to_pay")[0]


def test_a_part_and_a_refusal_are_told_apart(counter, farmer):
    line = factories.collected(counter)

    claims.answer(factories.claim(line), answer=Answer.OFFER, offered_fen=250, by=farmer, at=COLLECTED)
    claims.answer(factories.claim(line), answer=Answer.REFUSE, words="否", by=farmer, at=COLLECTED)
    read()

    part, refusal = told("claim.answered")
    assert "愿退 ¥2.50" in part
    assert "没有同意" in refusal


def test_the_seller_is_told_when_goods_are_back_at_the_stop(counter, farmer):
    claim = factories.claim(factories.collected(counter), wish=Wish.RETURN)
    claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=COLLECTED)
    back = refunds.take_in(claim, point=counter.point, by=counter.operator, at=COLLECTED)
    goods_returns.drop(back, nonce="d", by="test", at=COLLECTED)
    read()

    assert len(told("claim.returning")) == len(told("claim.sent_back")) == 1
    assert counter.shop.network.stop.name in told("goods_return.dropped")[0]


def test_the_seller_is_told_what_others_do_about_a_claim(counter, farmer):
    line, staff = factories.collected(counter), shop.user(is_staff=True)
    number = line.consignment.number
    refused, granted = factories.claim(line), factories.claim(line)
    for claim, decision in ((refused, Answer.REFUSE), (granted, Answer.ACCEPT)):
        claim = claims.answer(claim, answer=Answer.REFUSE, words="发货时完好", by=farmer, at=COLLECTED)
        claim = claims.escalate(claim, by=None, at=COLLECTED)
        claim = claims.decide(claim, decision=decision, wish=Wish.REFUND, words="看过照片", by=staff, at=COLLECTED)
    code = proofs.code_of(claim.number)
    refunds.pay_out(claim, point=counter.point, proof=code, by=counter.operator, at=COLLECTED)
    read()

    def to_seller(name: str) -> list[str]:
        return [row.body for row in Message.objects.filter(name=name, order_number="").order_by("pk")]

    assert to_seller("claim.escalated") == [f"【湘品网上行】运单 {number} 的售后已交平台处理。"] * 2
    assert to_seller("claim.rejected") == [f"【湘品网上行】平台驳回了运单 {number} 的售后，货款不变。"]
    assert to_seller("claim.refunded") == [f"【湘品网上行】运单 {number} 的售后已退给买家 ¥10.00。"]
