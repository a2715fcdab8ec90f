"""The pages of work without network: who holds the lease, taking it over, both proofs, the owner's decision."""

import datetime as dt

import pytest
from django.urls import reverse

from core import clock, invariants
from core.events import Event
from logistics.models import CodeAttempt, Collection, CollectionLine, Consignment, OfflineLease, OfflineUpload, Parcel
from logistics.services import leases
from logistics.states import ConsignmentState, LeaseEnd, ParcelState, UploadState, UploadWhy
from marketplace import stepping_up
from marketplace.order.services import uncollected
from tests.factories import leases as phones
from tests.factories import shop
from tests.factories.counter import code_of, wrong_code
from tests.factories.leases import Phone
from tests.factories.photos import jpeg
from tests.integration.counter.conftest import NOW
from tests.integration.counter.test_handing_over import page_of, sent
from villages.states import OperatorRole

CONFIRM = reverse("customer:step-up")
HOUR = dt.timedelta(hours=1)
LEASES, TAKE_OVER, EXCEPTIONS = map(
    reverse, ("counter:offline-leases", "counter:offline-take-over", "counter:offline-exceptions")
)


@pytest.fixture
def phone(counter) -> Phone:
    return Phone(counter, name="柜台手机")


@pytest.fixture
def owner(counter):
    return shop.operator(counter.point, role=OperatorRole.OWNER)


@pytest.fixture
def other(counter, owner) -> Phone:
    """The owner's own phone, on which the second factor was given just now."""
    made = Phone(counter, operator=owner, name="店主手机")
    session = made.client.session
    session[stepping_up.KEY] = {"user": owner.pk, "at": clock.now().isoformat()}
    session.save()
    return made


def under_ended_lease(phone: Phone, order, **changes) -> OfflineUpload:
    """Return what a phone uploads of an order after it has given its lease back."""
    lease = OfflineLease.objects.get(pk=phone.take_lease().json()["lease"]["id"])
    item = phones.hand_over(order, lease, at=NOW, **changes)
    phone.end()
    assert phone.sync(item).json()["results"][0]["state"] == "EXCEPTION"
    return OfflineUpload.objects.get(nonce=item["nonce"])


def page(upload: OfflineUpload) -> str:
    return reverse("counter:offline-exception", args=[upload.pk])


def decide(other: Phone, upload: OfflineUpload, **said) -> str:
    """Decide, and return what the next page says."""
    response = other.client.post(page(upload), said or {"do": "apply"}, follow=True)
    upload.refresh_from_db()
    return response.content.decode()


def test_everybody_sees_who_works_without_network_until_when(counter, phone, other):
    assert "现在没有手机离线办理" in other.client.get(LEASES).content.decode()
    phone.take_lease()

    text = other.client.get(LEASES).content.decode()

    assert "柜台手机" in text
    assert counter.operator.get_full_name() in text
    assert TAKE_OVER in text
    own = phone.client.get(LEASES).content.decode()
    assert TAKE_OVER not in own
    assert "这部手机" in own


def test_the_order_says_which_phone_has_it_and_leads_to_the_take_over(counter, phone, other):
    order = counter.waiting()
    phone.take_lease()

    text = other.client.get(page_of(order)).content.decode()
    refused = other.client.post(page_of(order), sent(order, shown_fen=9600))

    assert "“柜台手机”正在离线办理这张订单" in text
    assert f"{TAKE_OVER}?next=/point/orders/{order.number}/" in text
    assert 'value="hand-over"' not in text
    assert refused.status_code == 422
    assert not Collection.objects.exists()
    assert 'value="hand-over"' in phone.client.get(page_of(order)).content.decode()
    assert phone.client.post(page_of(order), sent(order, shown_fen=9600)).status_code == 302


def test_a_take_over_asks_for_the_second_factor_and_leads_back_to_the_order(counter, phone, other):
    order = counter.waiting()
    phone.take_lease()
    where = f"{TAKE_OVER}?next={page_of(order)}"
    not_stepped_up = Phone(counter)
    assert not_stepped_up.client.get(where)["Location"].startswith(CONFIRM)
    assert not_stepped_up.client.post(where)["Location"].startswith(CONFIRM)
    assert OfflineLease.objects.get().state == "LIVE"

    asked = other.client.get(where).content.decode()
    done = other.client.post(TAKE_OVER, {"next": page_of(order)})

    assert "请先问清那部手机交过哪些货" in asked
    assert f'name="next" value="{page_of(order)}"' in asked
    assert done["Location"] == page_of(order)
    assert OfflineLease.objects.get().end_reason == LeaseEnd.TAKEN_OVER
    assert other.client.post(page_of(order), sent(order, shown_fen=9600)).status_code == 302


def test_a_phone_that_is_not_paired_takes_nothing_over(counter, phone, other, owner):
    phone.take_lease()
    other.client.cookies.pop("point_device")

    text = other.client.get(TAKE_OVER).content.decode()
    other.client.post(TAKE_OVER)

    assert "没有绑定本网点" in text
    assert OfflineLease.objects.get().state == "LIVE"


