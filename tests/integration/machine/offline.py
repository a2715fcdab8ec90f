"""What two phones do without network, and what becomes of it."""

from hypothesis import strategies as st

from logistics.models import ConsignmentLine, OfflineUpload, Parcel
from logistics.services import leases
from logistics.states import ParcelState, UploadState
from marketplace.counter.services import deciding, syncing
from marketplace.order.models import Order
from tests.factories import leases as phones
from tests.integration.machine.actions import HOUR, STEPS, action
from tests.integration.machine.model import Leave


class Offline:
    """What two phones do without network, and what becomes of it."""

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
        if leave is not None and not live:
            self.model.before.append(leave)  # one that is renewed is given back
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
        leave.taken_at = self.now
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

    @staticmethod
    def _covers(lease) -> set[int]:
        return set(lease.leased.values_list("consignment", flat=True)) if lease else set()
