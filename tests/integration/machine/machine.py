"""A counter, its orders and two phones, done to in any order; compared with the reference model after each step."""

import datetime as dt
from collections.abc import Callable
from unittest.mock import patch

from django.core.cache import cache
from django.db import transaction
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core import clock, invariants
from logistics import snapshots
from logistics.models import Consignment, ConsignmentLine
from logistics.services import departures, leases, milestones, rerouting, routing
from logistics.states import ConsignmentState
from marketplace.claims.models import Claim
from marketplace.claims.services import claims, goods_back
from marketplace.claims.states import ClaimState
from marketplace.counter.services import syncing
from marketplace.order.services import cancelling, reminding, uncollected
from marketplace.payment.models import PaymentAttempt
from marketplace.payment.services import attempts
from marketplace.payment.services import refunds as paying_back
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import shop, villages
from tests.factories.counter import Counter
from tests.factories.counter import counter as made_counter
from tests.factories.shop import MONDAY
from tests.integration.machine.actions import ACTIONS, HOUR, Crash, action
from tests.integration.machine.counter import AtTheCounter
from tests.integration.machine.model import Model
from tests.integration.machine.offline import Offline
from tests.integration.machine.shopping import Shopping
from villages.states import OperatorRole

PROMISES = ["C1", "C2", "L1", "M1", "M2", "O1", "O2", "S1"]
DAYS_OPEN = 25


class CounterMachine(Shopping, AtTheCounter, Offline, RuleBasedStateMachine):
    """Buy, route, move, arrive, pay, hand over, go offline, sync, expire, claim, return, cancel, crash, wait."""

    def __init__(self):
        super().__init__()
        # Each run is a transaction that is rolled back; what the services begin are savepoints of it.
        self.block = transaction.atomic()
        self.block._from_testcase = True
        self.block.__enter__()
        self.now = MONDAY
        self.clock = patch.object(clock, "now", lambda: self.now)
        self.clock.start()
        snapshots.forget()
        cache.clear()

    def teardown(self):
        self.clock.stop()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        snapshots.forget()

    @initialize()
    def open_the_counter(self):
        self.counter: Counter = made_counter()
        made, self.model = self.counter.shop, Model()
        self.seller = shop.user("覃师傅")
        made.seller.users.set([self.seller])
        other = shop.seller(made.network.stop, people=(self.seller,))
        self.owner = shop.operator(self.counter.point, person=shop.user("王桂兰"), role=OperatorRole.OWNER)
        departures.open_departures(at=self.now, until=self.now.date() + dt.timedelta(days=DAYS_OPEN))
        self.listings = [
            shop.listing(of, path="茶叶/绿茶", price_fen=price, on_hand=500)
            for of, price in ((made.seller, 4500), (made.seller, 1999), (other, 3100))
        ]
        self.devices = {
            name: villages.device(self.counter.point, by=self.owner, name=name, token=f"{id(self)}-{name}")
            for name in ("A", "B")
        }
        self.has_claims = False
        self.leases: dict[str, object] = {}
        self.outbox: dict[str, list[dict]] = {"A": [], "B": []}
        self.sent: dict[str, str] = {}  # uploads by nonce: what the server said last
        self.covered_by: dict[str, set[int]] = {}  # by nonce: the consignments of which a phone says it gave them out
        for which in ([0, 2], [1]):
            self._bought(which, 3)
        self._brought(self.model.of_order[next(iter(self.model.of_order))][0])

    @action(3, hours=st.sampled_from([0.1, 1, 1, 3, 7, 26, 60, 120, 170]))
    def wait(self, hours):
        self._jump(self.now + hours * HOUR)

    @rule(data=st.data())
    def act(self, data):
        """One of what can be done now; hypothesis chooses evenly, the weights see that little is done in vain."""
        names = [name for name, (weight, when, *_) in ACTIONS.items() if when(self) for _ in range(weight)]
        name = data.draw(st.sampled_from(names), label="action")
        _weight, _when, drawn, method = ACTIONS[name]
        method(self, **{key: data.draw(strategy, label=key) for key, strategy in drawn.items()})

    # What must be true after each of them

    @invariant()
    def the_promises_are_kept(self):
        found = invariants.findings(PROMISES)
        assert not found, [str(each) for each in found]

    @invariant()
    def the_model_agrees(self):
        if not hasattr(self, "model"):
            return
        rows = {
            row.pk: (
                row.open,
                row.cancelled,
                row.taken,
                row.short,
                row.rejected,
                row.expired,
                row.returned,
                row.refunded,
            )
            for row in ConsignmentLine.objects.all()
        }
        assert rows == {pk: line.units() for pk, line in self._lines()}
        here = set(Consignment.objects.filter(state=ConsignmentState.AT_POINT).values_list("pk", flat=True))
        assert here == {pk for pk, goods in self.model.goods.items() if goods.is_here}
        cash = ledger.balance(AccountKind.OPERATOR_CASH, party_id=self.counter.point.pk)
        assert abs(cash) == abs(self.model.cash_fen), (cash, self.model.cash_fen)
        spent = PaymentAttempt.objects.aggregate(fen=Sum("spent_fen", default=0))["fen"]
        assert spent == self.model.qr_fen, (spent, self.model.qr_fen)

    # How it is done

    def _lines(self):
        return [(pk, line) for goods in self.model.goods.values() for pk, line in goods.lines.items()]

    @staticmethod
    def _picked(number: int, of: list):
        return of[number % len(of)]

    def _crashing(self, act: Callable, step: str | None):
        """Do something; where it comes to the step, it dies there, and is done again."""
        if step is not None:

            def die(passed: str) -> None:
                if passed == step:
                    raise Crash

            with patch.object(milestones, "passed", die):
                try:
                    return act()
                except Crash:
                    pass
        return act()

    def _note_arrival(self, pk: int) -> None:
        row, goods = Consignment.objects.get(pk=pk), self.model.goods[pk]
        if row.arrived_at is not None and not goods.is_here and not goods.is_over:
            goods.arrive(row.arrived_at)
            assert row.state != ConsignmentState.AT_POINT or row.collect_by == goods.collect_by

    def _note_refunds(self) -> None:
        """Follow which units were paid back in full."""
        whole = Claim.objects.filter(state__in=[ClaimState.TO_PAY, ClaimState.REFUNDED])
        for pk, line in self._lines():
            back = sum(each.units for each in whole.filter(consignment_line=pk) if each.refund_fen == each.amount_fen)
            line.returned = line.refunded = back

    def _jump(self, at: dt.datetime) -> None:
        self.now = max(self.now, at)
        self._sweep()

    def _sweep(self) -> None:
        """Do what the worker does every few seconds."""
        by, at = "task:test", self.now
        departures.open_departures(at=at, until=at.date() + dt.timedelta(days=9))
        routing.route_waiting(limit=50, at=at, by=by)
        rerouting.mend(at=at)
        routing.route_waiting(limit=50, at=at, by=by)
        leases.end_overdue(by=by, at=at)
        syncing.give_up(by=by, at=at)
        cancelling.release_overdue(by=by, at=at)
        reminding.remind_due(by=by, at=at)
        for pk in self.model.goods:
            self._note_arrival(pk)
        uncollected.expire_overdue(by=by, at=at)
        self.model.expire(at=at)
        goods_back.end_overdue(by=by, at=at)
        claims.end_overdue(by=by, at=at)
        attempts.sweep(by=by, at=at)
        paying_back.give_back_forgotten(by=by, at=at)
        paying_back.send_due(by=by, at=at)
        self._note_refunds()
