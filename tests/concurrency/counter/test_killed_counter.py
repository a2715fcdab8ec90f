"""A worker is killed at every named step of a hand-over and of a sync: sent again, it is done once."""

import datetime as dt

import pytest
from django.contrib.sites.models import Site

from core import invariants
from core.events import Event
from logistics.models import (
    CodeAttempt,
    Collection,
    CollectionLine,
    Consignment,
    OfflineLease,
    OfflineUpload,
    Parcel,
    Scan,
)
from logistics.services import milestones
from logistics.services.collections import AlreadyCollected
from logistics.states import CollectionProof, ConsignmentState, ParcelState, UploadState
from marketplace.counter.services import handover, syncing
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.concurrency.killing import killed_at
from tests.factories import counter as counters
from tests.factories import leases as phones
from tests.factories.counter import Counter, qr_of, wrong_code
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
NOW = MONDAY + dt.timedelta(days=2)
HOUR = dt.timedelta(hours=1)
SOUND = ["C1", "C2", "M1", "S1"]


@pytest.fixture
def counter(db) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    return counters.counter()


def sync(lease: OfflineLease, *items: dict) -> list[str]:
    answers = syncing.sync(items, device=lease.device, by=lease.operator, at=NOW + HOUR)
    return [each.upload.state for each in answers]


def is_handed_over_once(counter: Counter) -> bool:
    told = Event.objects.filter(name="consignment.collected").count()
    return (
        Consignment.objects.get().state == ConsignmentState.COLLECTED
        and Parcel.objects.get().state == ParcelState.HANDED_OVER
        and Collection.objects.count() == CollectionLine.objects.count() == told == 1
        and ledger.balance(AccountKind.OPERATOR_CASH, party_id=counter.point.pk) == -9600
        and invariants.findings(SOUND) == []
    )


@pytest.mark.parametrize("step", milestones.COLLECTING)
def test_a_hand_over_whose_worker_is_killed_is_done_once_when_it_is_sent_again(step, counter):
    order = counter.waiting()
    qr = qr_of(order)

    def hand_over() -> Collection:
        return handover.hand_over(
            order,
            point=counter.point,
            outcomes={},
            proof=CollectionProof.QR,
            code=qr,
            nonce="once",
            by=counter.operator,
            at=NOW,
        )

    killed_at(step, hand_over)

    is_committed = step == milestones.COLLECTING[-1]
    assert Collection.objects.exists() is is_committed
    assert (Consignment.objects.get().state == ConsignmentState.AT_POINT) is not is_committed
    assert invariants.findings(SOUND) == []
    if is_committed:
        with pytest.raises(AlreadyCollected):
            hand_over()
    else:
        hand_over()
    assert is_handed_over_once(counter)


@pytest.mark.parametrize("step", [*milestones.COLLECTING[:-2], *milestones.SYNCING])
def test_a_sync_whose_worker_is_killed_books_each_item_once_when_it_is_sent_again(step, counter):
    order = counter.waiting()
    lease = phones.lease(counter, at=NOW)
    item = phones.hand_over(order, lease, at=NOW, by_code=True)

    killed_at(step, lambda: sync(lease, item))

    is_committed = step == milestones.SYNCING[-1]
    assert OfflineUpload.objects.exists() is Collection.objects.exists() is is_committed
    assert invariants.findings(SOUND) == []
    assert sync(lease, item) == sync(lease, item) == [UploadState.APPLIED]
    assert is_handed_over_once(counter)
    assert OfflineUpload.objects.count() == Event.objects.filter(name="upload.applied").count() == 1


@pytest.mark.parametrize("step", milestones.SYNCING[-2:])
def test_a_wrong_code_is_counted_once_though_the_worker_is_killed(step, counter):
    order = counter.waiting()
    lease = phones.lease(counter, at=NOW)
    item = phones.hand_over(order, lease, at=NOW, code=wrong_code(order), by_code=True)

    killed_at(step, lambda: sync(lease, item))

    assert sync(lease, item) == sync(lease, item) == [UploadState.EXCEPTION]
    assert CodeAttempt.objects.count() == 1


@pytest.mark.parametrize("step", ["syncing-noted", "syncing-decided", "syncing-committed"])
def test_a_parcel_is_received_once_though_the_worker_is_killed(step, counter):
    order = counter.coming()
    parcel = Parcel.objects.get()
    Parcel.objects.update(state=ParcelState.LOADED)
    Consignment.objects.update(state=ConsignmentState.IN_TRANSIT, planned_at=NOW + HOUR)
    lease = phones.lease(counter, at=NOW)
    items = [phones.hand_over(order, lease, at=NOW, shown_fen=5100), phones.receive(parcel, lease, at=NOW)]

    killed_at(step, lambda: sync(lease, *items))

    assert sync(lease, *items) == sync(lease, *items) == [UploadState.APPLIED] * 2
    assert Scan.objects.filter(kind="RECEIVED").count() == Collection.objects.count() == 1
    assert invariants.findings(SOUND) == []
