"""Leases and uploads at one moment: a parcel is leased or collected, an upload comes before a take-over or after it."""

import datetime as dt
import threading

import pytest
from django.contrib.sites.models import Site
from django.db import IntegrityError, transaction

from core import invariants, locks
from core.events import Event
from logistics.models import Collection, CollectionLine, Consignment, LeasedConsignment, OfflineLease, OfflineUpload
from logistics.services import leases, redirecting
from logistics.services.collections import HeldByLease
from logistics.services.leases import LeaseIsHeld
from logistics.services.redirecting import UnableToRedirect
from logistics.states import CollectionProof, ConsignmentState, LeaseState, UploadState, UploadWhy
from marketplace.counter.services import handover, syncing
from marketplace.order.services import reissuing, uncollected
from marketplace.order.services.reissuing import UnableToReissue
from tests.concurrency.racing import race
from tests.factories import counter as counters
from tests.factories import leases as phones
from tests.factories import logistics, villages
from tests.factories.counter import Counter, qr_of
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
NOW = MONDAY + dt.timedelta(days=2)
HOUR = dt.timedelta(hours=1)
SOUND = ["C1", "C2", "M1", "S1"]


@pytest.fixture
def counter(db) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    return counters.counter()


def granting(counter: Counter, *, at: dt.datetime = NOW):
    device = phones.device(counter)
    return lambda: phones.lease(counter, at=at, of=device)


def collecting(counter: Counter, order, *, nonce: str = "elsewhere"):
    device = phones.device(counter)
    return lambda: handover.hand_over(
        order,
        point=counter.point,
        outcomes={},
        proof=CollectionProof.QR,
        code=qr_of(order),
        nonce=nonce,
        by=counter.operator,
        at=NOW,
        device=device,
    )


def uploading(lease: OfflineLease, item: dict):
    return lambda: syncing.sync([item], device=lease.device, by=lease.operator, at=NOW + HOUR)


def blind(monkeypatch, *, readers: int) -> None:
    """Take the locks off: all that would lock consignments read them, wait for each other, and go on."""
    all_have_read = threading.Barrier(readers)

    def read(queryset, *, rank):
        rows = queryset.order_by("pk")
        if queryset.model is Consignment:
            rows = list(rows)
            all_have_read.wait(timeout=30)
        return rows

    monkeypatch.setattr(locks, "lock", read)
    monkeypatch.setattr(locks, "touch", lambda rank: None)


@pytest.mark.parametrize("round_", range(5))
def test_a_parcel_is_leased_to_one_phone_or_collected_at_another(counter, round_):
    order = counter.waiting()

    made, handed = race([granting(counter), collecting(counter, order)])

    assert isinstance(made, OfflineLease), made
    is_leased = LeasedConsignment.objects.exists()
    assert isinstance(handed, HeldByLease if is_leased else Collection), handed
    state = ConsignmentState.AT_POINT if is_leased else ConsignmentState.COLLECTED
    assert Consignment.objects.get().state == state
    assert invariants.findings(SOUND) == []


@pytest.mark.postgres
def test_without_the_locks_a_parcel_is_leased_and_collected_elsewhere(counter, monkeypatch):
    """The control: each has looked before the other has written. SQLite has one writer at a time, whom nothing here
    can take off.
    """
    order = counter.waiting()
    blind(monkeypatch, readers=2)
    has_looked, see_free, tell = threading.Event(), leases.see_free, leases._tell

    def looked(*those, **how):
        see_free(*those, **how)
        has_looked.set()

    def told(*those, **how):
        assert has_looked.wait(timeout=30)
        return tell(*those, **how)

    monkeypatch.setattr(leases, "see_free", looked)
    monkeypatch.setattr(leases, "_tell", told)

    made, handed = race([granting(counter), collecting(counter, order)])

    assert isinstance(made, OfflineLease), made
    assert isinstance(handed, Collection), handed
    assert LeasedConsignment.objects.get().consignment.state == ConsignmentState.COLLECTED


