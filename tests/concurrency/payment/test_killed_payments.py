"""A worker is killed at every named step of a payment and of a refund: what goes on finds it, and it is done once."""

import datetime as dt

import pytest
from django.contrib.sites.models import Site

from core import clock, invariants
from core.events import Event
from logistics.models import Collection
from logistics.services import milestones
from logistics.services.collections import AlreadyCollected
from logistics.states import CollectionProof, CounterPayment
from marketplace.counter.services import handover
from marketplace.payment.models import PaymentAttempt, PaymentRefund, RehearsedPayment, RehearsedRefund
from marketplace.payment.providers import rehearsal
from marketplace.payment.services import attempts
from marketplace.payment.states import AttemptState, RefundState
from marketplace.payment.tasks import settle_payments
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.concurrency.killing import killed_at
from tests.factories import counter as counters
from tests.factories.counter import Counter, qr_of
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
NOW = MONDAY + dt.timedelta(days=2)
SOUND = ["C1", "C2", "M1", "M2", "O1", "S1"]


@pytest.fixture
def now(monkeypatch):
    """Return a function that moves the clock so many minutes on."""

    def move(minutes: int = 0) -> dt.datetime:
        at = NOW + dt.timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda: at)
        return at

    move()
    return move


@pytest.fixture
def counter(db, settings, now) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    settings.DEMO_PAYMENTS, settings.STRIPE_SECRET_KEY = True, ""
    return counters.counter()


def ask(counter: Counter, order, *, at: dt.datetime) -> PaymentAttempt:
    return attempts.ask(order, point=counter.point, amount_fen=9600, by=counter.operator, at=at)


def handing(counter: Counter, order):
    """Return what hands the order over for its QR."""
    qr = qr_of(order)
    return lambda: handover.hand_over(
        order,
        point=counter.point,
        outcomes={},
        proof=CollectionProof.QR,
        code=qr,
        nonce="once",
        by=counter.operator,
        at=clock.now(),
        paid_by=CounterPayment.PLATFORM_QR,
    )


@pytest.mark.parametrize("step", milestones.PAYING)
def test_a_payment_whose_worker_is_killed_goes_on_with_its_key(step, counter, now):
    order = counter.waiting()
    if step in milestones.PAYING[3:]:
        rehearsal.answer(ask(counter, order, at=now()).provider_reference, paid=True)

    killed_at(step, lambda: ask(counter, order, at=now(1)))

    assert PaymentAttempt.objects.get().state == (
        AttemptState.SUCCEEDED if step == milestones.PAYING[-1] else AttemptState.OPEN
    )
    assert invariants.findings(SOUND) == []
    now(2)
    settle_payments()
    rehearsal.answer(RehearsedPayment.objects.get().reference, paid=True)
    now(3)
    settle_payments()
    handing(counter, order)()
    assert PaymentAttempt.objects.get().collection == Collection.objects.get()
    assert Event.objects.filter(name="payment.succeeded").count() == 1
    assert ledger.balance(AccountKind.PROVIDER) == -9600
    assert invariants.findings(SOUND) == []


@pytest.mark.parametrize("step", milestones.COLLECTING)
def test_a_hand_over_whose_worker_is_killed_spends_its_payment_once(step, counter, now):
    order = counter.waiting()
    attempt = ask(counter, order, at=now())
    rehearsal.answer(attempt.provider_reference, paid=True)
    attempts.look(attempt, by="test", at=now(1))

    killed_at(step, handing(counter, order))

    is_committed = step == milestones.COLLECTING[-1]
    attempt.refresh_from_db()
    assert (attempt.collection is not None) is Collection.objects.exists() is is_committed
    assert invariants.findings(SOUND) == []
    if is_committed:
        with pytest.raises(AlreadyCollected):
            handing(counter, order)()
    else:
        handing(counter, order)()
    assert PaymentAttempt.objects.get().spent_fen == 9600
    assert invariants.findings(SOUND) == []


@pytest.mark.parametrize("step", milestones.REFUNDING)
def test_a_refund_whose_worker_is_killed_is_paid_once(step, counter, now):
    attempt = ask(counter, counter.waiting(), at=now())
    rehearsal.answer(attempt.provider_reference, paid=True)
    attempts.look(attempt, by="test", at=now(1))
    now(40)

    killed_at(step, settle_payments)

    assert invariants.findings(SOUND) == []
    for minute in (41, 45):
        now(minute)
        settle_payments()
    assert (PaymentRefund.objects.get().state, RehearsedRefund.objects.count()) == (RefundState.DONE, 1)
    assert PaymentAttempt.objects.get().state == AttemptState.REFUNDED
    assert ledger.balance(AccountKind.PROVIDER) == ledger.balance(AccountKind.REFUNDS) == 0
    assert invariants.findings(SOUND) == []
