"""What a provider says late, or not at all: nothing is paid twice, and money that bought nothing goes back."""

import pytest
from django.db import transaction
from django.urls import reverse

from core import invariants
from core.events import Event
from marketplace.counter.services import handover
from marketplace.order.models import Order
from marketplace.payment import providers
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from marketplace.payment.services import attempts, refunds, spending
from marketplace.payment.states import AttemptState, RefundReason, RefundState
from marketplace.payment.tasks import settle_payments
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import gateways, shop
from tests.factories.counter import Counter, code_of
from tests.integration.counter.test_handing_over import page_of, sent

MONEY = ["C1", "C2", "M1", "M2", "O1", "O2"]


def ask(counter: Counter, order: Order, *, at, fen: int = 9600) -> PaymentAttempt:
    return attempts.ask(order, point=counter.point, amount_fen=fen, by=counter.operator, at=at)


def in_cash(counter: Counter, order: Order) -> None:
    assert counter.client().post(page_of(order), sent(order, shown_fen=9600)).status_code == 302


def test_a_silent_provider_leaves_it_open_and_is_asked_again_with_the_same_key(counter, stripe, now, monkeypatch):
    monkeypatch.setattr("marketplace.payment.providers.stripe.ANSWER_SECONDS", 0.3)
    order = counter.waiting()
    with gateways.silent() as (address, _taken), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.STRIPE_API_BASE", address)
        page = counter.client().post(page_of(order), sent(order, shown_fen=9600) | {"paid_by": "PLATFORM_QR"})
    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.provider_reference) == (AttemptState.OPEN, "")
    assert "支付平台还没有回答" in page.content.decode()

    now(1)
    settle_payments()

    attempt.refresh_from_db()
    assert (attempt.provider_reference, attempt.qr_text) == ("pi_1", "weixin://wxpay/bizpayurl?pr=AbCd1234")
    assert {key for _method, _path, key in stripe.asked if key} == {attempt.idempotency_key}


def test_an_answer_that_was_lost_opens_no_second_payment(counter, stripe, now):
    order = counter.waiting()
    stripe.mood = "lose"
    ask(counter, order, at=now())
    assert len(stripe.intents) == 1
    stripe.mood = "answer"

    attempt = ask(counter, order, at=now(1))

    assert attempt.provider_reference == stripe.only()["id"]
    assert PaymentAttempt.objects.count() == 1


def test_what_was_paid_while_nobody_answered_is_noted_by_the_sweep(counter, stripe, now):
    order = counter.waiting()
    ask(counter, order, at=now())
    stripe.pay()
    stripe.mood = "fail"
    now(1)
    settle_payments()
    assert PaymentAttempt.objects.get().state == AttemptState.OPEN
    stripe.mood = "answer"
    now(2)

    settle_payments()

    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.captured_fen) == (AttemptState.SUCCEEDED, 9600)
    assert ledger.balance(AccountKind.PROVIDER) == -9600
    assert invariants.findings(MONEY) == []


def test_a_refusal_fails_the_attempt_and_says_to_take_cash(counter, stripe, now):
    order = counter.waiting()
    stripe.mood = "refuse"

    page = counter.client().post(page_of(order), sent(order, shown_fen=9600) | {"paid_by": "PLATFORM_QR"})

    assert page.status_code == 422
    assert "支付平台拒绝了这笔收款，请收现金。" in page.content.decode()
    assert PaymentAttempt.objects.get().state == AttemptState.FAILED
    in_cash(counter, order)


def test_what_nobody_pays_is_cancelled_after_its_time(counter, stripe, now):
    order = counter.waiting()
    ask(counter, order, at=now())
    now(9)
    settle_payments()
    assert PaymentAttempt.objects.get().state == AttemptState.OPEN

    now(10)
    settle_payments()

    assert (PaymentAttempt.objects.get().state, stripe.only()["status"]) == (AttemptState.FAILED, "canceled")
    assert ledger.balance(AccountKind.PROVIDER) == 0


def test_what_was_paid_before_it_could_be_cancelled_is_paid(counter, stripe, now, monkeypatch):
    order = counter.waiting()
    attempt = ask(counter, order, at=now())
    stripe.pay()  # after the last look, and before the cancelling

    attempts.withdraw(attempt, by="test", at=now(10))

    assert PaymentAttempt.objects.get().state == AttemptState.SUCCEEDED
    assert stripe.calls("cancel") != []
    assert ledger.balance(AccountKind.PROVIDER) == -9600


def test_one_that_the_provider_never_answered_for_is_found_by_its_key_and_cancelled(counter, stripe, now):
    order = counter.waiting()
    stripe.mood = "lose"
    ask(counter, order, at=now())
    stripe.mood = "answer"
    now(11)

    settle_payments()

    assert (PaymentAttempt.objects.get().state, stripe.only()["status"]) == (AttemptState.FAILED, "canceled")


def test_a_success_after_the_cash_is_refunded_once(counter, stripe, now):
    order = counter.waiting()
    ask(counter, order, at=now())
    in_cash(counter, order)
    stripe.pay()
    now(1)
    assert invariants.findings(MONEY) == []

    settle_payments()
    settle_payments()

    attempt, refund = PaymentAttempt.objects.get(), PaymentRefund.objects.get()
    assert (attempt.state, refund.state, refund.reason) == (
        AttemptState.REFUNDED,
        RefundState.DONE,
        RefundReason.UNUSED,
    )
    assert [each["amount"] for each in stripe.refunds] == [9600]
    assert ledger.balance(AccountKind.PROVIDER) == ledger.balance(AccountKind.REFUNDS) == 0
    assert invariants.findings(MONEY) == []


