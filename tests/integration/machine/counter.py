"""Handing over, and what comes after: claims, returns, money."""

from hypothesis import strategies as st

from logistics.models import ConsignmentLine
from logistics.services import collections, goods_returns
from logistics.services.collections import Outcome
from logistics.states import CollectionProof, CounterPayment, ReturnState
from marketplace.claims import proofs
from marketplace.claims.models import Claim
from marketplace.claims.services import claims, goods_back, refunds
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import Answer, ClaimReason, ClaimState, Wish
from marketplace.counter.services import handover
from marketplace.counter.states import Reason
from marketplace.order.models import Order
from marketplace.payment.models import PaymentAttempt
from marketplace.payment.providers import rehearsal
from marketplace.payment.services import attempts, spending
from tests.factories import leases as phones
from tests.factories.counter import qr_of
from tests.integration.machine.actions import STEPS, action
from tests.integration.machine.model import Goods


class AtTheCounter:
    """Handing over, and what comes after: claims, returns, money."""

    @action(
        5,
        when=lambda self: self.model.of_order,
        pick=st.integers(0, 99),
        kind=st.sampled_from(["whole", "short", "rejected"]),
        device=st.sampled_from([None, "A", "B"]),
        paid_by=st.sampled_from(CounterPayment),
        step=st.none() | st.sampled_from(STEPS),
    )
    def hand_over(self, pick, kind, device, paid_by, step):
        orders = [pk for pk in self.model.of_order if self.model.here(pk)] if pick < 90 else []
        order = Order.objects.get(pk=self._picked(pick, orders or list(self.model.of_order)))
        here = self.model.here(order.pk)
        nonce, outcomes = phones.nonce(), self._outcomes(here, kind)
        held = self.model.held_by_another(set(here), device=device, at=self.now)
        if paid_by == CounterPayment.PLATFORM_QR and here:
            due_fen = sum(goods.due({line: outcomes[line] for line in goods.lines}) for goods in here.values())
            self._asked(order, due_fen)

        def act():
            return handover.hand_over(
                order,
                point=self.counter.point,
                outcomes={pk: Outcome(*units, Reason.BROKEN if units[2] else "") for pk, units in outcomes.items()},
                proof=CollectionProof.QR,
                code=qr_of(order),
                nonce=nonce,
                by=self.counter.operator,
                at=self.now,
                device=self.devices.get(device),
                paid_by=paid_by,
            )

        try:
            self._crashing(act, step)
        except collections.AlreadyCollected as first:
            assert first.collection.nonce == nonce or not here, "the loser sees an earlier receipt"
            if first.collection.nonce != nonce:
                return
        except spending.PaidTooLittle:
            assert paid_by == CounterPayment.PLATFORM_QR
            return
        except collections.UnableToCollect:
            assert held or not here
            return
        assert here, "nothing waited"
        assert not held, "another phone has it without network"
        for pk, goods in here.items():
            paid = goods.hand_over({line: outcomes[line] for line in self.model.goods[pk].lines})
            if paid_by == CounterPayment.PLATFORM_QR:
                self.model.qr_fen += paid
            else:
                self.model.cash_fen += paid

    @action(1, when=lambda self: self.model.of_order, pick=st.integers(0, 99), fen=st.integers(1, 20_000))
    def pay_for_nothing(self, pick, fen):
        """The QR of some amount is shown and paid, and nothing is handed over for it then."""
        self._asked(Order.objects.get(pk=self._picked(pick, list(self.model.of_order))), fen)

    @action(1, when=lambda self: self.model.of_order, pick=st.integers(0, 99), fen=st.integers(1, 20_000))
    def show_a_qr(self, pick, fen):
        """The QR is shown, and nobody pays."""
        self._shown(Order.objects.get(pk=self._picked(pick, list(self.model.of_order))), fen)

    def _shown(self, order: Order, fen: int) -> PaymentAttempt:
        return attempts.ask(order, point=self.counter.point, amount_fen=fen, by=self.counter.operator, at=self.now)

    def _asked(self, order: Order, fen: int) -> None:
        if fen:
            attempt = self._shown(order, fen)
            rehearsal.answer(attempt.provider_reference, paid=True)
            attempts.look(attempt, by="test", at=self.now)

    @staticmethod
    def _outcomes(here: dict[int, Goods], kind: str) -> dict[int, tuple[int, int, int]]:
        found = {}
        for goods in here.values():
            for pk, line in goods.lines.items():
                less = min(1, line.open)
                units = {
                    "whole": (line.open, 0, 0),
                    "short": (line.open - less, less, 0),
                    "rejected": (line.open - less, 0, less),
                }
                found[pk] = units[kind]
        return found

    @action(
        3,
        when=lambda self: any(line.taken for _, line in self._lines()),
        pick=st.integers(0, 99),
        units=st.integers(1, 3),
        wish=st.sampled_from(list(Wish)),
    )
    def claim(self, pick, units, wish):
        lines = [pk for pk, line in self._lines() if line.taken]
        line = ConsignmentLine.objects.get(pk=self._picked(pick, lines))
        try:
            claims.open_claim(
                line,
                units=units,
                reason=ClaimReason.NOT_AS_DESCRIBED,
                wish=wish,
                words="不一样",
                photos=(),
                by=None,
                at=self.now,
            )
        except UnableToClaim:
            return
        assert units <= line.taken
        self.has_claims = True

    @action(
        5,
        when=lambda self: self.has_claims,
        pick=st.integers(0, 99),
        says=st.sampled_from([Answer.ACCEPT, *Answer]),
        pays=st.booleans(),
    )
    def go_on_with_a_claim(self, pick, says, pays):
        """The seller answers, the buyer accepts, goods come back, the seller counts them, the counter pays."""
        live = list(Claim.objects.filter(ended_at=None).order_by("pk"))
        if not live:
            return
        claim = self._picked(pick, live)
        if claim.state == ClaimState.OPEN:
            offered = {"offered_fen": claim.amount_fen // 2} if says == Answer.OFFER else {}
            words = {"words": "不是质量问题"} if says == Answer.REFUSE else {}
            claims.answer(claim, answer=says, by=self.seller, at=self.now, **offered, **words)
        elif claim.state == ClaimState.ANSWERED:
            claims.accept(claim, by=None, at=self.now)
        elif claim.state == ClaimState.RETURNING:
            refunds.take_in(claim, point=self.counter.point, by=self.counter.operator, at=self.now)
        elif claim.state == ClaimState.SENT_BACK:
            back = claim.consignment.goods_returns.filter(ended_at=None, reason="CLAIM").order_by("pk").last()
            counted = {line.pk: (line.units, line.units) for line in back.lines.all()} if back else {}
            if back and back.state != ReturnState.AT_STOP:
                goods_returns.drop(back, nonce=f"down-{back.pk}", by="machine", at=self.now)
            elif back:
                goods_back.receive(back, counted=counted, by=self.seller, at=self.now)
        elif claim.state == ClaimState.TO_PAY and pays:
            code = proofs.code_of(claim.number)
            refunds.pay_out(claim, point=self.counter.point, proof=code, by=self.counter.operator, at=self.now)
            self.model.cash_fen -= claim.refund_fen
        self._note_refunds()