def test_a_take_over_leads_to_no_other_site(phone, other):
    phone.take_lease()

    response = other.client.post(TAKE_OVER, {"next": "https://example.com/"})

    assert response["Location"] == LEASES


def test_both_proofs_stand_beside_each_other_without_code_or_name(counter, phone, other):
    order = counter.waiting(quantity=2)
    upload = under_ended_lease(
        phone, order, by_code=True, collector={"name": "李阿婆", "phone": "13800000001"}, shown_fen=9600
    )

    listed, text = (other.client.get(url).content.decode() for url in (EXCEPTIONS, page(upload)))

    assert "未核对" in listed
    assert "有 1 条离线办理的还没入账" in other.client.get(reverse("counter:index")).content.decode()
    assert "还没核对" in text
    assert "李**" in text
    assert "拿走 2" in text
    assert "已交还" in text
    digits = "".join(each for each in listed + text if each.isdigit())
    assert code_of(order) not in digits
    for secret in ("李阿婆", "13800000001", order.contact_name):
        assert secret not in listed + text


def test_only_the_owner_decides_and_only_with_the_second_factor(counter, phone, other, owner):
    upload = under_ended_lease(phone, counter.waiting())
    assert phone.client.get(page(upload)).status_code == 404
    assert phone.client.post(page(upload), {"do": "apply"}).status_code == 404
    fresh = Phone(counter, operator=owner)

    assert fresh.client.get(page(upload))["Location"].startswith(CONFIRM)
    assert fresh.client.post(page(upload), {"do": "apply"})["Location"].startswith(CONFIRM)

    upload.refresh_from_db()
    assert upload.state == UploadState.EXCEPTION
    assert not Collection.objects.exists()
    assert page(upload) not in phone.client.get(EXCEPTIONS).content.decode()
    assert page(upload) in other.client.get(EXCEPTIONS).content.decode()


@pytest.mark.parametrize("by_code", [False, True])
def test_the_owner_books_what_is_proven_in_the_name_of_who_took_the_cash(counter, phone, other, owner, by_code):
    order = counter.waiting()
    upload = under_ended_lease(phone, order, by_code=by_code)

    text = decide(other, upload)

    assert "这次交付已入账" in text
    collection = Collection.objects.get()
    assert (collection.operator, collection.cash_fen, collection.occurred_at) == (counter.operator, 9600, NOW)
    assert (upload.state, upload.collection, upload.decided_by, upload.code) == (
        UploadState.APPLIED,
        collection,
        owner,
        "",
    )
    assert invariants.findings(["C1", "C2", "M1", "S1", "R1"]) == []
    assert Event.objects.get(name="upload.applied").actor == f"user:{owner.pk}"
    assert "这条已经处理过了" in decide(other, upload) or "已经不能入账" in decide(other, upload)
    assert Collection.objects.count() == 1


def test_a_wrong_code_is_not_booked_and_counted_once(counter, phone, other):
    order = counter.waiting()
    upload = under_ended_lease(phone, order, code=wrong_code(order), by_code=True)

    text = decide(other, upload)

    assert "提货码不属于" in text or "不是这张订单" in text
    assert (upload.state, upload.why, upload.code) == (UploadState.EXCEPTION, UploadWhy.NOT_PROVEN, "")
    assert "已经不能入账" in decide(other, upload)
    assert CodeAttempt.objects.count() == 1
    assert not Collection.objects.exists()


def test_what_was_handed_over_meanwhile_is_not_booked_twice(counter, phone, other):
    order = counter.waiting()
    upload = under_ended_lease(phone, order)
    warned = other.client.get(page_of(order)).content.decode()
    assert "有手机记着这张订单" in warned
    other.client.post(page_of(order), sent(order, shown_fen=9600))

    text = decide(other, upload)

    assert "这张订单之前已经提走了" in text
    assert (upload.state, upload.why) == (UploadState.EXCEPTION, UploadWhy.COLLECTED)
    assert Collection.objects.count() == CollectionLine.objects.count() == 1
    assert "已关闭" in decide(other, upload, do="close", note="买家只拿了一次")
    assert (upload.state, upload.note, upload.code) == (UploadState.CLOSED, "买家只拿了一次", "")
    assert phone.sync({}).status_code == 200


def test_what_another_phone_has_offline_now_is_not_booked_until_that_ends(counter, phone, other):
    order = counter.waiting()
    lease = OfflineLease.objects.get(pk=phone.take_lease().json()["lease"]["id"])
    item = phones.hand_over(order, lease, at=NOW)
    phone.end()
    third = Phone(counter)
    assert third.take_lease().json()["lease"]["orders"]
    phone.sync(item)
    upload = OfflineUpload.objects.get()

    decide(other, upload)
    assert (upload.state, upload.why) == (UploadState.EXCEPTION, UploadWhy.REFUSED)
    assert not Collection.objects.exists()

    third.end()
    decide(other, upload)
    assert upload.state == UploadState.APPLIED


