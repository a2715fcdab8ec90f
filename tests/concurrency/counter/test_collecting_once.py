"""Twenty devices hand over the same order at one moment: one collection, nineteen that see its receipt."""

import datetime as dt
import threading

import pytest
from django.contrib.sites.models import Site

from core import events, invariants, locks
from logistics.models import Collection, CollectionLine, Consignment, ConsignmentLine, Parcel
from logistics.services import collections
from logistics.services.collections import AlreadyCollected
from logistics.states import CollectionProof, ConsignmentState, ParcelState
from marketplace.counter.services import handover
from marketplace.order.services import uncollected
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.concurrency.racing import race
from tests.factories import counter as counters
from tests.factories import shop, villages
from tests.factories.counter import Counter, code_of, qr_of
from tests.factories.shop import MONDAY
from villages.models import Device

pytestmark = pytest.mark.django_db(transaction=True)
DEVICES = 20
NOW = MONDAY + dt.timedelta(days=2)


@pytest.fixture
def counter(db) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    return counters.counter()


def device(counter: Counter, order, number: int, *, by=None, paired: Device | None = None):
    """Return what one device does: every other one types the code, the rest read the QR."""
    proof = CollectionProof.QR if number % 2 else CollectionProof.TYPED_CODE
    code = qr_of(order) if number % 2 else code_of(order)

    def hand_over() -> Collection:
        return handover.hand_over(
            order,
            point=counter.point,
            outcomes={},
            proof=proof,
            code=code,
            nonce=f"device-{number}",
            by=by or counter.operator,
            at=NOW,
            device=paired,
        )

    return hand_over


def test_twenty_paired_devices_at_once_confirm_one_parcel_once(counter):
    order = counter.waiting()
    operators = [shop.operator(counter.point) for _ in range(DEVICES)]
    paired = [villages.device(counter.point, by=counter.operator) for _ in range(DEVICES)]

    outcomes = race([device(counter, order, n, by=by, paired=paired[n]) for n, by in enumerate(operators)])

    (won,) = [outcome for outcome in outcomes if isinstance(outcome, Collection)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, AlreadyCollected)]
    assert len(lost) == DEVICES - 1, [o for o in outcomes if o is not won and o not in lost]
    assert {refusal.collection.pk for refusal in lost} == {won.pk}
    assert won.device == paired[outcomes.index(won)]
    assert Parcel.objects.get().state == ParcelState.HANDED_OVER
    assert CollectionLine.objects.count() == 1
    assert events.Event.objects.filter(name="consignment.collected").count() == 1
    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []


def test_twenty_operators_at_once_hand_over_once(counter):
    order = counter.waiting(quantity=2, lines=2)
    operators = [shop.operator(counter.point) for _ in range(DEVICES)]

    outcomes = race([device(counter, order, number, by=by) for number, by in enumerate(operators)])

    won = [outcome for outcome in outcomes if isinstance(outcome, Collection)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, AlreadyCollected)]
    assert (len(won), len(lost)) == (1, DEVICES - 1), [o for o in outcomes if o not in won and o not in lost]
    assert {refusal.collection.pk for refusal in lost} == {won[0].pk}
    assert Collection.objects.get().cash_fen == 4 * 4500 + 600
    assert list(ConsignmentLine.objects.values_list("taken", "open")) == [(2, 0), (2, 0)]
    assert ledger.balance(AccountKind.OPERATOR_CASH, party_id=counter.point.pk) == -(4 * 4500 + 600)
    assert events.Event.objects.filter(name="consignment.collected").count() == 1
    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []


def test_one_device_that_sends_twenty_times_hands_over_once(counter):
    order = counter.waiting()

    outcomes = race([device(counter, order, 0)] * DEVICES)

    receipts = {o.pk if isinstance(o, Collection) else o.collection.pk for o in outcomes}
    assert receipts == {Collection.objects.get().pk}


@pytest.mark.postgres
def test_without_guard_and_locks_an_order_is_handed_over_twice(counter, monkeypatch, settings):
    """The control: the guarded update and the locks are off, and all devices read before the first one writes.

    SQLite has one writer at a time, whom nothing here can take off.
    """
    order = counter.waiting()
    settings.POINT_FEN_PER_PARCEL = 0  # what a parcel earns is booked once by its key, and would keep the second out
    all_have_read = threading.Barrier(4)

    def read(queryset, *, rank):
        rows = queryset.order_by("pk")
        if queryset.model is Consignment:
            rows = list(rows)
            all_have_read.wait(timeout=30)
        return rows

    monkeypatch.setattr(collections, "STILL_WAITING", {})
    monkeypatch.setattr(locks, "lock", read)
    monkeypatch.setattr(locks, "touch", lambda rank: None)

    outcomes = race([device(counter, order, number) for number in range(4)])

    assert sum(isinstance(outcome, Collection) for outcome in outcomes) > 1, outcomes
    assert CollectionLine.objects.count() > 1
    assert "C1" in {finding.code for finding in invariants.findings(["C1"])}


@pytest.mark.parametrize("round_", range(5))
def test_collected_and_expired_race_to_exactly_one(counter, round_):
    order = counter.waiting()
    consignment = Consignment.objects.get(order=order)
    late = NOW + dt.timedelta(days=30)

    def expire() -> bool:
        return uncollected.expire(consignment, by="test", at=late)

    outcomes = race([device(counter, order, 0), expire, device(counter, order, 1), expire])

    handed = sum(isinstance(outcome, Collection) for outcome in outcomes)
    expired = sum(outcome is True for outcome in outcomes)
    assert handed + expired == 1, outcomes
    consignment.refresh_from_db()
    line = ConsignmentLine.objects.get()
    if handed:
        assert (consignment.state, line.taken, line.expired) == (ConsignmentState.COLLECTED, 2, 0)
    else:
        assert (consignment.state, line.taken, line.expired) == (ConsignmentState.EXPIRED, 0, 2)
    assert Collection.objects.count() == handed
    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []
