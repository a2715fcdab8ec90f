"""Sync: what a phone did without network is booked once, in any order, or kept for people with the reason."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.urls import reverse

from core import invariants
from core.events import Event
from logistics.models import (
    CodeAttempt,
    Collection,
    CollectionLine,
    Consignment,
    GoodsReturn,
    OfflineLease,
    OfflineUpload,
    Parcel,
)
from logistics.services import leases
from logistics.states import CollectionProof, ConsignmentState, ParcelState, UploadState, UploadWhy
from marketplace.counter.services import leaving, proving, syncing
from marketplace.order.services import uncollected
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import leases as phones
from tests.factories import shop
from tests.factories.counter import code_of, wrong_code
from tests.factories.leases import Phone
from tests.integration.counter.conftest import NOW

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
SOUND = ["C1", "C2", "M1", "S1", "R1"]


@pytest.fixture
def phone(counter) -> Phone:
    return Phone(counter)


@pytest.fixture
def later(monkeypatch):
    """Move the clock so many hours after noon."""

    def move(hours: float) -> dt.datetime:
        at = NOW + hours * HOUR
        monkeypatch.setattr("core.clock.now", lambda: at)
        return at

    return move


def taken(phone: Phone, **said) -> OfflineLease:
    return OfflineLease.objects.get(pk=phone.take_lease(**said).json()["lease"]["id"])


def states(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [each["state"] for each in response.json()["results"]]


def only_result(response) -> dict:
    (result,) = response.json()["results"]
    return result


def come(order) -> Parcel:
    """Let an order that is under way ride on a vehicle that has left."""
    parcel = Parcel.objects.get(consignment__order=order)
    Parcel.objects.filter(pk=parcel.pk).update(state=ParcelState.LOADED)
    Consignment.objects.filter(order=order).update(state=ConsignmentState.IN_TRANSIT, planned_at=NOW + HOUR)
    return parcel


def test_a_hand_over_by_qr_is_booked_as_it_was_done(counter, phone, later):
    order = counter.waiting(quantity=2)
    lease = taken(phone)
    item = phones.hand_over(order, lease, at=NOW + HOUR)
    later(5)

    response = phone.sync(item)

    collection = Collection.objects.get()
    assert only_result(response) == {
        "nonce": item["nonce"],
        "state": "APPLIED",
        "sentence": "已入账。",
        "receipt": reverse("counter:receipt", args=[collection.pk]),
    }
    assert response.json()["lease"]["state"] == "LIVE"
    assert collection.occurred_at == NOW + HOUR
    assert (collection.cash_fen, collection.proof, collection.device) == (9600, CollectionProof.QR, phone.device)
    assert collection.operator == counter.operator
    assert ledger.balance(AccountKind.OPERATOR_CASH, party_id=counter.point.pk) == -9600
    upload = OfflineUpload.objects.get()
    assert (upload.state, upload.collection, upload.code) == (UploadState.APPLIED, collection, "")
    lease.refresh_from_db()
    assert lease.synced_at == NOW + 5 * HOUR
    assert invariants.findings(SOUND) == []


def test_the_same_item_again_gives_the_same_answer_and_books_once(counter, phone):
    order = counter.waiting()
    item = phones.hand_over(order, taken(phone), at=NOW)

    answers = [only_result(phone.sync(item)), only_result(phone.sync(item)), *phone.sync(item, item).json()["results"]]

    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)
    assert Collection.objects.count() == CollectionLine.objects.count() == OfflineUpload.objects.count() == 1
    assert Event.objects.filter(name="consignment.collected").count() == 1


def test_a_typed_code_is_checked_at_sync_and_never_readable_before(counter, phone):
    order = counter.coming()
    parcel = come(order)
    lease = taken(phone)
    item = phones.hand_over(order, lease, at=NOW, by_code=True)

    assert states(phone.sync(item)) == ["PENDING"]

    upload = OfflineUpload.objects.get()
    assert upload.code == code_of(order)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload, code FROM logistics_offlineupload")
        kept = " ".join(cursor.fetchone())
    assert code_of(order) not in kept
    assert order.number not in kept
    assert code_of(order) not in upload.payload
    assert states(phone.sync(phones.receive(parcel, lease, at=NOW))) == ["APPLIED"]
    upload.refresh_from_db()
    assert (upload.state, upload.code) == (UploadState.APPLIED, "")
    assert states(phone.sync(item)) == ["APPLIED"]
    assert invariants.findings(SOUND) == []


def test_a_wrong_code_is_kept_for_people_and_counted_once(counter, phone, later):
    order = counter.waiting()
    item = phones.hand_over(order, taken(phone), at=NOW, code=wrong_code(order), by_code=True)

    results = [only_result(phone.sync(item)) for _ in range(3)]

    assert results == [results[0]] * 3
    assert (results[0]["state"], results[0]["receipt"]) == ("EXCEPTION", None)
    upload = OfflineUpload.objects.get()
    assert (upload.why, upload.code) == (UploadWhy.NOT_PROVEN, "")
    assert CodeAttempt.objects.count() == 1
    assert not Collection.objects.exists()
    late = later(24 * 30)
    assert uncollected.expire_overdue(by="test", at=late) == 0, "the goods may be gone: somebody decides first"
    assert invariants.findings(["O2", *SOUND]) == []


def test_the_tries_of_the_last_minutes_do_not_count_for_what_was_typed_before(counter, phone):
    orders = [counter.waiting() for _ in range(3)]
    lease = taken(phone)
    for number in range(proving.TRIES_PER_DEVICE):
        CodeAttempt.objects.create(
            order=orders[number % 2], point=counter.point, device=phone.device, operator=counter.operator, at=NOW
        )

    assert states(phone.sync(phones.hand_over(orders[2], lease, at=NOW, by_code=True))) == ["APPLIED"]


def test_a_guesser_is_not_heard_more_often_by_sync_than_at_the_counter(counter, phone):
    """A phone that was taken apart could upload thousands of guesses: they are heard as often as typed ones."""
    orders = [counter.waiting() for _ in range(8)]
    lease = taken(phone)
    wrong = [
        phones.hand_over(order, lease, at=NOW, code=wrong_code(order), by_code=True)
        for order in orders
        for _ in range(6)
    ]

    said = states(phone.sync(*wrong))

    assert set(said) == {"EXCEPTION"}
    assert CodeAttempt.objects.count() == proving.TRIES_PER_POINT
    assert max(CodeAttempt.objects.filter(order=order).count() for order in orders) == proving.TRIES_PER_ORDER
    right = phones.hand_over(orders[0], lease, at=NOW, by_code=True)
    assert states(phone.sync(right)) == ["EXCEPTION"]
    assert OfflineUpload.objects.get(nonce=right["nonce"]).why == UploadWhy.UNCHECKED
    assert not Collection.objects.exists()


def test_a_hand_over_that_comes_before_its_parcel_waits_and_is_booked_with_it(counter, phone, later):
    order = counter.coming()
    parcel = come(order)
    lease = taken(phone)
    received = phones.receive(parcel, lease, at=NOW + 2 * HOUR)
    handed = phones.hand_over(order, lease, at=NOW + 3 * HOUR)
    later(4)

    assert states(phone.sync(handed)) == ["PENDING"]
    assert states(phone.sync(received)) == ["APPLIED"]
    assert states(phone.sync(handed, received)) == ["APPLIED", "APPLIED"]

    parcel.refresh_from_db()
    assert (parcel.state, parcel.shelf, parcel.received_at) == (ParcelState.HANDED_OVER, "A-03", NOW + 2 * HOUR)
    assert Collection.objects.get().occurred_at == NOW + 3 * HOUR
    assert invariants.findings(SOUND) == []


def test_what_still_waits_for_its_parcel_when_the_lease_ends_is_left_to_people(counter, phone, later):
    order = counter.coming()
    parcel = come(order)
    lease = taken(phone, hours=2)
    phone.sync(phones.hand_over(order, lease, at=NOW))

    at = later(2)
    assert syncing.give_up(by="test", at=at - MINUTE) == 0
    leases.end_overdue(by="test", at=at)
    assert syncing.give_up(by="test", at=at) == 1

    upload = OfflineUpload.objects.get()
    assert (upload.state, upload.why) == (UploadState.EXCEPTION, UploadWhy.LEASE_ENDED)
    assert states(phone.sync(phones.receive(parcel, lease, at=NOW))) == ["EXCEPTION"]
    assert Parcel.objects.get(pk=parcel.pk).state == ParcelState.LOADED


@pytest.mark.parametrize("ended", ["time", "take-over", "hand-back", "renewal", "removal"])
def test_what_comes_under_a_lease_that_has_ended_is_never_booked_by_itself(counter, phone, later, ended):
    order = counter.waiting()
    lease = taken(phone, hours=1)
    item = phones.hand_over(order, lease, at=NOW)
    other = Phone(counter, operator=shop.operator(counter.point))
    if ended == "time":
        later(1)
    elif ended == "take-over":
        leases.take_over(counter.point, device=other.device, by=counter.operator, at=NOW)
    elif ended == "hand-back":
        phone.end()
    elif ended == "renewal":
        phone.take_lease(renew=True)
    else:
        operator = counter.operator.operator_of.get()
        leaving.remove(operator, by=counter.operator, at=NOW)
        phone.client.force_login(shop.operator(counter.point), backend="marketplace.users.backends.PhoneOrEmailBackend")

    result = only_result(phone.sync(item))

    assert result["state"] == "EXCEPTION"
    upload = OfflineUpload.objects.get()
    assert (upload.why, upload.order) == (UploadWhy.LEASE_ENDED, order)
    assert upload.code == item["code"]
    assert not Collection.objects.exists()
    assert Consignment.objects.get().state == ConsignmentState.AT_POINT


@pytest.mark.parametrize(
    "at", [NOW - 6 * MINUTE, NOW + 2 * HOUR + 6 * MINUTE, None, "noon", "2026-03-03T12:00:00", 1772510400]
)
def test_a_time_outside_of_the_lease_is_kept_for_people(counter, phone, later, at):
    item = phones.hand_over(counter.waiting(), taken(phone), at=NOW)
    later(2)

    result = only_result(phone.sync(item | {"at": at.isoformat() if isinstance(at, dt.datetime) else at}))

    assert result["state"] == "EXCEPTION"
    is_time = isinstance(at, dt.datetime)
    assert OfflineUpload.objects.get().why == (UploadWhy.OUT_OF_TIME if is_time else UploadWhy.UNREADABLE)
    assert not Collection.objects.exists()


def test_an_old_epoch_is_an_ended_lease(counter, phone):
    item = phones.hand_over(counter.waiting(), taken(phone), at=NOW, epoch=0)

    assert only_result(phone.sync(item))["state"] == "EXCEPTION"
    assert OfflineUpload.objects.get().why == UploadWhy.LEASE_ENDED


def test_a_parcel_outside_the_lease_is_received_and_not_handed_over(counter, phone):
    lease = taken(phone)
    order = counter.coming()
    parcel = come(order)

    said = states(
        phone.sync(phones.receive(parcel, lease, at=NOW, damaged=True), phones.hand_over(order, lease, at=NOW))
    )

    assert said == ["APPLIED", "EXCEPTION"]
    assert OfflineUpload.objects.get(kind="HAND_OVER").why == UploadWhy.NOT_LEASED
    parcel.refresh_from_db()
    assert (parcel.state, parcel.damaged_at) == (ParcelState.AT_POINT, NOW)


def test_a_parcel_that_was_received_by_somebody_else_meanwhile_is_no_exception(counter, phone):
    order = counter.waiting()
    parcel = Parcel.objects.get(consignment__order=order)

    assert states(phone.sync(phones.receive(parcel, taken(phone), at=NOW))) == ["APPLIED"]
    parcel.refresh_from_db()
    assert parcel.shelf == "A-01"


def test_lines_are_taken_short_and_rejected_without_a_photo(counter, phone):
    order = counter.waiting(quantity=3, lines=2)
    lease = taken(phone)
    item = phones.hand_over(order, lease, at=NOW)
    item["lines"][1] |= {"taken": 1, "short": 1, "rejected": 1, "reason": "BROKEN"}
    item["shown_fen"] = 4 * 4500 + 600
    item |= {"collector": {"name": "李阿婆", "phone": "138 0000 0001"}, "paid_by": "OPERATOR_SCAN"}

    assert states(phone.sync(item)) == ["APPLIED"]

    rows = CollectionLine.objects.order_by("pk").values_list("taken", "short", "rejected", "reason")
    assert list(rows) == [(3, 0, 0, ""), (1, 1, 1, "BROKEN")]
    collection = Collection.objects.get()
    assert (collection.collector_name, collection.collector_phone) == ("李阿婆", "+8613800000001")
    assert (collection.cash_fen, collection.paid_by) == (18600, "OPERATOR_SCAN")
    assert invariants.findings(SOUND) == []


def test_what_is_not_there_is_booked_as_short_and_does_not_go_back(counter, phone):
    order = counter.waiting(quantity=2)
    item = phones.hand_over(order, taken(phone), at=NOW, shown_fen=0)
    item["lines"][0] |= {"taken": 0, "rejected": 2, "reason": "MISSING"}

    assert states(phone.sync(item)) == ["APPLIED"]

    line = CollectionLine.objects.get()
    assert (line.short, line.rejected, line.reason) == (2, 0, "MISSING")
    assert not GoodsReturn.objects.exists()
    assert invariants.findings(SOUND) == []


def test_a_part_is_handed_over_though_more_has_come_that_the_phone_did_not_know(counter, phone):
    order = counter.waiting(quantity=1)
    lease = taken(phone)
    item = phones.hand_over(order, lease, at=NOW)
    first = Consignment.objects.get()
    second = shop.at_point(shop.order(counter.point, shop.listing(counter.shop.seller)))
    Consignment.objects.filter(order=second).update(order=order)

    assert states(phone.sync(item)) == ["APPLIED"]

    first.refresh_from_db()
    assert first.state == ConsignmentState.COLLECTED
    assert Consignment.objects.exclude(pk=first.pk).get().state == ConsignmentState.AT_POINT


def test_another_amount_than_is_due_is_kept_for_people(counter, phone):
    item = phones.hand_over(counter.waiting(), taken(phone), at=NOW)

    assert states(phone.sync(item | {"shown_fen": item["shown_fen"] - 1})) == ["EXCEPTION"]
    assert OfflineUpload.objects.get().why == UploadWhy.OTHER_AMOUNT
    assert not Collection.objects.exists()


def test_an_order_that_was_handed_over_online_from_the_same_phone_is_kept_for_people(counter, phone):
    order = counter.waiting()
    lease = taken(phone)
    items = [phones.hand_over(order, lease, at=NOW) for _ in range(2)]

    assert states(phone.sync(*items)) == ["APPLIED", "EXCEPTION"]
    assert OfflineUpload.objects.get(nonce=items[1]["nonce"]).why == UploadWhy.COLLECTED
    assert Collection.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [{"id": 1}]},
        {"lines": "all"},
        {"proof": "WORD"},
        {"proof": ["QR"]},
        {"paid_by": "SHELLS"},
        {"paid_by": []},
        {"paid_by": "PLATFORM_QR"},  # nobody can see without network whether it was paid
        {"shown_fen": -1},
        {"shown_fen": True},
        {"shown_fen": None},
        {"collector": {"name": "\ud800", "phone": "13800000001"}},
        {"collector": {"name": "李", "phone": "1"}},
        {"collector": ["李"]},
        {"order": 5},
        {"order": "000000000000"},
        {"code": "x\x00" * 90},
        {"code": {"digits": 1}},
        {"code": "一二三"},
    ],
)
def test_what_cannot_be_read_is_kept_for_people_and_never_an_error(counter, phone, wrong):
    item = phones.hand_over(counter.waiting(), taken(phone), at=NOW)

    assert states(phone.sync(item | wrong)) == ["EXCEPTION"]
    assert OfflineUpload.objects.get().why in (UploadWhy.UNREADABLE, UploadWhy.UNKNOWN, UploadWhy.NOT_PROVEN)
    assert not Collection.objects.exists()


@pytest.mark.parametrize("item", [None, 5, [], {}, {"nonce": "short"}, {"nonce": "n" * 22, "kind": "DANCE"}])
def test_what_is_no_item_is_answered_and_not_kept(counter, phone, item):
    taken(phone)

    assert states(phone.sync(item)) == ["EXCEPTION"]
    assert not OfflineUpload.objects.exists()


@pytest.mark.parametrize("lease", [0, 2**31 - 1])
def test_an_unknown_lease_is_answered_and_nothing_is_kept(counter, phone, lease):
    item = phones.hand_over(counter.waiting(), taken(phone), at=NOW)

    assert states(phone.sync(item | {"lease": lease})) == ["EXCEPTION"]
    assert not OfflineUpload.objects.exists()
    assert not Collection.objects.exists()


def test_another_phone_of_the_point_does_not_upload_under_the_lease(counter, phone):
    order = counter.waiting()
    item = phones.hand_over(order, taken(phone), at=NOW)

    assert states(Phone(counter).sync(item)) == ["EXCEPTION"]
    assert OfflineUpload.objects.get().why == UploadWhy.OTHER_DEVICE


def test_another_operator_on_the_phone_uploads_nothing_in_the_holders_name(counter, phone):
    item = phones.hand_over(counter.waiting(), taken(phone), at=NOW)
    phone.client.force_login(shop.operator(counter.point), backend="marketplace.users.backends.PhoneOrEmailBackend")

    refused = phone.sync(item)

    assert (refused.status_code, refused.json()["error"]) == (403, "other-operator")
    assert not OfflineUpload.objects.exists()


def test_an_unpaired_or_revoked_phone_uploads_nothing(counter, phone):
    item = phones.hand_over(counter.waiting(), taken(phone), at=NOW)
    phone.device.revoked_at = NOW
    phone.device.save()

    assert phone.sync(item).status_code == 403
    assert not OfflineUpload.objects.exists()


def test_an_upload_has_fifty_items_at_most(counter, phone):
    taken(phone)

    assert phone.sync(*[{}] * 50).status_code == 200
    assert phone.sync(*[{}] * 51).status_code == 400
    url = reverse("counter:offline-sync")
    for body in ("[]", "x", "{}", json.dumps({"items": 5}), " " * (512 * 1024 + 1)):
        assert phone.client.post(url, body, content_type="application/json").status_code == 400


def test_the_log_says_nothing_personal_of_an_upload(counter, phone):
    order = counter.waiting()
    item = phones.hand_over(order, taken(phone), at=NOW, collector={"name": "李阿婆", "phone": "13800000001"})

    phone.sync(item)

    told = json.dumps(list(Event.objects.filter(stream__in=["upload", "lease"]).values("name", "payload")))
    assert "upload.received" in told
    assert "upload.applied" in told
    assert "李阿婆" not in told
    assert "13800000001" not in told
