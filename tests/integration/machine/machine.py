"""A counter, its orders and two phones, done to in any order; compared with the reference model after each step."""

import datetime as dt
from collections.abc import Callable
from unittest.mock import patch

from django.core.cache import cache
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core import clock, invariants
from logistics import snapshots
from logistics.models import Consignment, ConsignmentLine, Leg, OfflineUpload, Parcel
from logistics.services import collections, departures, leases, milestones, rerouting, routing, scans
from logistics.services.collections import Outcome
from logistics.states import CollectionProof, ConsignmentState, CounterPayment, ParcelState, UploadState
from marketplace.claims import proofs
from marketplace.claims.models import Claim
from marketplace.claims.services import claims, goods_back, refunds
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import Answer, ClaimReason, ClaimState, Wish
from marketplace.counter.services import deciding, handover, syncing
from marketplace.counter.states import Reason
from marketplace.order.models import Order
from marketplace.order.services import cancelling, redirecting, reissuing, reminding, uncollected
from marketplace.selling.services import packing
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import leases as phones
from tests.factories import shop, villages
from tests.factories.counter import Counter, qr_of
from tests.factories.counter import counter as made_counter
from tests.factories.shop import MONDAY
from tests.integration.machine.model import Goods, Leave, Line, Model
from villages.states import OperatorRole

PROMISES = ["C1", "C2", "L1", "M1", "O2", "S1"]
DAYS_OPEN = 25
STEPS = (*milestones.COLLECTING, *milestones.SYNCING)
HOUR = dt.timedelta(hours=1)


ACTIONS: dict[str, tuple[int, Callable, dict, Callable]] = {}


def action(weight: int, *, when: Callable = lambda machine: True, **drawn) -> Callable:
    """Let a method be one of the machine's actions, so often among the others, where it makes sense."""

    def register(method: Callable) -> Callable:
        ACTIONS[method.__name__] = (weight, when, drawn, method)
        return method

    return register


class Crash(BaseException):
    """The worker dies here: nothing of the code catches it."""


