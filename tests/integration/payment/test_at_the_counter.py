"""Paid by the platform's QR on the hand-over page: shown, paid, spent on one hand-over, the rest refunded."""

import pytest
from django.urls import reverse

from core import invariants
from core.events import Event
from logistics.models import CodeAttempt, Collection
from logistics.services import leases
from logistics.states import CounterPayment
from marketplace.counter.services import cash
from marketplace.order.models import Order
from marketplace.order.states import PaymentMethod
from marketplace.payment.models import PaymentAttempt, PaymentRefund
from marketplace.payment.states import AttemptState, RefundReason, RefundState
from marketplace.payment.tasks import settle_payments
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import shop, villages
from tests.factories.counter import wrong_code
from tests.integration.counter.test_handing_over import page_of, sent
from tests.integration.payment.conftest import NOW

pytestmark = pytest.mark.usefixtures("now")
MONEY = ["C1", "C2", "M1", "M2", "O1", "O2", "S1"]


def by_qr(order, **said) -> dict:
    return sent(order, **said) | {"paid_by": "PLATFORM_QR"}


@pytest.fixture
def paid(counter, stripe):
    """An order of ¥96 that its buyer has paid by the QR, and the operator's browser."""
    order = counter.waiting(quantity=2)
    client = counter.client()
    client.post(page_of(order), by_qr(order, shown_fen=9600))
    stripe.pay()
    return order, client


def test_the_first_tap_shows_the_qr_and_keeps_what_was_chosen(counter, stripe):
    order = counter.waiting(quantity=3)
    said = by_qr(order, shown_fen=5100, line1=("REJECTED", 2, "BROKEN"))
    said |= {"collector-name": "李阿婆", "collector-phone": "13800000001"}

    response = counter.client().post(page_of(order), said)

    page = response.content.decode()
    attempt = PaymentAttempt.objects.get()
    assert response.status_code == 200
    assert 'class="qr"' in page
    assert "¥</i>51.00" in page
    assert 'value="李阿婆"' in page
    assert f'value="{said["code"]}"' in page
    assert 'value="REJECTED"' in page.split("checked")[0][-200:]
    assert "-kept" in page, "the photo of what is rejected stays"
    assert (attempt.amount_fen, attempt.point, attempt.operator) == (5100, counter.point, counter.operator)
    assert (attempt.state, attempt.provider_reference) == (AttemptState.OPEN, stripe.only()["id"])
    assert stripe.calls("payment_intents")[0][2] == attempt.idempotency_key
    assert not Collection.objects.exists()


def test_once_it_is_paid_one_tap_hands_over_and_no_cash_is_taken(counter, stripe, paid):
    order, client = paid

    response = client.post(page_of(order), by_qr(order, shown_fen=9600))

    collection = Collection.objects.get()
    attempt = PaymentAttempt.objects.get()
    assert response["Location"] == reverse("counter:receipt", args=[collection.pk])
    assert (collection.paid_by, collection.cash_fen) == (CounterPayment.PLATFORM_QR, 0)
    assert (attempt.state, attempt.collection, attempt.spent_fen) == (AttemptState.SUCCEEDED, collection, 9600)
    assert ledger.balance(AccountKind.PROVIDER) == -9600
    assert ledger.balance(AccountKind.BUYER_CLEARING) == 0
    assert cash.held_fen(counter.point.pk, counter.operator.pk) == 0
    names = Event.objects.filter(stream="payment").order_by("pk").values_list("name", flat=True)
    assert list(names) == ["payment.opened", "payment.succeeded", "payment.spent"]
    assert invariants.findings(MONEY) == []
    receipt = client.get(response["Location"]).content.decode()
    assert "平台收款码" in receipt
    assert "¥</i>96.00" in receipt


def test_what_came_by_qr_stands_beside_the_cash_up_and_is_not_counted(counter, paid):
    order, client = paid
    client.post(page_of(order), by_qr(order, shown_fen=9600))

    page = client.get(reverse("counter:cash")).content.decode()

    assert "另有 1 单用平台收款码付了" in page
    assert 'name="counted"' not in page
    assert "¥</i>96.00" in client.get(reverse("counter:index")).content.decode()


def test_the_cap_on_cash_does_not_touch_it(paid, settings):
    settings.OPERATOR_CASH_CAP_FEN = 100
    order, client = paid

    assert client.post(page_of(order), by_qr(order, shown_fen=9600)).status_code == 302


