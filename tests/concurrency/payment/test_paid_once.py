"""One payment buys one hand-over, and is booked and paid back once, however many see it at one moment."""

import datetime as dt
import threading
from itertools import count

import pytest
from django.contrib.sites.models import Site

from core import clock, invariants, locks
from core.events import Event
from logistics.models import Collection
from logistics.services.collections import AlreadyCollected
from logistics.states import CollectionProof, CounterPayment
from marketplace.counter.services import handover
from marketplace.payment import queries
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from marketplace.payment.providers import Outcome, Seen, rehearsal
from marketplace.payment.services import attempts, refunds, spending
from marketplace.payment.states import AttemptState, RefundState
from marketplace.settlement import ledger
from marketplace.settlement.models import Posting
from marketplace.settlement.services import orders as booking
from marketplace.settlement.states import AccountKind, PostingKind
from tests.concurrency.racing import race
from tests.factories import counter as counters
from tests.factories import shop
from tests.factories.counter import Counter, qr_of
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
NOW = MONDAY + dt.timedelta(days=2)
AT_ONCE = 6
PAID = Seen(Outcome.SUCCEEDED, 9600)


@pytest.fixture
def counter(db, settings, monkeypatch) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.DEMO_PAYMENTS, settings.STRIPE_SECRET_KEY = True, ""
    return counters.counter()


@pytest.fixture
def attempt(counter) -> PaymentAttempt:
    """An attempt of ¥96 that is open."""
    return attempts.ask(counter.waiting(), point=counter.point, amount_fen=9600, by=counter.operator, at=NOW)


@pytest.fixture
def paid(attempt) -> PaymentAttempt:
    """One that its buyer has paid."""
    rehearsal.answer(attempt.provider_reference, paid=True)
    return attempts.note(attempt, PAID, by="test", at=NOW)


def handing(counter: Counter, order, number: int):
    """Return what one device does that hands over for the order's QR."""
    by = shop.operator(counter.point)

    def hand_over() -> Collection:
        return handover.hand_over(
            order,
            point=counter.point,
            outcomes={},
            proof=CollectionProof.QR,
            code=qr_of(order),
            nonce=f"device-{number}",
            by=by,
            at=NOW,
            paid_by=CounterPayment.PLATFORM_QR,
        )

    return hand_over


def noting(attempt: PaymentAttempt, by: str):
    return lambda: attempts.note(PaymentAttempt.objects.get(pk=attempt.pk), PAID, by=by, at=NOW)


def test_two_devices_hand_over_for_one_payment_once(counter, paid):
    outcomes = race([handing(counter, paid.order, number) for number in range(AT_ONCE)])

    (won,) = [outcome for outcome in outcomes if isinstance(outcome, Collection)]
    assert sum(isinstance(outcome, AlreadyCollected) for outcome in outcomes) == AT_ONCE - 1, outcomes
    paid.refresh_from_db()
    assert (paid.collection, paid.spent_fen, won.cash_fen) == (won, 9600, 0)
    assert Event.objects.filter(name="payment.spent").count() == 1
    assert invariants.findings(["C1", "C2", "M1", "M2", "O1"]) == []


@pytest.mark.parametrize("_round", range(3))
def test_spent_or_paid_back_and_never_both(counter, paid, _round):
    def give_back() -> bool:
        return refunds.give_back(PaymentAttempt.objects.get(pk=paid.pk), by="test", at=NOW)

    outcomes = race([handing(counter, paid.order, 0), give_back, handing(counter, paid.order, 1), give_back])

    handed = [outcome for outcome in outcomes if isinstance(outcome, Collection)]
    assert len(handed) + outcomes.count(True) == 1, outcomes
    if not handed:
        assert {type(outcome) for outcome in outcomes} == {bool, spending.NotPaid}
    assert PaymentRefund.objects.count() == (not handed)
    assert invariants.findings(["C1", "C2", "M1", "M2", "O1"]) == []