def test_an_open_one_is_cancelled_as_soon_as_the_cash_was_taken(counter, stripe, now):
    order = counter.waiting()
    ask(counter, order, at=now())
    in_cash(counter, order)
    now(1)

    settle_payments()

    assert (PaymentAttempt.objects.get().state, stripe.only()["status"]) == (AttemptState.FAILED, "canceled")


def test_money_that_waits_for_its_goods_too_long_is_refunded(counter, stripe, now):
    order = counter.waiting()
    ask(counter, order, at=now())
    stripe.pay()
    now(1)
    settle_payments()
    now(30)
    settle_payments()
    assert PaymentAttempt.objects.get().state == AttemptState.SUCCEEDED

    now(31)
    settle_payments()

    assert PaymentAttempt.objects.get().state == AttemptState.REFUNDED
    page = counter.client().post(page_of(order), sent(order, shown_fen=9600) | {"paid_by": "PLATFORM_QR"})
    assert page.status_code == 200, "a new QR is shown"
    assert invariants.findings(MONEY) == []


@pytest.mark.parametrize("mood", ["lose", "fail"])
def test_a_refund_is_tried_until_it_is_confirmed_and_pays_once(counter, stripe, now, mood):
    order = counter.waiting()
    ask(counter, order, at=now())
    in_cash(counter, order)
    stripe.pay()
    attempts.look(PaymentAttempt.objects.get(), by="test", at=now(1))
    stripe.mood = mood
    for minute in (2, 4, 10):
        now(minute)
        settle_payments()
    refund = PaymentRefund.objects.get()
    assert (refund.state, refund.tries) == (RefundState.DUE, 3)
    assert refund.last_error
    stripe.mood = "answer"
    now(60)

    settle_payments()

    assert PaymentRefund.objects.get().state == RefundState.DONE
    assert [each["amount"] for each in stripe.refunds] == [9600]
    assert ledger.balance(AccountKind.PROVIDER) == 0


def test_a_refund_that_stripe_works_on_is_done_when_it_says_so(counter, stripe, now):
    order = counter.waiting()
    ask(counter, order, at=now())
    in_cash(counter, order)
    stripe.pay()
    stripe.refund_status = "pending"
    now(1)
    settle_payments()
    assert PaymentRefund.objects.get().state == RefundState.DUE

    stripe.refunds[0] = stripe.refunds[0] | {"status": "succeeded"}
    now(10)
    settle_payments()

    assert PaymentRefund.objects.get().state == RefundState.DONE
    assert len(stripe.refunds) == 1


def test_a_refused_refund_stands_on_the_platforms_page_until_it_goes_through(counter, stripe, now, client):
    order = counter.waiting()
    ask(counter, order, at=now())
    in_cash(counter, order)
    stripe.pay()
    stripe.refund_status = "failed"
    now(1)
    settle_payments()
    refund = PaymentRefund.objects.get()
    assert refund.state == RefundState.REFUSED
    assert "O2" in {finding.code for finding in invariants.findings(["O2"])}
    client.force_login(shop.user(is_staff=True), backend="marketplace.users.backends.PhoneOrEmailBackend")
    page = client.get(reverse("dashboard:payments")).content.decode()
    assert order.number in page
    assert "支付平台拒绝" in page
    stripe.refund_status = "succeeded"

    client.post(reverse("dashboard:payment-again", args=[refund.pk]))
    settle_payments()

    assert PaymentRefund.objects.get().state == RefundState.DONE
    assert [each["status"] for each in stripe.refunds] == ["failed", "succeeded"]
    assert order.number not in client.get(reverse("dashboard:payments")).content.decode()
    assert invariants.findings(MONEY) == []


def test_more_than_was_paid_is_never_owed(counter, stripe, now):
    order = counter.waiting()
    attempt = ask(counter, order, at=now())
    stripe.pay()
    attempts.look(attempt, by="test", at=now())

    with pytest.raises(refunds.UnableToRefund), transaction.atomic():
        refunds.owe(attempt, amount_fen=9601, reason=RefundReason.UNUSED, by="test", at=now())

    assert not PaymentRefund.objects.exists()


def test_a_hand_over_by_qr_without_a_payment_is_refused_and_undone(counter, stripe, now):
    order = counter.waiting()

    with pytest.raises(spending.NotPaid):
        handover.hand_over(
            order,
            point=counter.point,
            outcomes={},
            proof="TYPED_CODE",
            code=code_of(order),
            nonce="n",
            by=counter.operator,
            at=now(),
            paid_by="PLATFORM_QR",
        )

    assert not order.collections.exists()
    assert invariants.findings(MONEY) == []


def test_a_provider_is_never_called_inside_a_transaction(counter, stripe, now):
    order = counter.waiting()

    with pytest.raises(RuntimeError, match="outside of transactions"), transaction.atomic():
        ask(counter, order, at=now())

    assert stripe.asked == []


def test_a_provider_that_is_not_configured_any_more_leaves_it_open(counter, stripe, now, settings):
    order = counter.waiting()
    ask(counter, order, at=now())
    settings.STRIPE_SECRET_KEY = ""
    now(20)

    settle_payments()

    assert PaymentAttempt.objects.get().state == AttemptState.OPEN
    assert [finding.code for finding in invariants.findings(MONEY)] == ["O2"]


def test_the_log_names_no_person_and_no_account(counter, stripe, now):
    order = counter.waiting()
    ask(counter, order, at=now())
    stripe.pay()
    attempts.look(PaymentAttempt.objects.get(), by="test", at=now(1))

    payloads = list(Event.objects.filter(stream="payment").values_list("payload", flat=True))

    said = {"order": order.number, "point": counter.point.pk, "provider": providers.STRIPE, "fen": 9600}
    assert payloads == [said, said]