def test_what_the_same_phone_has_offline_again_is_not_booked_from_elsewhere(counter, phone, other):
    order = counter.waiting()
    lease = OfflineLease.objects.get(pk=phone.take_lease().json()["lease"]["id"])
    item = phones.hand_over(order, lease, at=NOW)
    phone.take_lease(renew=True)
    phone.sync(item)
    upload = OfflineUpload.objects.get()

    decide(other, upload)

    assert (upload.state, upload.why) == (UploadState.EXCEPTION, UploadWhy.REFUSED)
    assert not Collection.objects.exists()


def test_what_may_be_gone_already_is_in_no_new_lease(counter, phone, other):
    order = counter.waiting()
    upload = under_ended_lease(phone, order)

    assert phone.take_lease().json()["lease"]["orders"] == []

    decide(other, upload)
    assert upload.state == UploadState.APPLIED


def test_closing_takes_a_sentence(counter, phone, other):
    upload = under_ended_lease(phone, counter.waiting())

    response = other.client.post(page(upload), {"do": "close", "note": " "})

    upload.refresh_from_db()
    assert response.status_code == 422
    assert "请写明为什么关闭" in response.content.decode()
    assert upload.state == UploadState.EXCEPTION


def test_what_a_qr_proves_is_booked_though_it_was_overdue_when_the_phone_was_taken_from(counter, phone, other, owner):
    order = counter.waiting()
    lease = OfflineLease.objects.get(pk=phone.take_lease().json()["lease"]["id"])
    Consignment.objects.update(collect_by=NOW - HOUR)
    item = phones.hand_over(order, lease, at=NOW)
    leases.take_over(counter.point, device=other.device, by=owner, at=NOW)

    assert uncollected.expire_overdue(by="test", at=NOW + HOUR) == 0
    assert phone.sync(item).json()["results"][0]["state"] == "EXCEPTION"
    decide(other, OfflineUpload.objects.get())

    assert OfflineUpload.objects.get().state == UploadState.APPLIED
    assert Collection.objects.get().order == order
    assert uncollected.expire_overdue(by="test", at=NOW + 30 * 24 * HOUR) == 0


def test_what_is_closed_can_expire(counter, phone, other):
    order = counter.waiting()
    upload = under_ended_lease(phone, order)
    late = NOW + 30 * 24 * HOUR
    assert uncollected.expire_overdue(by="test", at=late) == 0

    decide(other, upload, do="close", note="货还在店里")

    assert uncollected.expire_overdue(by="test", at=late) == 1
    assert Consignment.objects.get().state != ConsignmentState.AT_POINT


def test_a_parcel_that_was_received_under_an_ended_lease_is_received_by_the_owners_word(counter, phone, other):
    order = counter.coming()
    parcel = Parcel.objects.get(consignment__order=order)
    Parcel.objects.update(state=ParcelState.LOADED)
    Consignment.objects.update(state=ConsignmentState.IN_TRANSIT)
    lease = OfflineLease.objects.get(pk=phone.take_lease().json()["lease"]["id"])
    phone.end()
    phone.sync(phones.receive(parcel, lease, at=NOW), phones.hand_over(order, lease, at=NOW))
    received, handed = OfflineUpload.objects.order_by("pk")

    assert "还有包裹没收货" in decide(other, handed)
    assert "A-03" in other.client.get(page(received)).content.decode()
    assert "包裹已收货" in decide(other, received)
    assert "这次交付已入账" in decide(other, handed)

    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []


def test_an_upload_that_cannot_be_read_is_shown_and_can_only_be_closed(counter, phone, other):
    upload = under_ended_lease(phone, counter.waiting(), lines="all")
    OfflineUpload.objects.update(why=UploadWhy.UNREADABLE)

    text = other.client.get(page(upload)).content.decode()

    assert "读不出来" in text
    assert 'value="apply"' not in text
    assert "已经不能入账" in decide(other, upload)


def test_the_list_costs_few_queries_whatever_its_length(counter, phone, other, django_assert_max_num_queries):
    orders = [counter.waiting() for _ in range(4)]
    lease = OfflineLease.objects.get(pk=phone.take_lease().json()["lease"]["id"])
    items = [phones.hand_over(order, lease, at=NOW) for order in orders]
    phone.end()
    phone.sync(*items)

    for url in (EXCEPTIONS, LEASES):
        with django_assert_max_num_queries(14):
            assert other.client.get(url).status_code == 200


def test_photos_of_what_was_rejected_without_network_are_added_at_the_receipt(counter, phone):
    order = counter.waiting(quantity=2)
    lease = OfflineLease.objects.get(pk=phone.take_lease().json()["lease"]["id"])
    item = phones.hand_over(order, lease, at=NOW, shown_fen=0)
    item["lines"][0] |= {"taken": 0, "rejected": 2, "reason": "BROKEN"}
    receipt = phone.sync(item).json()["results"][0]["receipt"]
    line = CollectionLine.objects.get()
    assert f'name="l{line.pk}-photos"' in phone.client.get(receipt).content.decode()

    phone.client.post(receipt, {"line": line.pk, f"l{line.pk}-photos": jpeg()})

    text = phone.client.get(receipt).content.decode()
    assert f"{receipt}photos/" in text
    assert f'name="l{line.pk}-photos"' not in text
