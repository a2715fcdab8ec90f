"""A claim's way from the buyer's word to the money, with the promises checked after every step."""

import datetime as dt

import pytest
from django.urls import reverse

from core import clock, invariants
from core.models import Event
from core.storage_class import StorageClass
from logistics.models import ConsignmentLine, GoodsReturn
from logistics.services import goods_returns
from logistics.services.steps import NotTheirs
from logistics.states import ReturnReason, ReturnState
from marketplace.claims import proofs
from marketplace.claims.models import Claim, Payout
from marketplace.claims.services import claims, goods_back, refunds
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.services.refunds import UnableToPayOut
from marketplace.claims.states import Answer, ClaimReason, ClaimState, Wish
from marketplace.counter.services import cash
from marketplace.order.models import Order
from marketplace.order.states import PaymentMethod
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import claims as factories
from tests.factories import counter as counters
from tests.factories import shop
from tests.factories.claims import COLLECTED

pytestmark = pytest.mark.django_db
NOW = COLLECTED + dt.timedelta(hours=2)


def hours(n: float) -> dt.timedelta:
    return dt.timedelta(hours=n)


@pytest.fixture(autouse=True)
def at_its_time(monkeypatch):
    """The checks look at due times by this clock."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture(autouse=True)
def sound():
    """The promises hold at the end of each test too."""
    yield
    assert invariants.findings() == []


@pytest.fixture
def counter():
    return counters.counter()


@pytest.fixture
def line(counter):
    return factories.collected(counter)


@pytest.fixture
def farmer(counter):
    person = shop.user()
    counter.shop.seller.users.add(person)
    return person


def fen(kind: AccountKind, party_id: int = 0) -> int:
    return ledger.balance(kind, party_id=party_id)


def refunded(line) -> tuple[int, int, int]:
    line = ConsignmentLine.objects.get(pk=line.pk)
    return line.taken, line.returned, line.refunded


def pay(claim, counter, **changes) -> Payout:
    claim.refresh_from_db()
    arguments = {"point": counter.point, "proof": proofs.code_of(claim.number), "by": counter.operator, "at": NOW}
    return refunds.pay_out(claim, **arguments | changes)


def test_an_accepted_claim_is_paid_in_cash_once(counter, line, farmer, settings):
    claim = factories.claim(line, units=2)
    assert (claim.state, claim.amount_fen) == (ClaimState.OPEN, 2000)
    assert invariants.findings() == []

    claim = claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)
    assert (claim.state, claim.refund_fen, refunded(line)) == (ClaimState.TO_PAY, 2000, (3, 2, 2))
    assert fen(AccountKind.REFUNDS) == 2000
    assert invariants.findings() == []

    pay(claim, counter)
    claim.refresh_from_db()
    assert (claim.state, claim.ended_at) == (ClaimState.REFUNDED, NOW)
    assert fen(AccountKind.REFUNDS) == 0
    assert fen(AccountKind.OPERATOR_CASH, counter.point.pk) == -(3000 + 600 - 2000)
    assert fen(AccountKind.SELLER_PAYABLE, counter.shop.seller.pk) == 980
    assert fen(AccountKind.COMMISSION) == 20 - settings.POINT_FEN_PER_PARCEL

    with pytest.raises(UnableToPayOut):
        pay(claim, counter)
    assert Payout.objects.get().cash_fen == 2000


def test_goods_come_back_over_the_counter_and_the_money_follows_their_receipt(counter, line, farmer):
    claim = factories.claim(line, units=1, reason=ClaimReason.NOT_WANTED, wish=Wish.RETURN, with_photo=False)
    claim = claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)
    assert claim.state == ClaimState.RETURNING
    assert invariants.findings() == []

    back = refunds.take_in(claim, point=counter.point, by=counter.operator, at=NOW)
    claim.refresh_from_db()
    assert (claim.state, back.reason, back.lines.get().units) == (ClaimState.SENT_BACK, ReturnReason.CLAIM, 1)
    assert refunded(line) == (3, 0, 0)
    assert invariants.findings() == []

    goods_returns.unload(back, hub=counter.shop.network.county, nonce="u", by="test", at=NOW)
    goods_returns.drop(back, nonce="d", by="test", at=NOW)
    goods_back.receive(back, counted={}, by=farmer, at=NOW)
    claim.refresh_from_db()
    assert (claim.state, refunded(line)) == (ClaimState.TO_PAY, (3, 1, 1))
    assert line.order_line.stockrecord.num_in_stock == 18
    assert invariants.findings() == []

    pay(claim, counter, proof=proofs.qr_of(claim.number))
    claim.refresh_from_db()
    assert claim.state == ClaimState.REFUNDED


def test_goods_that_get_lost_on_the_way_are_refunded_and_the_seller_is_paid(counter, line, farmer, monkeypatch):
    claim = factories.claim(line, wish=Wish.RETURN)
    claim = claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)
    back = refunds.take_in(claim, point=counter.point, by=counter.operator, at=NOW)

    assert goods_back.end_overdue(by="test", at=NOW + dt.timedelta(days=15)) == 1

    claim.refresh_from_db()
    assert (claim.state, GoodsReturn.objects.get(pk=back.pk).state) == (ClaimState.TO_PAY, ReturnState.LOST)
    assert fen(AccountKind.SELLER_PAYABLE, counter.shop.seller.pk) == 2940 - 980 + 1000
    page = counter.client(shop.user("王平台", is_staff=True)).get(reverse("dashboard:returns-lost")).text
    assert back.number in page
    assert '<i class="yen">¥</i>10.00' in page


def test_an_offer_is_a_part_of_the_money_and_its_unit_stays_sold(counter, line, farmer):
    claim = factories.claim(line)
    claim = claims.answer(claim, answer=Answer.OFFER, offered_fen=300, by=farmer, at=NOW)
    assert claim.state == ClaimState.ANSWERED

    claim = claims.accept(claim, by=None, at=NOW)

    assert (claim.state, claim.refund_fen, refunded(line)) == (ClaimState.TO_PAY, 300, (3, 0, 0))
    with pytest.raises(UnableToClaim):
        factories.claim(line, units=3)
    assert factories.claim(line, units=2).state == ClaimState.OPEN


def test_many_small_refunds_give_back_all_of_the_commission(counter, farmer, settings):
    settings.POINT_FEN_PER_PARCEL = 0
    line = factories.collected(counter, quantity=7, price_fen=333)
    for _ in range(7):
        claims.answer(factories.claim(line), answer=Answer.ACCEPT, by=farmer, at=NOW)

    assert fen(AccountKind.COMMISSION) == 0
    assert fen(AccountKind.SELLER_PAYABLE, counter.shop.seller.pk) == 0
    assert refunded(line) == (7, 7, 7)


def test_what_was_paid_online_is_owed_to_the_provider(counter, line, farmer):
    Order.objects.filter(pk=line.consignment.order_id).update(payment_method=PaymentMethod.ONLINE)

    claim = claims.answer(factories.claim(line), answer=Answer.ACCEPT, by=farmer, at=NOW)

    assert (claim.state, fen(AccountKind.REFUNDS)) == (ClaimState.REFUNDED, 1000)
    with pytest.raises(UnableToPayOut):
        pay(claim, counter)
    Order.objects.filter(pk=line.consignment.order_id).update(payment_method=PaymentMethod.AT_POINT)


def test_a_refusal_goes_to_the_platform_which_decides(counter, line, farmer):
    claim = claims.answer(factories.claim(line), answer=Answer.REFUSE, words="没有坏", by=farmer, at=NOW)
    claim = claims.escalate(claim, by=None, at=NOW)
    assert claim.state == ClaimState.ESCALATED
    assert invariants.findings() == []
    staff = shop.user(is_staff=True)
    for stranger in (farmer, counter.operator):
        with pytest.raises(NotTheirs):
            claims.decide(claim, decision=Answer.ACCEPT, words="", by=stranger, at=NOW)

    claim = claims.decide(claim, decision=Answer.ACCEPT, wish=Wish.REFUND, words="照片可见破损", by=staff, at=NOW)

    assert (claim.state, claim.decided_by, refunded(line)) == (ClaimState.TO_PAY, staff, (3, 1, 1))


def test_staff_may_grant_a_part_or_nothing(line, farmer):
    part, none = factories.claim(line), factories.claim(line)
    for claim in (part, none):
        claims.escalate(claim, by="test", at=NOW)

    part = claims.decide(part, decision=Answer.OFFER, refund_fen=1, words="", by="test", at=NOW)
    none = claims.decide(none, decision=Answer.REFUSE, words="超过保质期", by="test", at=NOW)

    assert (part.state, part.refund_fen, none.state) == (ClaimState.TO_PAY, 1, ClaimState.REJECTED)
    assert factories.claim(line, units=2).state == ClaimState.OPEN


@pytest.mark.parametrize("part", [None, 0, 1000, 2000])
def test_a_part_is_more_than_nothing_and_less_than_all(line, farmer, part):
    claim = factories.claim(line)

    with pytest.raises(UnableToClaim):
        claims.answer(claim, answer=Answer.OFFER, offered_fen=part, by=farmer, at=NOW)

    claim.refresh_from_db()
    assert (claim.state, claim.answer) == (ClaimState.OPEN, "")


def test_a_refusal_without_a_reason_is_none(line, farmer):
    claim = factories.claim(line)

    with pytest.raises(UnableToClaim):
        claims.answer(claim, answer=Answer.REFUSE, words=" ", by=farmer, at=NOW)

    claim.refresh_from_db()
    assert claim.state == ClaimState.OPEN


def test_nobody_but_its_seller_answers(counter, line):
    claim = factories.claim(line)

    with pytest.raises(NotTheirs):
        claims.answer(claim, answer=Answer.ACCEPT, by=counter.operator, at=NOW)

    claim.refresh_from_db()
    assert claim.state == ClaimState.OPEN


def test_nobody_answers_twice(line, farmer):
    claim = claims.answer(factories.claim(line), answer=Answer.OFFER, offered_fen=100, by=farmer, at=NOW)

    with pytest.raises(UnableToClaim):
        claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)

    claim.refresh_from_db()
    assert claim.state == ClaimState.ANSWERED


class TestTheSweep:
    def test_no_answer_goes_to_the_platform_after_a_day_and_then_the_buyer_is_right(self, line):
        claim = factories.claim(line, at=COLLECTED)

        assert claims.end_overdue(by="test", at=COLLECTED + hours(24)) == 0
        assert claims.end_overdue(by="test", at=COLLECTED + hours(24.01)) == 1
        claim.refresh_from_db()
        assert claim.state == ClaimState.ESCALATED
        assert claims.end_overdue(by="test", at=COLLECTED + hours(24 + 169)) == 1
        claim.refresh_from_db()
        assert claim.state == ClaimState.TO_PAY

    def test_an_offer_that_nobody_refuses_stands(self, line, farmer):
        claim = claims.answer(factories.claim(line), answer=Answer.OFFER, offered_fen=100, by=farmer, at=NOW)

        assert claims.end_overdue(by="test", at=NOW + hours(73)) == 1

        claim.refresh_from_db()
        assert (claim.state, claim.refund_fen) == (ClaimState.TO_PAY, 100)

    def test_a_refusal_that_nobody_takes_further_closes_the_claim(self, line, farmer):
        claim = claims.answer(factories.claim(line), answer=Answer.REFUSE, words="否", by=farmer, at=NOW)

        assert claims.end_overdue(by="test", at=NOW + hours(73)) == 1

        claim.refresh_from_db()
        assert claim.state == ClaimState.CLOSED

    def test_goods_that_are_not_brought_close_the_claim(self, line, farmer):
        claim = factories.claim(line, wish=Wish.RETURN)
        claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)

        assert claims.end_overdue(by="test", at=NOW + dt.timedelta(days=7, seconds=1)) == 1

        claim.refresh_from_db()
        assert claim.state == ClaimState.CLOSED


class TestWhatCanBeClaimed:
    def test_durable_goods_for_seven_days_without_a_reason(self, line):
        last = COLLECTED + hours(168)
        kwargs = {"reason": ClaimReason.NOT_WANTED, "wish": Wish.RETURN, "with_photo": False}

        with pytest.raises(UnableToClaim):
            factories.claim(line, at=last + hours(0.01), **kwargs)
        claim = factories.claim(line, at=last, **kwargs)
        assert claim.state == ClaimState.OPEN

    @pytest.mark.parametrize(
        ("storage_class", "path"), [(StorageClass.CHILLED, "豆制品/豆腐"), (StorageClass.AMBIENT, "水果/柑橘")]
    )
    def test_fresh_goods_for_two_days_with_a_photo_and_a_reason(self, counter, storage_class, path):
        line = factories.collected(counter, storage_class=storage_class, path=path)

        with pytest.raises(UnableToClaim):
            factories.claim(line, with_photo=False)
        with pytest.raises(UnableToClaim):
            factories.claim(line, reason=ClaimReason.NOT_WANTED, wish=Wish.RETURN)
        with pytest.raises(UnableToClaim):
            factories.claim(line, at=COLLECTED + hours(48.01))
        assert not Claim.objects.exists()
        assert factories.claim(line, at=COLLECTED + hours(48)).state == ClaimState.OPEN

    def test_chilled_goods_do_not_travel_back(self, counter):
        line = factories.collected(counter, storage_class=StorageClass.CHILLED)

        with pytest.raises(UnableToClaim):
            factories.claim(line, wish=Wish.RETURN)

    def test_without_a_reason_the_goods_have_to_come_back(self, line):
        with pytest.raises(UnableToClaim):
            factories.claim(line, reason=ClaimReason.NOT_WANTED, wish=Wish.REFUND)

    @pytest.mark.parametrize("units", [0, -1, 4])
    def test_no_more_than_was_taken(self, line, units):
        with pytest.raises(UnableToClaim):
            factories.claim(line, units=units)

        assert not Claim.objects.exists()

    def test_a_unit_once_and_again_when_its_claim_was_withdrawn(self, line):
        claim = factories.claim(line, units=3)
        with pytest.raises(UnableToClaim):
            factories.claim(line)

        claims.withdraw(claim, by=None, at=NOW)

        assert factories.claim(line, units=3).state == ClaimState.OPEN

    def test_nothing_of_what_waits_at_the_counter(self, counter):
        order = counter.waiting()

        with pytest.raises(UnableToClaim):
            factories.claim(ConsignmentLine.objects.get(consignment__order=order))

    def test_money_that_is_granted_is_not_withdrawn(self, line, farmer):
        claim = claims.answer(factories.claim(line), answer=Answer.ACCEPT, by=farmer, at=NOW)

        with pytest.raises(UnableToClaim):
            claims.withdraw(claim, by=None, at=NOW)


class TestPayingOut:
    @pytest.fixture
    def claim(self, line, farmer):
        return claims.answer(factories.claim(line), answer=Answer.ACCEPT, by=farmer, at=NOW)

    def test_a_mistyped_digit_is_no_try_and_five_wrong_codes_are_the_end_of_typing(self, claim, counter):
        right = proofs.code_of(claim.number)
        mistyped = right[:-1] + str((int(right[-1]) + 1) % 10)
        wrong = proofs.code_of("99999999999")

        with pytest.raises(UnableToPayOut):
            pay(claim, counter, proof=mistyped)
        assert Claim.objects.get().wrong_codes == 0
        for _ in range(5):
            with pytest.raises(UnableToPayOut):
                pay(claim, counter, proof=wrong)
        with pytest.raises(UnableToPayOut):
            pay(claim, counter, proof=right)
        assert Claim.objects.get().state == ClaimState.TO_PAY
        pay(claim, counter, proof=proofs.qr_of(claim.number))

    def test_anothers_qr_proves_nothing(self, claim, counter):
        with pytest.raises(UnableToPayOut):
            pay(claim, counter, proof=proofs.qr_of("12345678901"))

    def test_only_at_its_own_point(self, claim, counter):
        elsewhere = counter.shop.network.stop

        with pytest.raises(NotTheirs):
            pay(claim, counter, point=elsewhere, by=shop.operator(elsewhere))
        with pytest.raises(NotTheirs):
            pay(claim, counter, by=shop.user())

    def test_it_is_less_in_the_till_and_counted_once(self, claim, counter):
        assert cash.held_fen(counter.point.pk, counter.operator.pk) == 3600
        pay(claim, counter)
        assert cash.held_fen(counter.point.pk, counter.operator.pk) == 2600

        made = cash.count_up(counter.point, counted_fen=2600, note="", by=counter.operator, at=NOW)

        assert (made.expected_fen, made.difference_fen) == (2600, 0)
        assert Payout.objects.get().cash_up == made

    def test_what_is_paid_beyond_the_till_waits_for_the_next_cash_up(self, claim, counter):
        cash.count_up(counter.point, counted_fen=3600, note="", by=counter.operator, at=NOW)
        pay(claim, counter)

        assert cash.countable(counter.point.pk, counter.operator.pk) == (0, [])
        assert Payout.objects.get().cash_up is None


def test_goods_are_taken_in_at_their_own_point_once(counter, line, farmer):
    claim = factories.claim(line, wish=Wish.RETURN)
    with pytest.raises(UnableToClaim):
        refunds.take_in(claim, point=counter.point, by=counter.operator, at=NOW)
    claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)
    elsewhere = counter.shop.network.stop

    with pytest.raises(NotTheirs):
        refunds.take_in(claim, point=elsewhere, by=shop.operator(elsewhere), at=NOW)
    refunds.take_in(claim, point=counter.point, by=counter.operator, at=NOW)
    with pytest.raises(UnableToClaim):
        refunds.take_in(claim, point=counter.point, by=counter.operator, at=NOW)

    assert GoodsReturn.objects.count() == 1


def test_what_people_write_is_sealed_and_in_no_event(line, farmer):
    claim = factories.claim(line, words="我叫陈小满，电话13812345678")
    claim = claims.answer(claim, answer=Answer.REFUSE, words="打电话给王师傅", by=farmer, at=NOW)
    claims.escalate(claim, by=None, at=NOW)
    claims.decide(claim, decision=Answer.REFUSE, words="陈小满说得不对", by="test", at=NOW)

    told = "".join(str(event.payload) for event in Event.objects.filter(stream="claim"))
    assert not [word for word in ("陈小满", "13812345678", "王师傅") if word in told]
    assert set(Event.objects.filter(stream="claim").values_list("name", flat=True)) == {
        "claim.opened",
        "claim.answered",
        "claim.escalated",
        "claim.rejected",
    }


def test_a_claim_that_is_overdue_is_named_by_o2(line, monkeypatch):
    claim = factories.claim(line)
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: COLLECTED + hours(26))

        assert [finding.subject for finding in invariants.findings(["O2"])] == [f"claim {claim.number}"]


def test_a_refund_without_a_claim_is_named(line):
    rows = ConsignmentLine.objects.filter(pk=line.pk)
    rows.update(returned=1, refunded=1)

    assert {finding.code for finding in invariants.findings()} == {"C1", "M1"}

    rows.update(returned=0, refunded=0)
