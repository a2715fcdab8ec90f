"""A unit is claimed, granted and paid once, however many ask at one moment."""

import datetime as dt
import threading

import pytest
from django.contrib.sites.models import Site

from core import invariants, locks
from logistics.models import ConsignmentLine, GoodsReturn
from logistics.services import goods_returns
from marketplace.claims import proofs
from marketplace.claims.models import Claim, Payout
from marketplace.claims.services import claims, goods_back, moving, refunds
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import Answer, ClaimReason, ClaimState, Wish
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.concurrency.racing import race
from tests.factories import claims as factories
from tests.factories import counter as counters
from tests.factories import shop
from tests.factories.claims import COLLECTED
from tests.factories.counter import Counter

pytestmark = pytest.mark.django_db(transaction=True)
NOW = COLLECTED + dt.timedelta(hours=2)
AT_ONCE = 6


@pytest.fixture
def counter(db) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    return counters.counter()


@pytest.fixture
def line(counter) -> ConsignmentLine:
    return factories.collected(counter, quantity=1)


def claiming(line):
    return lambda: claims.open_claim(
        line, units=1, reason=ClaimReason.BROKEN, wish=Wish.REFUND, words="", photos=[], by=None, at=NOW
    )


def won(outcomes: list, kind: type) -> list:
    return [outcome for outcome in outcomes if isinstance(outcome, kind)]


def refunded() -> tuple[int, int, int]:
    """Return what the one line says was refunded, what the refunds' account holds and what was paid in cash, in fen."""
    line = ConsignmentLine.objects.get()
    return line.refunded, ledger.balance(AccountKind.REFUNDS), sum(Payout.objects.values_list("cash_fen", flat=True))


def test_two_claims_of_one_unit_at_once_are_one(line):
    outcomes = race([claiming(line)] * AT_ONCE)

    assert (len(won(outcomes, Claim)), len(won(outcomes, UnableToClaim))) == (1, AT_ONCE - 1), outcomes
    assert Claim.objects.count() == 1


@pytest.mark.postgres
def test_without_the_locks_a_unit_is_claimed_twice(line, monkeypatch):
    """The control: all have looked at what is left before the first one writes. SQLite has one writer at a time."""
    all_have_looked = threading.Barrier(3)
    look = claims.window_of

    def looking(of):
        window = look(of)
        all_have_looked.wait(timeout=30)
        return window

    monkeypatch.setattr(claims, "window_of", looking)
    monkeypatch.setattr(locks, "lock", lambda queryset, *, rank: queryset.order_by("pk"))

    outcomes = race([claiming(line)] * 3)

    assert len(won(outcomes, Claim)) > 1, outcomes
    assert "C1" in {finding.code for finding in invariants.findings(["C1"])}


def test_accepted_and_decided_at_once_is_granted_once(counter, line):
    farmer, claim = shop.user(), factories.claim(line)
    counter.shop.seller.users.add(farmer)

    outcomes = race(
        [lambda: claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)] * 3
        + [lambda: claims.escalate(claim, by=None, at=NOW), lambda: claims.withdraw(claim, by=None, at=NOW)]
    )

    granted = Claim.objects.get().state == ClaimState.TO_PAY
    assert refunded() == (int(granted), 1000 * granted, 0), outcomes
    assert invariants.findings(["C1", "M1", "S1"]) == []


@pytest.mark.postgres
def test_without_locks_and_guard_the_database_still_refunds_a_unit_once(counter, line, monkeypatch):
    """The control: whoever passes all of our guards fails at the CHECK of the line and the key of the ledger."""
    farmer, claim = shop.user(), factories.claim(line)
    counter.shop.seller.users.add(farmer)
    all_have_read = threading.Barrier(3)

    def read(claim):
        found = Claim.objects.select_related("order", "consignment", "consignment_line__order_line").get(pk=claim.pk)
        all_have_read.wait(timeout=30)
        return found

    for module in (claims, refunds, moving):
        monkeypatch.setattr(module, "locked", read)

    outcomes = race([lambda: claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)] * 3)

    assert len(won(outcomes, Claim)) == 1, outcomes
    assert refunded() == (1, 1000, 0)


def test_twenty_payouts_at_once_pay_once(counter, line):
    farmer, claim = shop.user(), factories.claim(line)
    counter.shop.seller.users.add(farmer)
    claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)
    operators = [shop.operator(counter.point) for _ in range(20)]
    code = proofs.code_of(claim.number)

    def pay(operator):
        return lambda: refunds.pay_out(claim, point=counter.point, proof=code, by=operator, at=NOW)

    outcomes = race([pay(operator) for operator in operators])

    assert len(won(outcomes, Payout)) == 1, outcomes
    assert refunded() == (1, 0, 1000)
    assert invariants.findings(["C1", "M1"]) == []


def test_goods_that_are_received_and_given_up_at_once_end_once(counter, line):
    farmer = shop.user()
    counter.shop.seller.users.add(farmer)
    claim = factories.claim(line, wish=Wish.RETURN)
    claim = claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=NOW)
    back = refunds.take_in(claim, point=counter.point, by=counter.operator, at=NOW)
    goods_returns.drop(back, nonce="down", by="test", at=NOW)
    late = NOW + dt.timedelta(days=30)

    race(
        [lambda: goods_back.receive(back, counted={}, by=farmer, at=late)] * 3
        + [lambda: goods_back.end_overdue(by="test", at=late)] * 3
    )

    assert GoodsReturn.objects.get().ended_at == late
    assert refunded() == (1, 1000, 0)
    assert invariants.findings(["C1", "M1", "S1"]) == []