class CounterMachine(RuleBasedStateMachine):
    """Buy, route, move, arrive, hand over, go offline, sync, take over, expire, claim, return, cancel, crash, wait."""

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

    # What people do

    @action(
        2,
        when=lambda self: len(self.model.of_order) < 5,
        which=st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True),
        units=st.integers(1, 4),
    )
    def buy(self, which, units):
        self._bought(which, units)

    def _bought(self, which, units):
        order = shop.order(self.counter.point, *[self.listings[n] for n in which], quantity=units, at=self.now)
        self.model.of_order[order.pk] = []
        for consignment in order.consignments.order_by("pk"):
            lines = {
                line.pk: Line(line.order_line.unit_price_fen, units)
                for line in consignment.lines.select_related("order_line")
            }
            self.model.goods[consignment.pk] = Goods(consignment.freight_fen, lines)
            self.model.of_order[order.pk].append(consignment.pk)
        self._sweep()

    @action(5, when=lambda self: self._coming(), pick=st.integers(0, 99), steps=st.sampled_from([1, 3, 20, 20]))
    def bring(self, pick, steps):
        """Pack a consignment, or move its parcels on by some steps, each at its time."""
        self._brought(self._picked(pick, self._coming()), steps)

    def _brought(self, pk, steps=20):
        while steps and self._moved(Consignment.objects.get(pk=pk)):
            steps -= 1
        self._sweep()

    def _coming(self):
        return [pk for pk, goods in self.model.goods.items() if not goods.is_here and not goods.is_over]

    @action(
        5,
        when=lambda self: self.model.of_order,
        pick=st.integers(0, 99),
        kind=st.sampled_from(["whole", "short", "rejected"]),
        device=st.sampled_from([None, "A", "B"]),
        scan=st.booleans(),
        step=st.none() | st.sampled_from(STEPS),
    )
    def hand_over(self, pick, kind, device, scan, step):
        orders = [pk for pk in self.model.of_order if self.model.here(pk)] if pick < 90 else []
        order = Order.objects.get(pk=self._picked(pick, orders or list(self.model.of_order)))
        here = self.model.here(order.pk)
        nonce, outcomes = phones.nonce(), self._outcomes(here, kind)
        held = self.model.held_by_another(set(here), device=device, at=self.now)

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
                paid_by=CounterPayment.OPERATOR_SCAN if scan else CounterPayment.CASH,
            )

        try:
            self._crashing(act, step)
        except collections.AlreadyCollected as first:
            assert first.collection.nonce == nonce or not here, "the loser sees an earlier receipt"
            if first.collection.nonce != nonce:
                return
        except collections.UnableToCollect:
            assert held or not here
            return
        assert here, "nothing waited"
        assert not held, "another phone has it without network"
        for pk, goods in here.items():
            self.model.cash_fen += goods.hand_over({line: outcomes[line] for line in self.model.goods[pk].lines})

    @action(2, pick=st.integers(0, 99), wish=st.sampled_from(["cancel", "more time", "new code", "another point"]))
    def ask(self, pick, wish):
        """The buyer asks for something that the order allows or not."""
        order = Order.objects.get(pk=self._picked(pick, list(self.model.of_order)))
        asked = {
            "cancel": self._cancel,
            "more time": self._ask_for_more_time,
            "new code": self._issue_the_code_anew,
            "another point": self._ask_for_another_point,
        }
        asked[wish](order)

    def _cancel(self, order):
        mine = set(self.model.of_order[order.pk])
        try:
            cancelling.cancel(order, by=None, at=self.now)
        except cancelling.UnableToCancel:
            return
        assert not Consignment.objects.filter(order=order).exclude(packed_at=None).exists()
        assert not self.model.held_by_another(mine, device=None, at=self.now)
        for pk in mine:
            self.model.goods[pk].lose_open("cancelled")

    def _ask_for_more_time(self, order):
        can = [g for g in self.model.here(order.pk).values() if not g.was_extended and g.collect_by > self.now]
        try:
            kept = reminding.extend(order, by=None, at=self.now)
        except reminding.UnableToExtend:
            assert not can
            return
        assert len(kept) == len(can)
        for goods in can:
            goods.collect_by, goods.was_extended = goods.collect_by + dt.timedelta(days=3), True

    def _issue_the_code_anew(self, order):
        mine = {pk for pk in self.model.of_order[order.pk] if not self.model.goods[pk].is_over}
        held = self.model.held_by_another(mine, device=None, at=self.now)
        try:
            reissuing.reissue(order, by=None, at=self.now)
        except reissuing.UnableToReissue:
            return
        assert mine
        assert not held

    def _ask_for_another_point(self, order):
        mine = {pk for pk in self.model.of_order[order.pk] if not self.model.goods[pk].is_over}
        held = self.model.held_by_another(mine, device=None, at=self.now)
        try:
            with transaction.atomic():
                redirecting.change_point(order, point_id=self.counter.shop.network.stop.pk, by=None, at=self.now)
                assert not held
                assert not self.model.here(order.pk)
                raise _Undone  # the machine has one counter: it is seen that it can be done
        except (redirecting.UnableToChangePoint, _Undone):
            return

    # Without network

    @action(3, device=st.sampled_from(["A", "B"]), hours=st.sampled_from([1, 24, 72]), renews=st.booleans())
    def go_offline(self, device, hours, renews):
        leave = self.model.leave
        live = leave is not None and leave.holds(self.now)
        renews = renews and not self.outbox[device]
        try:
            lease = leases.grant(
                self.counter.point,
                device=self.devices[device],
                hours=hours,
                renews=renews,
                by=self.counter.operator,
                at=self.now,
            )
        except leases.UnableToLease:
            assert live
            assert leave.device != device or not renews
            return
        assert not live or (leave.device == device and renews), "one phone at a time"
        covers = set(lease.leased.values_list("consignment", flat=True))
        told = set().union(*self.model.told.values())
        assert not covers & told, "what may be gone already is on no other phone"
        assert covers >= {pk for pk, goods in self.model.goods.items() if goods.is_here and pk not in told}
        self.model.leave = Leave(device, lease.until, covers)
        self.leases[device] = lease
        self._sweep()

    @action(
        5,
        when=lambda self: self.leases,
        device=st.sampled_from(["A", "B"]),
        pick=st.integers(0, 99),
        hours=st.sampled_from([0, 0, 0, 1, 20, 80]),
    )
    def hand_over_offline(self, device, pick, hours):
        """The phone gives an order out; whether it still may, its own clock says, which nobody here believes."""
        lease = self.leases.get(device)
        orders = [pk for pk in self.model.of_order if set(self.model.of_order[pk]) & set(self._covers(lease))]
        if lease is None or not orders:
            return
        order = Order.objects.get(pk=self._picked(pick, orders))
        at = min(self.now + hours * HOUR, lease.until)
        covered = set(self.model.of_order[order.pk]) & set(self._covers(lease))
        if any(covered & self.covered_by[each["nonce"]] for each in self.outbox[device] if each["kind"] == "HAND_OVER"):
            return  # the phone has given it out already, and shows it no more
        lines = ConsignmentLine.objects.filter(consignment__in=covered).select_related("order_line", "consignment")
        freight = {line.consignment_id: line.consignment.freight_fen for line in lines}
        said = [{"id": line.pk, "taken": line.open, "short": 0, "rejected": 0, "reason": ""} for line in lines]
        shown = sum(line.open * line.order_line.unit_price_fen for line in lines) + sum(freight.values())
        item = phones.hand_over(order, lease, at=at, lines=said, shown_fen=shown)
        self.outbox[device].append(item)
        self.covered_by[item["nonce"]] = covered
        self._jump(at)

    @action(2, when=lambda self: self.leases, device=st.sampled_from(["A", "B"]), pick=st.integers(0, 99))
    def receive_offline(self, device, pick):
        lease = self.leases.get(device)
        parcels = list(Parcel.objects.filter(consignment__in=self.model.goods, state=ParcelState.LOADED).order_by("pk"))
        if lease is None or not parcels or self.now > lease.until:
            return
        item = phones.receive(self._picked(pick, parcels), lease, at=self.now)
        self.outbox[device].append(item)

    @action(
        5,
        when=lambda self: any(self.outbox.values()),
        device=st.sampled_from(["A", "B"]),
        order=st.randoms(use_true_random=False),
        cut=st.integers(1, 6),
        twice=st.booleans(),
        step=st.none() | st.sampled_from(STEPS),
    )
    def sync(self, device, order, cut, twice, step):
        """Upload some of what a phone did, in any order, cut anywhere, perhaps twice."""
        items = list(self.outbox[device])
        order.shuffle(items)
        items = items[:cut]
        if not items:
            return
        leave = self.model.leave
        may = leave is not None and leave.holds(self.now) and leave.device == device

        def act():
            return syncing.sync(items, device=self.devices[device], by=self.counter.operator, at=self.now)

        for _ in range(1 + twice):
            answers = self._crashing(act, step)
            step = None
        for answer in answers:
            self._heard(answer.upload, may=may)
        self.outbox[device] = [each for each in self.outbox[device] if each not in items]
        self._sweep()

    @action(1, device=st.sampled_from(["A", "B"]))
    def take_over(self, device):
        leave = self.model.leave
        can = leave is not None and leave.holds(self.now) and leave.device != device
        try:
            leases.take_over(self.counter.point, device=self.devices[device], by=self.owner, at=self.now)
        except leases.UnableToEnd:
            assert not can
            return
        assert can
        leave.is_over = True
        self._sweep()

    @action(2, when=lambda self: self.model.told, pick=st.integers(0, 99), books=st.booleans())
    def decide_on_an_upload(self, pick, books):
        nonce = self._picked(pick, sorted(self.model.told))
        upload = OfflineUpload.objects.get(nonce=nonce)
        try:
            if books:
                deciding.apply(upload, by=self.owner, at=self.now)
            else:
                deciding.close(upload, note="查过了", by=self.owner, at=self.now)
        except deciding.UnableToDecide:
            return
        self._heard(OfflineUpload.objects.get(nonce=nonce), may=True)
        self._sweep()

    # Afterwards

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
            if back:
                goods_back.receive(back, counted=counted, by=self.seller, at=self.now)
        elif claim.state == ClaimState.TO_PAY and pays:
            code = proofs.code_of(claim.number)
            refunds.pay_out(claim, point=self.counter.point, proof=code, by=self.counter.operator, at=self.now)
            self.model.cash_fen -= claim.refund_fen
        self._note_refunds()

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

    # How it is done

    def _lines(self):
        return [(pk, line) for goods in self.model.goods.values() for pk, line in goods.lines.items()]

    @staticmethod
    def _picked(number: int, of: list):
        return of[number % len(of)]

    @staticmethod
    def _covers(lease) -> set[int]:
        return set(lease.leased.values_list("consignment", flat=True)) if lease else set()

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

    def _heard(self, upload: OfflineUpload, *, may: bool) -> None:
        """Follow what became of an upload, and see that it was allowed."""
        if upload.kind != "HAND_OVER":
            return
        covered = self.covered_by[upload.nonce]
        before = self.sent.get(upload.nonce)
        self.sent[upload.nonce] = upload.state
        if upload.state == UploadState.APPLIED and before != UploadState.APPLIED:
            assert may, "only the phone that holds the leave is booked by itself"
            lines = {row.consignment_line_id: row for row in upload.collection.lines.all()}
            for pk in {ConsignmentLine.objects.get(pk=each).consignment_id for each in lines}:
                self._note_arrival(pk)
                goods = self.model.goods[pk]
                assert goods.is_here, "given out where it was not"
                mine = {each: (lines[each].taken, lines[each].short, lines[each].rejected) for each in goods.lines}
                self.model.cash_fen += goods.hand_over(mine)
        if upload.state in (UploadState.PENDING, UploadState.EXCEPTION):
            self.model.told[upload.nonce] = covered
        else:
            self.model.told.pop(upload.nonce, None)

    def _moved(self, consignment: Consignment) -> bool:
        """Do the next step of a consignment on its route; False where nothing is to be done."""
        if consignment.state == ConsignmentState.ROUTED:
            packing.pack(consignment, by="test", at=self.now)
            return True
        parcel = consignment.parcels.first()
        if parcel is None or consignment.state not in (ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT):
            return False
        act = {"nonce": phones.nonce(), "by": "test"}
        legs = list(Leg.objects.in_force().filter(consignment=consignment).order_by("route_version", "sequence"))
        try:
            if parcel.state == ParcelState.PACKED:
                scans.drop(parcel, at=self.now, **act)
            elif parcel.state in (ParcelState.AT_STOP, ParcelState.AT_HUB):
                leg = next((leg for leg in legs if leg.loaded_at is None and leg.departs_at >= self.now), None)
                if leg is None:
                    return False
                self._jump(leg.departs_at)
                parcel.refresh_from_db()
                scans.load(parcel, departure=leg.departure, at=self.now, **act)
            elif parcel.state == ParcelState.LOADED:
                leg = next((leg for leg in legs if leg.departure_id == parcel.departure_id), None)
                if leg is None:
                    return False
                self._jump(max(leg.arrives_at, self.now))
                parcel.refresh_from_db()
                if leg.pk == legs[-1].pk:
                    scans.receive(parcel, point=self.counter.point, shelf="A-01", at=self.now, **act)
                else:
                    ends = leg.departure.lane.destination if leg.departure.lane else leg.departure.round.hub
                    scans.unload(parcel, hub=ends, at=self.now, **act)
            else:
                return False
        except scans.UnableToScan:
            return False
        self._note_arrival(consignment.pk)
        return True

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
        self._note_refunds()


class _Undone(Exception):
    """What was tried is rolled back."""