def test_the_page_asks_and_says_when_it_is_paid(counter, stripe, now):
    order = counter.waiting()
    client = counter.client()
    client.post(page_of(order), by_qr(order, shown_fen=9600))
    part = f"{reverse('counter:payment', args=[order.number])}?attempt={PaymentAttempt.objects.get().pk}&due=9600"
    assert 'data-state="OPEN"' in client.get(part).content.decode()
    stripe.pay()

    assert 'data-state="OPEN"' in client.get(part).content.decode(), "it was asked about this very second"
    now(0.1)
    assert "已付" in client.get(part).content.decode()
    assert PaymentAttempt.objects.get().state == AttemptState.SUCCEEDED


def test_the_refresh_button_looks_and_hands_nothing_over(paid, now):
    order, client = paid
    now(1)

    page = client.post(page_of(order), by_qr(order, shown_fen=9600) | {"do": "look"}).content.decode()

    assert "已付" in page
    assert not Collection.objects.exists()


def test_a_tap_before_it_is_paid_shows_the_same_qr_again(counter, stripe, now):
    order = counter.waiting()
    client = counter.client()
    for minute in (0, 1):
        now(minute)
        response = client.post(page_of(order), by_qr(order, shown_fen=9600))

    assert response.status_code == 422
    assert "还没有收到付款" in response.content.decode()
    assert len(stripe.intents) == PaymentAttempt.objects.count() == 1
    assert not Collection.objects.exists()


def test_nobody_is_asked_to_pay_before_the_code_is_proven(counter, stripe):
    order = counter.waiting()

    response = counter.client().post(page_of(order), by_qr(order, shown_fen=9600, code=wrong_code(order)))

    assert response.status_code == 422
    assert "这个提货码不是这张订单的。" in response.content.decode()
    assert stripe.asked == []
    assert not PaymentAttempt.objects.exists()
    assert CodeAttempt.objects.count() == 1


def test_what_is_rejected_after_paying_is_refunded(counter, stripe, paid):
    order, client = paid
    said = by_qr(order, shown_fen=5100, line1=("REJECTED", 1, "SPOILED"))

    response = client.post(page_of(order), said)

    refund = PaymentRefund.objects.get()
    assert (refund.reason, refund.amount_fen, refund.state) == (RefundReason.CHANGE, 4500, RefundState.DUE)
    assert PaymentAttempt.objects.get().spent_fen == 5100
    assert ledger.balance(AccountKind.REFUNDS) == 4500
    assert invariants.findings(MONEY) == []
    assert "¥</i>45.00" in client.get(response["Location"]).content.decode()

    settle_payments()

    refund.refresh_from_db()
    assert (refund.state, [each["amount"] for each in stripe.refunds]) == (RefundState.DONE, [4500])
    assert ledger.balance(AccountKind.REFUNDS) == 0
    assert ledger.balance(AccountKind.PROVIDER) == -5100
    assert PaymentAttempt.objects.get().state == AttemptState.SUCCEEDED
    assert invariants.findings(MONEY) == []


def test_a_payment_of_too_little_is_refused_with_what_to_do(counter, stripe, now):
    order = counter.waiting(quantity=2)
    client = counter.client()
    client.post(page_of(order), by_qr(order, shown_fen=5100, line1=("REJECTED", 1, "SPOILED")))
    stripe.pay()
    now(1)

    page = client.post(page_of(order), by_qr(order, shown_fen=9600))

    # The buyer paid before the choice was changed back: the QR for the other amount says so when it is cancelled.
    assert page.status_code == 422
    assert "扫码付了 ¥51.00" in page.content.decode()
    assert 'value="pay-again"' in page.content.decode()
    assert not Collection.objects.exists()

    page = client.post(page_of(order), by_qr(order, shown_fen=9600) | {"do": "pay-again"})

    assert page.status_code == 200
    amounts = PaymentAttempt.objects.order_by("pk").values_list("amount_fen", "state")
    assert list(amounts) == [(5100, AttemptState.REFUNDING), (9600, AttemptState.OPEN)]
    settle_payments()
    stripe.pay()
    now(2)
    assert client.post(page_of(order), by_qr(order, shown_fen=9600)).status_code == 302
    assert [each["amount"] for each in stripe.refunds] == [5100]
    assert invariants.findings(MONEY) == []


