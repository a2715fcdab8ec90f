"""Two phones of a point without network for 72 hours, one after the other had its lease taken over: nothing is counted
twice, whatever is uploaded in whatever order and whatever the owner then books.
"""

import datetime as dt
import random

import pytest
from django.db.models import Count

from core import invariants
from core.events import Event
from logistics.models import Collection, CollectionLine, Consignment, OfflineUpload
from logistics.services import leases
from logistics.states import ConsignmentState, LeaseEnd, UploadState, UploadWhy
from marketplace.counter.services import deciding, syncing
from marketplace.counter.services.deciding import UnableToDecide
from marketplace.order.services import uncollected
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import leases as phones
from tests.factories import shop
from tests.integration.counter.conftest import NOW
from villages.states import OperatorRole

HOUR = dt.timedelta(hours=1)
ORDERS = 6
SOUND = ["C1", "C2", "M1", "S1", "R1"]


def counted_once(counter, *, orders: int) -> bool:
    """Tell whether each order that was handed over is so once, by line, log and ledger."""
    lines = CollectionLine.objects.values("consignment_line").annotate(n=Count("pk")).filter(n__gt=1)
    collected = Consignment.objects.filter(state=ConsignmentState.COLLECTED).count()
    return (
        not lines.exists()
        and Collection.objects.count() == collected == orders
        and Event.objects.filter(name="consignment.collected").count() == orders
        and ledger.balance(AccountKind.OPERATOR_CASH, party_id=counter.point.pk) == -9600 * orders
        and invariants.findings(SOUND) == []
    )


@pytest.mark.parametrize("seed", range(8))
def test_two_phones_offline_for_72_hours_never_count_a_hand_over_twice(counter, seed):
    chance = random.Random(seed)
    owner = shop.operator(counter.point, role=OperatorRole.OWNER)
    orders = [counter.waiting() for _ in range(ORDERS)]
    first = phones.lease(counter, at=NOW, hours=72)
    taken_over_at = NOW + chance.randint(1, 70) * HOUR
    other = phones.device(counter, name="另一部")
    leases.take_over(counter.point, device=other, by=counter.operator, at=taken_over_at)
    second = phones.lease(counter, at=taken_over_at, hours=72, of=other)
    uploads = []
    for order in orders:  # both hand over every order, the first phone also after it has lost its lease
        uploads += [
            (first, phones.hand_over(order, first, at=NOW + chance.randint(0, 71) * HOUR)),
            (second, phones.hand_over(order, second, at=taken_over_at + chance.randint(0, 71) * HOUR)),
        ]
    chance.shuffle(uploads)
    back_at = taken_over_at + 71 * HOUR

    for lease, item in [*uploads, *chance.sample(uploads, ORDERS)]:
        syncing.sync([item], device=lease.device, by=counter.operator, at=back_at)

    assert counted_once(counter, orders=ORDERS)
    by_first = OfflineUpload.objects.filter(lease=first)
    assert set(by_first.values_list("state", "why")) == {(UploadState.EXCEPTION, UploadWhy.LEASE_ENDED)}
    assert set(OfflineUpload.objects.filter(lease=second).values_list("state", flat=True)) == {UploadState.APPLIED}
    for upload in by_first:
        with pytest.raises(UnableToDecide):
            deciding.apply(upload, by=owner, at=back_at)
    assert counted_once(counter, orders=ORDERS)


def test_two_phones_whose_leases_are_both_over_leave_all_to_the_owner_who_books_each_once(counter):
    owner = shop.operator(counter.point, role=OperatorRole.OWNER)
    orders = [counter.waiting() for _ in range(ORDERS)]
    Consignment.objects.update(collect_by=NOW + HOUR)
    first = phones.lease(counter, at=NOW, hours=72)
    second_from = first.until
    other = phones.device(counter, name="另一部")
    second = phones.lease(counter, at=second_from, hours=72, of=other)
    first.refresh_from_db()
    assert first.end_reason == LeaseEnd.TIME
    late = second.until + HOUR
    for order in orders:
        for lease in (first, second):
            item = phones.hand_over(order, lease, at=lease.granted_at + HOUR)
            syncing.sync([item], device=lease.device, by=counter.operator, at=late)
    assert not Collection.objects.exists()
    assert uncollected.expire_overdue(by="test", at=late) == 0, "somebody decides on them first"

    refused = 0
    for upload in OfflineUpload.objects.order_by("-pk"):
        try:
            deciding.apply(upload, by=owner, at=late)
        except UnableToDecide:
            refused += 1
            deciding.close(upload, note="已由另一部手机交付", by=owner, at=late)

    assert refused == ORDERS
    assert counted_once(counter, orders=ORDERS)
    assert not OfflineUpload.objects.exclude(code="").exists()
