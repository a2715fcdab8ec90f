"""The buyer is told of money that goes back, once; of a claim's money by the claim."""

from core import clock, events, invariants
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.communication.states import MessageChannel
from marketplace.payment.services import attempts
from marketplace.payment.tasks import settle_payments
from tests.integration.counter.test_handing_over import page_of, sent


def test_the_buyer_is_told_of_what_goes_back(counter, stripe, now):
    order = counter.waiting()
    attempts.ask(order, point=counter.point, amount_fen=9600, by=counter.operator, at=now())
    assert counter.client().post(page_of(order), sent(order, shown_fen=9600)).status_code == 302
    stripe.pay()
    now(1)
    for _ in range(2):
        settle_payments()
        events.publish()
        while reading.read_events(at=clock.now()):
            pass

    told = Message.objects.filter(name="payment.refund_owed")

    bodies = dict(told.values_list("channel", "body"))
    assert bodies[MessageChannel.PAGE] == f"订单 {order.number}：您扫码付的钱里有 ¥96.00 退回您付款的账户。"
    assert told.count() == len(bodies)
    assert invariants.findings(["N1"]) == []