@pytest.mark.postgres
def test_without_guard_and_locks_it_is_spent_and_paid_back(counter, paid, monkeypatch):
    """The control: both read the success before either writes. SQLite has one writer at a time."""
    both_have_read = threading.Barrier(2)
    read_before = queries.unspent

    def unspent(order):
        found = read_before(order)
        both_have_read.wait(timeout=30)
        return found

    def give_back() -> bool:
        found = PaymentAttempt.objects.get(pk=paid.pk)
        both_have_read.wait(timeout=30)
        return refunds.give_back(found, by="test", at=NOW)

    monkeypatch.setattr(queries, "UNSPENT", {})
    monkeypatch.setattr(queries, "unspent", lambda order: unspent(order))
    monkeypatch.setattr(locks, "lock", lambda queryset, *, rank: queryset.order_by("pk"))
    monkeypatch.setattr(locks, "touch", lambda rank: None)

    outcomes = race([handing(counter, paid.order, 0), give_back])

    # The database's own constraint stops what the guard would have: the last line is not the only one.
    assert any("payment_attempt_spent" in str(outcome) for outcome in outcomes), outcomes


def test_a_success_that_page_webhook_and_sweep_see_at_once_is_booked_once(counter, attempt):
    seers = ("page", "webhook", "sweep") * 2

    outcomes = race([noting(attempt, by) for by in seers])

    assert {outcome.state for outcome in outcomes} == {AttemptState.SUCCEEDED}, outcomes
    assert Posting.objects.filter(kind=PostingKind.PAID_ONLINE).count() == 1
    assert Event.objects.filter(name="payment.succeeded").count() == 1
    assert ledger.balance(AccountKind.PROVIDER) == -9600
    assert invariants.findings(["M1", "M2", "O1"]) == []


@pytest.mark.postgres
def test_without_guard_a_success_is_booked_twice(counter, attempt, monkeypatch):
    """The control: neither the guard, nor the lock, nor the posting's key stands in the way."""
    numbers, booked = count(), booking.paid_online
    monkeypatch.setattr(attempts, "STILL_OPEN", {})
    monkeypatch.setattr(locks, "lock", lambda queryset, *, rank: queryset.order_by("pk"))
    monkeypatch.setattr(locks, "touch", lambda rank: None)
    monkeypatch.setattr(
        booking, "paid_online", lambda *, reference, **said: booked(reference=f"{reference}:{next(numbers)}", **said)
    )

    outcomes = race([noting(attempt, by) for by in ("page", "webhook", "sweep")])

    assert Posting.objects.filter(kind=PostingKind.PAID_ONLINE).count() > 1, outcomes
    assert "M2" in {finding.code for finding in invariants.findings(["M2"])}


def test_two_operators_who_show_the_qr_at_once_ask_once(counter):
    order = counter.waiting()
    people = [shop.operator(counter.point) for _ in range(AT_ONCE)]

    outcomes = race(
        [lambda by=by: attempts.ask(order, point=counter.point, amount_fen=9600, by=by, at=NOW) for by in people]
    )

    assert len({outcome.pk for outcome in outcomes}) == 1, outcomes
    assert len({outcome.provider_reference for outcome in outcomes}) == 1
    assert PaymentAttempt.objects.count() == 1


def test_sweeps_at_once_pay_back_once(counter, paid):
    refunds.give_back(paid, by="test", at=NOW)

    outcomes = race([lambda: refunds.send_due(by="test", at=NOW)] * AT_ONCE)

    assert sum(outcomes) == 1, outcomes
    assert PaymentRefund.objects.get().state == RefundState.DONE
    assert PaymentRefund.objects.get().tries == 1
    assert ledger.balance(AccountKind.PROVIDER) == 0


def test_a_refund_that_two_confirm_at_once_is_booked_once(counter, paid):
    refunds.give_back(paid, by="test", at=NOW)

    outcomes = race(
        [lambda: refunds.confirm(PaymentRefund.objects.select_related("attempt__order").get(), by="test", at=NOW)]
        * AT_ONCE
    )

    assert outcomes.count(True) == 1, outcomes
    assert Posting.objects.filter(kind=PostingKind.REFUND).count() == 1
    assert invariants.findings(["M1", "M2", "O1"]) == []
