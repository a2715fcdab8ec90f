"""A claim of goods that the platform's QR paid for is refunded by the provider, not in cash."""

import pytest
from django.urls import reverse

from core import invariants
from logistics.models import ConsignmentLine
from marketplace.claims.models import Payout
from marketplace.claims.services import claims
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import Answer, ClaimState
from marketplace.counter.services import cash
from marketplace.payment.models import PaymentRefund
from marketplace.payment.services import attempts
from marketplace.payment.states import RefundReason
from marketplace.payment.tasks import settle_payments
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import claims as factories
from tests.factories import shop
from tests.factories.counter import Counter
from tests.factories.stripes import Stripe
from tests.integration.counter.test_handing_over import page_of, sent


@pytest.fixture
def farmer(counter):
    person = shop.user()
    counter.shop.seller.users.add(person)
    return person


def bought(counter: Counter, stripe: Stripe, now, *, by=None) -> ConsignmentLine:
    """Return a line of two units, ¥45 each, that were handed over for the QR."""
    order = shop.at_point(shop.order(counter.point, shop.listing(counter.shop.seller), quantity=2, by=by))
    attempts.ask(order, point=counter.point, amount_fen=9600, by=counter.operator, at=now())
    stripe.pay()
    now(1)
    said = sent(order, shown_fen=9600) | {"paid_by": "PLATFORM_QR"}
    assert counter.client().post(page_of(order), said).status_code == 302
    return ConsignmentLine.objects.select_related("order_line", "consignment__order").get(consignment__order=order)


@pytest.mark.parametrize("offered", [None, 1500])
def test_what_is_granted_goes_back_to_where_it_was_paid_from(counter, stripe, now, farmer, offered, client):
    buyer = shop.user()
    claim = factories.claim(bought(counter, stripe, now, by=buyer), units=1, at=now(60))
    if offered:
        claim = claims.answer(claim, answer=Answer.OFFER, offered_fen=offered, by=farmer, at=now(61))
        claim = claims.accept(claim, by=buyer, at=now(62))
    else:
        claim = claims.answer(claim, answer=Answer.ACCEPT, by=farmer, at=now(61))
    fen = offered or 4500
    refund = PaymentRefund.objects.get()
    assert (claim.state, refund.reason, refund.amount_fen) == (ClaimState.REFUNDED, RefundReason.CLAIM, fen)
    assert not Payout.objects.exists()
    assert cash.held_fen(counter.point.pk, counter.operator.pk) == 0
    assert invariants.findings(["C1", "C2", "M1", "M2", "O1"]) == []

    settle_payments()

    assert [each["amount"] for each in stripe.refunds] == [fen]
    assert ledger.balance(AccountKind.REFUNDS) == 0
    assert ledger.balance(AccountKind.PROVIDER) == fen - 9600
    assert invariants.findings(["C1", "C2", "M1", "M2", "O1", "O2"]) == []
    client.force_login(buyer, backend="marketplace.users.backends.PhoneOrEmailBackend")
    page = client.get(reverse("customer:claim", args=[claim.number])).content.decode()
    assert "现金" not in page


def test_two_claims_of_one_payment_have_a_refund_each(counter, stripe, now, farmer):
    line = bought(counter, stripe, now)
    for minute in (60, 70):
        claims.answer(factories.claim(line, units=1, at=now(minute)), answer=Answer.ACCEPT, by=farmer, at=now(minute))

    settle_payments()

    assert [each["amount"] for each in stripe.refunds] == [4500, 4500]
    assert ledger.balance(AccountKind.PROVIDER) == -600
    with pytest.raises(UnableToClaim):
        factories.claim(line, units=1, at=now(80))
    assert invariants.findings(["C1", "C2", "M1", "M2", "O1", "O2"]) == []
