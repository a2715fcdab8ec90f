"""O1, M2 and the named constraints: each with a row that breaks it."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from core import invariants
from logistics.models import Collection
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from marketplace.payment.services import attempts
from marketplace.payment.states import AttemptState
from marketplace.payment.tasks import settle_payments
from tests.integration.counter.test_handing_over import page_of, sent

NOTHING = {"captured_fen": None, "collection": None, "spent_fen": None}


def found(*codes: str) -> list[str]:
    return [f"{finding.code} {finding.message}" for finding in invariants.findings(codes)]


@pytest.fixture
def attempt(counter, stripe, now) -> PaymentAttempt:
    """A success of ¥96 that bought nothing yet."""
    order = counter.waiting(quantity=2)
    made = attempts.ask(order, point=counter.point, amount_fen=9600, by=counter.operator, at=now())
    stripe.pay()
    return attempts.look(made, by="test", at=now(1))[0]


@pytest.fixture
def spent(attempt, counter) -> PaymentAttempt:
    """One that paid for a hand-over of ¥51; the rest is to be refunded."""
    said = sent(attempt.order, shown_fen=5100, line1=("REJECTED", 1, "NOT_WANTED")) | {"paid_by": "PLATFORM_QR"}
    assert counter.client().post(page_of(attempt.order), said).status_code == 302
    attempt.refresh_from_db()
    return attempt


def test_a_success_that_nobody_spends_or_refunds_is_named(attempt, now):
    now(35)
    assert found("O1", "M2") == []

    now(37)

    assert found("O1") == ["O1 paid 2026-03-03 04:01, neither handed over for nor refunded"]


def test_a_success_whose_rest_is_owed_to_nobody_is_named(spent):
    assert found("O1", "M2", "M1") == []

    PaymentRefund.objects.update(amount_fen=4400)

    assert found("O1") == ["O1 captured 9600, spent 5100 and 4400 to be refunded"]


def test_a_hand_over_that_the_success_did_not_pay_for_is_named(spent):
    other = Collection.objects.create(
        order=spent.order,
        point=spent.point,
        operator=spent.operator,
        proof="QR",
        nonce="other",
        occurred_at=spent.created_at,
        recorded_at=spent.created_at,
    )

    PaymentAttempt.objects.update(collection=other)

    assert found("O1") == [
        f"O1 bound to collection {other.pk}, which it did not pay for",
        "O1 handed over for a QR that nobody paid",
    ]


def test_a_refund_that_the_ledger_does_not_know_is_named(spent, now):
    PaymentRefund.objects.update(state="DONE", done_at=now())

    assert found("M2") == ["M2 9600 with the provider by the ledger, 5100 by payments"]


def test_another_amount_than_was_asked_for_is_named(attempt):
    PaymentAttempt.objects.update(captured_fen=F("captured_fen") - 1)

    assert found("M2") == [
        "M2 9600 with the provider by the ledger, 9599 by payments",
        "M2 asked for 9600, captured 9599",
    ]


def test_an_ended_order_may_hold_what_is_not_refunded_yet_and_no_other_fen(attempt, counter):
    order = attempt.order
    assert counter.client().post(page_of(order), sent(order, shown_fen=9600)).status_code == 302
    assert found("M1") == []

    PaymentAttempt.objects.update(captured_fen=9599)

    assert found("M1") == ["M1 ended with 9600 unsettled with the buyer"]


def test_all_is_well_after_the_sweep(spent, now):
    now(2)
    settle_payments()

    assert found("M1", "M2", "O1", "O2", "C2") == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("payment_attempt_captured", {"captured_fen": None}),
        ("payment_attempt_captured", {"state": AttemptState.FAILED}),
        ("payment_attempt_spent", {"spent_fen": 9601}),
        ("payment_attempt_spent", {"spent_fen": None}),
        ("payment_attempt_spent", {"collection": None}),
        ("payment_attempt_spent", {"state": AttemptState.REFUNDING}),
        ("payment_attempt_amount", {"amount_fen": 0}),
        (
            "payment_attempt_state_known",
            {"state": "OTHER", "captured_fen": None, "collection": None, "spent_fen": None},
        ),
    ],
)
def test_the_database_keeps_an_attempt_whole(spent, name, change):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        PaymentAttempt.objects.update(**change)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("payment_refund_amount", {"amount_fen": 0}),
        ("payment_refund_done", {"state": "DONE"}),
        ("payment_refund_state_known", {"state": "OTHER"}),
        ("payment_refund_reason_known", {"reason": "NONE"}),
    ],
)
def test_the_database_keeps_a_refund_whole(spent, name, change):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        PaymentRefund.objects.update(**change)


@pytest.mark.parametrize("state", [AttemptState.OPEN, AttemptState.SUCCEEDED])
def test_an_order_has_one_open_attempt_and_one_unspent_success(attempt, state):
    captured = 9600 if state == AttemptState.SUCCEEDED else None
    with pytest.raises(IntegrityError), transaction.atomic():
        for number in range(2):
            PaymentAttempt.objects.create(
                order=attempt.order,
                idempotency_key=f"k{number}",
                provider="stripe",
                amount_fen=9600,
                captured_fen=captured,
                state=state,
                created_at=attempt.created_at,
            )


def test_the_rest_of_an_attempt_is_refunded_once(spent):
    (refund,) = PaymentRefund.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentRefund.objects.create(
            attempt=spent, key="other", reason="UNUSED", amount_fen=1, next_try_at=refund.next_try_at,
            created_at=refund.created_at,
        )  # fmt: skip