def test_another_amount_cancels_the_qr_before(counter, stripe, now):
    order = counter.waiting(quantity=2)
    client = counter.client()
    client.post(page_of(order), by_qr(order, shown_fen=9600))
    now(1)

    client.post(page_of(order), by_qr(order, shown_fen=5100, line1=("REJECTED", 1, "SPOILED")))

    states = PaymentAttempt.objects.order_by("pk").values_list("amount_fen", "state")
    assert list(states) == [(9600, AttemptState.FAILED), (5100, AttemptState.OPEN)]
    assert [intent["status"] for intent in stripe.intents.values()] == ["canceled", "requires_action"]


def test_where_no_provider_is_configured_it_is_not_offered(counter, settings):
    settings.DEMO_PAYMENTS = False
    order = counter.waiting()
    client = counter.client()

    assert "PLATFORM_QR" not in client.get(page_of(order)).content.decode()
    response = client.post(page_of(order), by_qr(order, shown_fen=9600))

    assert response.status_code == 422
    assert not PaymentAttempt.objects.exists()
    assert not Collection.objects.exists()


def test_nothing_is_asked_for_where_nothing_is_taken(counter, stripe):
    order = counter.waiting(quantity=1)
    said = by_qr(order, shown_fen=0, line1=("REJECTED", 1, "NOT_WANTED"))

    assert counter.client().post(page_of(order), said).status_code == 302
    assert stripe.asked == []
    assert invariants.findings(MONEY) == []


def test_the_rehearsal_is_paid_on_its_page(counter, settings, now, client):
    settings.DEMO_PAYMENTS = settings.DEMO_MESSAGES_PAGE = True
    order = counter.waiting()
    operator = counter.client()
    page = operator.post(page_of(order), by_qr(order, shown_fen=9600)).content.decode()
    phone = reverse("demo-pay", args=[PaymentAttempt.objects.get().provider_reference])
    assert phone in page
    assert "¥</i>96.00" in client.get(phone).content.decode()

    client.post(phone, {"answer": "pay"})
    client.post(phone, {"answer": "refuse"})
    now(1)

    assert operator.post(page_of(order), by_qr(order, shown_fen=9600)).status_code == 302
    assert invariants.findings(MONEY) == []


def test_the_rehearsals_page_is_not_there_where_the_demonstration_is_not(counter, settings, client):
    settings.DEMO_PAYMENTS = settings.DEMO_MESSAGES_PAGE = True
    order = counter.waiting()
    counter.client().post(page_of(order), by_qr(order, shown_fen=9600))
    phone = reverse("demo-pay", args=[PaymentAttempt.objects.get().provider_reference])
    settings.DEMO_PAYMENTS = False

    assert client.get(phone).status_code == client.post(phone, {"answer": "pay"}).status_code == 404


def test_what_another_phone_has_without_network_is_not_asked_to_be_paid(counter, stripe):
    order = counter.waiting()
    device = villages.device(counter.point, by=counter.operator)
    leases.grant(counter.point, device=device, by=counter.operator, at=NOW)

    response = counter.client().post(page_of(order), by_qr(order, shown_fen=9600))

    assert response.status_code == 422
    assert stripe.asked == []
    assert not PaymentAttempt.objects.exists()


def test_an_order_that_was_paid_online_is_paid_nothing_by_qr(counter, stripe):
    order = counter.waiting()
    Order.objects.update(payment_method=PaymentMethod.ONLINE)

    assert counter.client().post(page_of(order), by_qr(order, shown_fen=0)).status_code == 302

    assert Collection.objects.get().paid_by == CounterPayment.CASH
    assert stripe.asked == []


def test_another_orders_payment_is_not_told_of(counter, stripe, paid):
    order, client = paid
    other = counter.waiting()
    wanted = PaymentAttempt.objects.get(order=order).pk

    assert client.get(f"{reverse('counter:payment', args=[other.number])}?attempt={wanted}").status_code == 404
    assert client.get(f"{reverse('counter:payment', args=[order.number])}?attempt={wanted}").status_code == 200


def test_the_buyers_page_says_what_was_paid(paid, client):
    order, operator = paid
    buyer = shop.user()
    Order.objects.update(user=buyer)
    operator.post(page_of(order), by_qr(order, shown_fen=9600))
    client.force_login(buyer, backend="marketplace.users.backends.PhoneOrEmailBackend")

    page = client.get(reverse("customer:order", args=[order.number])).content.decode()

    assert "¥</i>96.00" in page.partition("柜台已付")[2][:120]