@pytest.mark.parametrize("round_", range(5))
def test_a_parcel_is_leased_or_expires(counter, round_):
    order = counter.waiting()
    consignment = Consignment.objects.get(order=order)
    late = NOW + dt.timedelta(days=30)

    made, expired = race([granting(counter, at=late), lambda: uncollected.expire(consignment, by="test", at=late)])

    assert isinstance(made, OfflineLease), made
    assert expired is not LeasedConsignment.objects.exists()
    assert (Consignment.objects.get().state == ConsignmentState.AT_POINT) is not expired
    assert invariants.findings(SOUND) == []


@pytest.mark.parametrize("round_", range(3))
def test_a_phone_never_gets_a_code_that_is_void(counter, round_):
    order = counter.coming()
    Consignment.objects.update(planned_at=NOW + HOUR)

    made, issued = race([granting(counter), lambda: reissuing.reissue(order, by=None, at=NOW)])

    assert isinstance(made, OfflineLease), made
    order.refresh_from_db()
    assert LeasedConsignment.objects.count() == 1
    assert order.code_epoch == (1 if isinstance(issued, UnableToReissue) else 2), issued


def test_a_consignment_is_leased_or_goes_to_another_point(counter):
    order = counter.coming()
    consignment = Consignment.objects.get(order=order)
    Consignment.objects.update(planned_at=NOW + HOUR)
    other = villages.point("430723002001")
    logistics.round_(counter.shop.network.other_county, dt.time(9), other)

    def redirect() -> None:
        with transaction.atomic():
            redirecting.redirect([consignment], point=other, is_agreed=True, by="test", at=NOW)

    made, sent_on = race([granting(counter), redirect])

    assert isinstance(made, OfflineLease), made
    consignment.refresh_from_db()
    if LeasedConsignment.objects.exists():
        assert isinstance(sent_on, UnableToRedirect)
        assert consignment.point == counter.point


def test_of_ten_phones_that_ask_at_once_one_gets_the_lease(counter):
    counter.waiting()

    outcomes = race([granting(counter) for _ in range(10)])

    assert sum(isinstance(each, OfflineLease) for each in outcomes) == 1, outcomes
    assert sum(isinstance(each, LeaseIsHeld) for each in outcomes) == 9
    assert OfflineLease.objects.get().epoch == 1


@pytest.mark.postgres
def test_without_the_mutex_the_database_alone_keeps_the_second_lease_out(counter, monkeypatch):
    """The control: whoever loses then fails with an error of the database instead of a sentence."""
    all_have_looked = threading.Barrier(2)
    monkeypatch.setattr(leases, "only_one", lambda point_id: all_have_looked.wait(timeout=30))
    looked, create = threading.Barrier(2), OfflineLease.objects.create

    def together(**fields):
        looked.wait(timeout=30)
        return create(**fields)

    monkeypatch.setattr(OfflineLease.objects, "create", together)

    outcomes = race([granting(counter), granting(counter)])

    assert {type(each) for each in outcomes} == {OfflineLease, IntegrityError}, outcomes


@pytest.mark.parametrize("round_", range(5))
def test_an_upload_is_booked_before_a_take_over_or_left_to_people_after_it(counter, round_):
    order = counter.waiting()
    lease = phones.lease(counter, at=NOW)
    item = phones.hand_over(order, lease, at=NOW)
    other = phones.device(counter)

    answers, ended = race(
        [
            uploading(lease, item),
            lambda: leases.take_over(counter.point, device=other, by=counter.operator, at=NOW + HOUR),
        ]
    )

    assert isinstance(ended, OfflineLease), ended
    upload = OfflineUpload.objects.get()
    assert answers[0].upload == upload
    decided = Event.objects.get(stream="upload", name__in=["upload.applied", "upload.exception"])
    over = Event.objects.get(name="lease.ended")
    if upload.state == UploadState.APPLIED:
        assert decided.pk < over.pk
        assert Collection.objects.count() == 1
    else:
        assert (upload.state, upload.why) == (UploadState.EXCEPTION, UploadWhy.LEASE_ENDED)
        assert decided.pk > over.pk
        assert not Collection.objects.exists()
    assert invariants.findings(SOUND) == []


