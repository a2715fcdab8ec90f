"""What buyers and the network do: buying, the way of parcels to the point, what an order allows or not."""

import datetime as dt

from django.db import transaction
from hypothesis import strategies as st

from logistics.models import Consignment, Leg
from logistics.services import scans
from logistics.states import ConsignmentState, ParcelState
from marketplace.order.models import Order
from marketplace.order.services import cancelling, redirecting, reissuing, reminding
from marketplace.selling.services import packing
from tests.factories import leases as phones
from tests.factories import shop
from tests.integration.machine.actions import action
from tests.integration.machine.model import Goods, Line


class Shopping:
    """What buyers and the network do: buying, the way of parcels to the point, what an order allows or not."""

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


class _Undone(Exception):
    """What was tried is rolled back."""
