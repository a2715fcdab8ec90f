"""The offline lease: one phone a point; while it lives nobody else collects, expires, redirects or re-issues."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from core import invariants
from core.events import Event
from logistics.models import Collection, Consignment, LeasedConsignment, OfflineLease
from logistics.services import leases, redirecting
from logistics.services.collections import HeldByLease
from logistics.services.leases import LeaseIsHeld, UnableToEnd, UnableToLease
from logistics.services.redirecting import UnableToRedirect
from logistics.states import CollectionProof, ConsignmentState, LeaseEnd, LeaseState
from marketplace.counter import tasks
from marketplace.counter.services import handover
from marketplace.order.models import Order
from marketplace.order.services import cancelling, reissuing, uncollected
from marketplace.order.services import redirecting as order_redirecting
from marketplace.order.services.cancelling import UnableToCancel
from marketplace.order.services.reissuing import UnableToReissue
from tests.factories import leases as phones
from tests.factories import shop
from tests.factories import villages as places
from tests.factories.counter import qr_of
from tests.factories.leases import Phone
from tests.integration.counter.conftest import NOW
from villages.models import Operator, PickupPoint
from villages.services import devices
from villages.states import PointState

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def hand_over(counter, order: Order, *, device=None, at=NOW, nonce: str = "n1") -> Collection:
    return handover.hand_over(
        order,
        point=counter.point,
        outcomes={},
        proof=CollectionProof.QR,
        code=qr_of(order),
        nonce=nonce,
        by=counter.operator,
        at=at,
        device=device,
    )


def test_a_lease_covers_what_waits_and_what_arrives_in_its_time(counter):
    waiting, coming, late = counter.waiting(), counter.coming(), counter.coming()
    Consignment.objects.filter(order=coming).update(planned_at=NOW + 23 * HOUR)
    Consignment.objects.filter(order=late).update(planned_at=NOW + 25 * HOUR)

    made = phones.lease(counter, at=NOW)

    covered = LeasedConsignment.objects.filter(lease=made).values_list("consignment__order", flat=True)
    assert set(covered) == {waiting.pk, coming.pk}
    assert (made.epoch, made.until) == (1, NOW + 24 * HOUR)
    event = Event.objects.get(name="lease.granted")
    assert event.payload == {
        "point": counter.point.pk,
        "device": made.device_id,
        "epoch": 1,
        "until": made.until.isoformat(),
        "consignments": 2,
    }


@pytest.mark.parametrize("hours", [0, -1, 73])
def test_a_lease_is_of_72_hours_at_most(counter, hours):
    with pytest.raises(UnableToLease):
        phones.lease(counter, at=NOW, hours=hours)
    assert not OfflineLease.objects.exists()
    assert phones.lease(counter, at=NOW, hours=72).until == NOW + 72 * HOUR


def test_a_point_that_is_closed_for_good_gets_no_lease_and_one_that_is_suspended_does(counter):
    PickupPoint.objects.filter(pk=counter.point.pk).update(state=PointState.CLOSED)
    with pytest.raises(UnableToLease, match="关停"):
        phones.lease(counter, at=NOW)
    assert not OfflineLease.objects.exists()

    PickupPoint.objects.filter(pk=counter.point.pk).update(state=PointState.SUSPENDED)
    assert phones.lease(counter, at=NOW).epoch == 1, "what waits there is still collected"


def test_a_point_has_one_lease_at_a_time(counter):
    phones.lease(counter, at=NOW)

    with pytest.raises(LeaseIsHeld):
        phones.lease(counter, at=NOW + HOUR)

    assert OfflineLease.objects.count() == 1


def test_the_database_keeps_a_second_live_lease_out(counter):
    first = phones.lease(counter, at=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        OfflineLease.objects.create(
            point=counter.point,
            device=first.device,
            operator=counter.operator,
            epoch=2,
            granted_at=NOW,
            until=NOW + HOUR,
        )


def test_no_lease_for_a_stranger_or_a_phone_that_is_not_paired_here(counter):
    with pytest.raises(UnableToLease):
        phones.lease(counter, at=NOW, by=shop.user())
    revoked = phones.device(counter)
    devices.revoke(revoked, by=counter.operator, at=NOW)
    with pytest.raises(UnableToLease):
        phones.lease(counter, at=NOW, of=revoked)
    elsewhere = places.device(counter.shop.network.stop, by=counter.operator)
    with pytest.raises(UnableToLease):
        phones.lease(counter, at=NOW, of=elsewhere)
    assert not OfflineLease.objects.exists()


def test_the_holder_renews_with_a_higher_epoch_and_what_has_come_since(counter):
    first = phones.lease(counter, at=NOW)
    order = counter.waiting()
    with pytest.raises(LeaseIsHeld):
        phones.lease(counter, at=NOW + HOUR, of=first.device)

    second = leases.grant(counter.point, device=first.device, renews=True, by=counter.operator, at=NOW + HOUR)

    first.refresh_from_db()
    assert (first.state, first.end_reason, first.ended_at) == (LeaseState.ENDED, LeaseEnd.RENEWED, NOW + HOUR)
    assert second.epoch == 2
    assert second.leased.get().consignment.order == order


def test_a_lease_whose_time_is_over_is_over_though_nobody_noted_it(counter):
    first = phones.lease(counter, at=NOW, hours=1)
    order = counter.waiting()

    second = phones.lease(counter, at=NOW + HOUR)

    first.refresh_from_db()
    assert (first.end_reason, first.ended_at) == (LeaseEnd.TIME, first.until)
    assert second.leased.get().consignment.order == order


def test_the_sweep_notes_leases_whose_time_is_over_once(counter):
    made = phones.lease(counter, at=NOW, hours=1)
    assert leases.end_overdue(by="test", at=made.until - HOUR / 2) == 0

    assert leases.end_overdue(by="test", at=made.until) == 1

    assert leases.end_overdue(by="test", at=made.until) == 0
    assert Event.objects.filter(name="lease.ended", stream_id=str(made.pk)).count() == 1


def test_while_a_lease_lives_only_its_device_collects(counter):
    order = counter.waiting()
    made = phones.lease(counter, at=NOW)
    other = phones.device(counter)

    for device in (None, other):
        with pytest.raises(HeldByLease):
            hand_over(counter, order, device=device)
    assert not Collection.objects.exists()
    assert Consignment.objects.get().state == ConsignmentState.AT_POINT

    assert hand_over(counter, order, device=made.device).device == made.device
    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []


def test_what_came_after_the_grant_is_anybodys(counter):
    phones.lease(counter, at=NOW)
    order = counter.waiting()

    assert hand_over(counter, order).order == order


def test_after_the_time_of_the_lease_anybody_collects(counter):
    order = counter.waiting()
    made = phones.lease(counter, at=NOW, hours=1)

    assert hand_over(counter, order, at=made.until).order == order


def test_a_take_over_from_another_paired_device_frees_what_was_leased(counter):
    order = counter.waiting()
    made = phones.lease(counter, at=NOW)
    other = phones.device(counter)

    ended = leases.take_over(counter.point, device=other, by=counter.operator, at=NOW + HOUR)

    assert (ended.pk, ended.end_reason, ended.ended_by) == (made.pk, LeaseEnd.TAKEN_OVER, counter.operator)
    assert hand_over(counter, order, device=other).order == order
    assert phones.lease(counter, at=NOW + HOUR, of=other).epoch == 2


def test_a_take_over_needs_another_device_that_is_paired(counter):
    made = phones.lease(counter, at=NOW)
    revoked = phones.device(counter)
    devices.revoke(revoked, by=counter.operator, at=NOW)

    for device in (made.device, revoked):
        with pytest.raises(UnableToEnd):
            leases.take_over(counter.point, device=device, by=counter.operator, at=NOW)
    made.refresh_from_db()
    assert made.state == LeaseState.LIVE


def test_a_revoked_devices_lease_goes_on_blocking(counter):
    order = counter.waiting()
    made = phones.lease(counter, at=NOW)

    devices.revoke(made.device, by=counter.operator, at=NOW)

    with pytest.raises(HeldByLease):
        hand_over(counter, order)


def test_what_is_leased_does_not_expire_until_the_lease_ends(counter, at_noon, monkeypatch):
    order = counter.waiting()
    made = phones.lease(counter, at=NOW, hours=72)
    consignment = Consignment.objects.get(order=order)
    overdue = made.until - HOUR
    Consignment.objects.update(collect_by=overdue - HOUR)
    monkeypatch.setattr("core.clock.now", lambda: overdue)

    assert uncollected.expire_overdue(by="test", at=overdue) == 0
    assert uncollected.expire(consignment, by="test", at=overdue) is False

    deferred = [each for each in invariants.examined(["O2"]) if each.is_deferred]
    assert [each.subject for each in deferred] == [f"consignment {consignment.number}"]
    assert invariants.findings(["O2"]) == []
    # Then its phone has a day to tell what it did, whether or not the end was noted.
    given_up = made.until + DAY
    assert uncollected.expire_overdue(by="test", at=given_up - HOUR) == 0
    leases.end_overdue(by="test", at=made.until)
    assert uncollected.expire_overdue(by="test", at=given_up - HOUR) == 0
    monkeypatch.setattr("core.clock.now", lambda: given_up)
    assert [each.code for each in invariants.findings(["O2"])] == ["O2"]
    assert uncollected.expire_overdue(by="test", at=given_up) == 1
    assert invariants.findings(["C1", "C2", "M1", "S1", "O2"]) == []


def test_what_was_taken_from_a_phone_waits_a_day_for_it_and_what_was_given_back_does_not(counter):
    counter.waiting()
    Consignment.objects.update(collect_by=NOW - HOUR)
    lost = phones.lease(counter, at=NOW)
    leases.take_over(counter.point, device=phones.device(counter), by=counter.operator, at=NOW + HOUR)

    assert uncollected.expire_overdue(by="test", at=NOW + DAY) == 0
    again = phones.lease(counter, at=NOW + DAY, of=lost.device)
    leases.hand_back(counter.point, device=again.device, by=counter.operator, at=NOW + DAY)
    assert uncollected.expire_overdue(by="test", at=NOW + DAY) == 0, "what it did under the first is still unknown"
    assert uncollected.expire_overdue(by="test", at=NOW + HOUR + DAY) == 1


def test_what_a_removed_operators_phone_had_waits_a_day_for_it(counter):
    counter.waiting()
    Consignment.objects.update(collect_by=NOW - HOUR)
    phones.lease(counter, at=NOW)
    leases.end_those_of(Operator.objects.get(user=counter.operator, until=None), by="test", at=NOW)

    assert uncollected.expire_overdue(by="test", at=NOW + DAY - HOUR) == 0
    assert uncollected.expire_overdue(by="test", at=NOW + DAY) == 1


def test_what_was_given_back_falls_due_at_once(counter):
    counter.waiting()
    Consignment.objects.update(collect_by=NOW - HOUR)
    made = phones.lease(counter, at=NOW)
    leases.hand_back(counter.point, device=made.device, by=counter.operator, at=NOW)

    assert uncollected.expire_overdue(by="test", at=NOW) == 1


def test_what_is_leased_is_not_redirected_nor_reissued(counter):
    order = counter.coming()
    consignment = Consignment.objects.get(order=order)
    Consignment.objects.update(planned_at=NOW + HOUR)
    made = phones.lease(counter, at=NOW)
    other = places.point("430723001001")

    with pytest.raises(UnableToReissue):
        reissuing.reissue(order, by=None, at=NOW)
    with pytest.raises(UnableToRedirect, match="网点"), transaction.atomic():
        redirecting.redirect([consignment], point=other, is_agreed=True, by="test", at=NOW)

    order.refresh_from_db()
    assert order.code_epoch == 1
    assert Consignment.objects.get().point_id == counter.point.pk
    leases.hand_back(counter.point, device=made.device, by=counter.operator, at=NOW)
    assert reissuing.reissue(order, by=None, at=NOW).code_epoch == 2


def test_a_closed_point_is_left_when_the_lease_ends_and_nobody_is_told_before(counter):
    order = counter.coming()
    Consignment.objects.update(planned_at=NOW + HOUR)
    PickupPoint.objects.filter(pk=counter.point.pk).update(state=PointState.SUSPENDED)
    made = phones.lease(counter, at=NOW)

    assert order_redirecting.leave_closed_points(by="test", at=NOW) == 0
    assert not Event.objects.filter(stream_id=order.number, name="order.point_closed").exists()

    leases.hand_back(counter.point, device=made.device, by=counter.operator, at=NOW)
    assert order_redirecting.leave_closed_points(by="test", at=NOW) == 1


def test_the_sweep_ends_leases_and_gives_up_what_waits(counter, monkeypatch):
    made = phones.lease(counter, at=NOW, hours=1)
    monkeypatch.setattr("core.clock.now", lambda: made.until)

    tasks.end_leases()

    made.refresh_from_db()
    assert made.end_reason == LeaseEnd.TIME


def test_what_is_leased_is_not_cancelled(counter):
    order = shop.order(counter.point, shop.listing(counter.shop.seller))
    made = phones.lease(counter, at=NOW)
    LeasedConsignment.objects.create(lease=made, consignment=order.consignments.get())

    with pytest.raises(UnableToCancel):
        cancelling.cancel(order, by=None, at=NOW)

    leases.hand_back(counter.point, device=made.device, by=counter.operator, at=NOW)
    cancelling.cancel(order, by=None, at=NOW)
    assert order.consignments.get().state == ConsignmentState.CANCELLED


def test_a_phone_gets_keys_and_orders_with_nothing_of_the_buyer_but_the_phones_tail(counter):
    order = counter.waiting(quantity=2, lines=2, phone="+8613600001234")
    phone = Phone(counter)

    response = phone.take_lease(hours=24)

    told = response.json()
    assert response.status_code == 201
    assert set(told) == {"lease", "csrf", "server_time"}
    lease = told["lease"]
    assert lease["until"] == "2026-03-04T04:00:00.000Z"
    assert lease["server_time"] == lease["granted_at"] == "2026-03-03T04:00:00.000Z"
    assert lease["cash_room_fen"] == 500_000
    (only,) = lease["orders"]
    assert (only["number"], only["epoch"], only["phone_tail"], only["pays_here"]) == (order.number, 1, "1234", True)
    (consignment,) = only["consignments"]
    assert consignment["state"] == "AT_POINT"
    assert consignment["freight_fen"] == 600
    assert [each["shelf"] for each in consignment["parcels"]] == ["A-01"]
    assert [(each["open"], each["unit_price_fen"]) for each in consignment["lines"]] == [(2, 4500), (2, 4500)]
    text = response.content.decode()
    assert "张小满" not in text
    assert "13600001234" not in text


def test_a_lease_costs_few_queries_however_much_it_covers(counter, django_assert_max_num_queries):
    for _ in range(6):
        counter.waiting(lines=2)
    phone = Phone(counter)

    with django_assert_max_num_queries(28):
        told = phone.take_lease().json()["lease"]

    assert len(told["orders"]) == 6


def test_the_lease_is_told_to_its_own_phone_alone(counter):
    phone, other = Phone(counter), Phone(counter)
    made = phone.take_lease().json()["lease"]

    assert phone.held().json()["lease"] == {
        "id": made["id"],
        "epoch": 1,
        "until": made["until"],
        "state": "LIVE",
        "device": phone.device.pk,
        "over": [],
    }
    assert other.held().json()["lease"] is None
    refused = other.take_lease()
    assert (refused.status_code, refused.json()["error"]) == (409, "held")
    assert "柜台手机" in refused.json()["sentence"]
    again = phone.take_lease()
    assert (again.status_code, again.json()["error"]) == (409, "own")
    assert phone.take_lease(renew=True).json()["lease"]["epoch"] == 2


def test_a_phone_hands_its_lease_back_once(counter):
    phone = Phone(counter)
    phone.take_lease()

    assert phone.end().json()["lease"]["state"] == "ENDED"
    assert phone.end().status_code == 404
    assert OfflineLease.objects.get().end_reason == LeaseEnd.HANDED_BACK


def test_an_unpaired_phone_and_nobody_at_all_get_no_lease(counter):
    client = counter.client()
    url = reverse("counter:offline-lease")

    unpaired = client.post(url, "{}", content_type="application/json")
    nobody = Client().post(url, "{}", content_type="application/json", headers={"accept": "application/json"})

    assert (unpaired.status_code, unpaired.json()["error"]) == (403, "unpaired")
    assert (nobody.status_code, nobody.json()["error"]) == (401, "signed-out")
    told = client.get(url).json()
    assert (told["lease"], told["paired"]) == (None, False)
    assert not OfflineLease.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "nonsense", '{"hours": "24"}', '{"hours": 1e9}', "[" * 100_000])
def test_a_body_that_is_no_request_for_a_lease_is_refused_in_words(counter, body):
    phone = Phone(counter)

    response = phone.client.post(reverse("counter:offline-lease"), body, content_type="application/json")

    assert response.status_code == (201 if body == "" else 409 if body.startswith("{") else 400)
    if response.status_code != 201:
        assert response.json()["sentence"]