@pytest.mark.postgres
def test_without_the_mutex_an_upload_is_booked_under_a_lease_that_has_ended(counter, monkeypatch):
    """The control: the upload sees its lease live, the lease is taken over, the upload is booked all the same."""
    order = counter.waiting()
    lease = phones.lease(counter, at=NOW)
    item = phones.hand_over(order, lease, at=NOW)
    other = phones.device(counter)
    seen, ended = threading.Event(), threading.Event()
    refusal = syncing._refusal

    def looked(*args):
        found = refusal(*args)
        seen.set()
        assert ended.wait(timeout=30)
        return found

    def take_over() -> None:
        assert seen.wait(timeout=30)
        leases.take_over(counter.point, device=other, by=counter.operator, at=NOW)
        ended.set()

    monkeypatch.setattr(leases, "only_one", lambda point_id: None)
    monkeypatch.setattr(syncing, "_refusal", looked)

    race([uploading(lease, item), take_over])

    assert OfflineLease.objects.get().state == LeaseState.ENDED
    applied = Event.objects.get(name="upload.applied")
    assert applied.pk > Event.objects.get(name="lease.ended").pk


@pytest.mark.parametrize("round_", range(3))
def test_one_item_from_many_connections_is_booked_once_with_one_answer(counter, round_):
    order = counter.waiting()
    lease = phones.lease(counter, at=NOW)
    item = phones.hand_over(order, lease, at=NOW, by_code=True)

    outcomes = race([uploading(lease, item)] * 6)

    answers = {(each[0].nonce, each[0].upload.collection_id, each[0].sentence) for each in outcomes}
    assert answers == {(item["nonce"], Collection.objects.get().pk, "已入账。")}
    assert CollectionLine.objects.count() == OfflineUpload.objects.count() == 1
    assert invariants.findings(SOUND) == []


@pytest.mark.postgres
def test_without_the_mutex_the_second_connection_fails(counter, monkeypatch):
    """The control: the unique nonce alone keeps the item from being booked twice, and answers with an error."""
    order = counter.waiting()
    lease = phones.lease(counter, at=NOW)
    item = phones.hand_over(order, lease, at=NOW)
    create, looked = OfflineUpload.objects.create, threading.Barrier(2)

    def together(**fields):
        looked.wait(timeout=30)
        return create(**fields)

    monkeypatch.setattr(leases, "only_one", lambda point_id: None)
    monkeypatch.setattr(OfflineUpload.objects, "create", together)

    outcomes = race([uploading(lease, item)] * 2)

    assert sum(isinstance(each, IntegrityError) for each in outcomes) == 1, outcomes


def test_an_order_is_collected_once_by_its_phone_online_and_by_its_upload(counter):
    order = counter.waiting()
    lease = phones.lease(counter, at=NOW)
    item = phones.hand_over(order, lease, at=NOW)

    def online() -> Collection:
        return handover.hand_over(
            order,
            point=counter.point,
            outcomes={},
            proof=CollectionProof.QR,
            code=qr_of(order),
            nonce="online",
            by=counter.operator,
            at=NOW,
            device=lease.device,
        )

    race([uploading(lease, item), online])

    assert Collection.objects.count() == CollectionLine.objects.count() == 1
    upload = OfflineUpload.objects.get()
    by_upload = Collection.objects.get().nonce == item["nonce"]
    assert upload.state == (UploadState.APPLIED if by_upload else UploadState.EXCEPTION)
    assert upload.why == ("" if by_upload else UploadWhy.COLLECTED)
    assert invariants.findings(SOUND) == []
