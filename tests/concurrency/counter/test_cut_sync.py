"""A thousand confirmations from one phone, the connection cut at random, between items and within them: each once."""

import datetime as dt
import random
from collections import Counter as Counted

import pytest
from django.contrib.sites.models import Site
from django.db import connection

from core import invariants
from core.events import Event
from logistics.models import Collection, CollectionLine, Consignment, OfflineLease, OfflineUpload, Parcel
from logistics.services import milestones, routing
from logistics.states import ConsignmentState, ParcelState, UploadState
from marketplace.counter.services import syncing
from marketplace.order.models import Order
from marketplace.selling.services import packing
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import leases as phones
from tests.factories import shop
from tests.factories.counter import Counter
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
NOW = MONDAY + dt.timedelta(days=2)
HOUR = dt.timedelta(hours=1)
CONFIRMATIONS, RECEIVED_OFFLINE = 1000, 200
EACH_FEN = 4500 + 600


class Cut(Exception):
    """The connection is gone."""


@pytest.fixture
def counter(db) -> Counter:
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.com", "name": "example.com"})
    made = shop.shop(crates=5000)
    made.point.capacities.update(crates_per_day=5000)
    return Counter(made, shop.operator(made.point))


def waiting(counter: Counter, count: int) -> list[Order]:
    """Return so many orders on the shelves of the point, or on the vehicle that has left for it."""
    listing = shop.listing(counter.shop.seller, on_hand=count)
    orders = [shop.order(counter.point, listing) for _ in range(count)]
    while routing.route_waiting(limit=200, at=MONDAY, by="test").claimed:
        pass
    for consignment in Consignment.objects.order_by("pk"):
        packing.pack(consignment, by="test", at=MONDAY)
    Parcel.objects.update(state=ParcelState.AT_POINT, received_at=NOW, shelf="A-01")
    Consignment.objects.update(state=ConsignmentState.AT_POINT, arrived_at=NOW, collect_by=NOW + 100 * HOUR)
    riding = Consignment.objects.filter(order__in=orders[:RECEIVED_OFFLINE])
    Parcel.objects.filter(consignment__in=riding).update(state=ParcelState.LOADED, received_at=None, shelf="")
    riding.update(state=ConsignmentState.IN_TRANSIT, planned_at=NOW + HOUR, arrived_at=None, collect_by=None)
    return orders


def test_each_of_a_thousand_is_booked_once_though_the_connection_is_cut_at_random(counter, monkeypatch):
    chance = random.Random(20260303)
    orders = waiting(counter, CONFIRMATIONS)
    lease = phones.lease(counter, at=NOW, hours=72)
    outbox = [phones.hand_over(order, lease, at=NOW + HOUR) for order in orders]
    parcels = Parcel.objects.filter(consignment__order__in=orders[:RECEIVED_OFFLINE])
    outbox += [phones.receive(parcel, lease, at=NOW + HOUR) for parcel in parcels]
    chance.shuffle(outbox)
    cuts: Counted[str] = Counted()

    def cut(step: str) -> None:
        if chance.random() < 0.004:
            cuts[step] += 1
            if chance.random() < 0.5:
                connection.close()  # not even a rollback is sent
            raise Cut

    monkeypatch.setattr(milestones, "passed", cut)
    while outbox:
        sent = chance.sample(outbox, min(len(outbox), chance.randint(1, syncing.MOST)))
        try:
            answers = syncing.sync(sent, device=lease.device, by=lease.operator, at=NOW + 2 * HOUR)
        except Cut:
            continue
        if chance.random() < 0.1:
            cuts["answer lost"] += 1
            continue
        settled = {each.nonce for each in answers if each.upload.state != UploadState.PENDING}
        outbox = [item for item in outbox if item["nonce"] not in settled]

    assert {"syncing-noted", "collecting-written", "syncing-committed", "answer lost"} <= set(cuts), cuts
    assert set(OfflineUpload.objects.values_list("state", flat=True)) == {UploadState.APPLIED}
    assert OfflineUpload.objects.count() == CONFIRMATIONS + RECEIVED_OFFLINE
    assert Collection.objects.count() == CollectionLine.objects.count() == CONFIRMATIONS
    assert Event.objects.filter(name="consignment.collected").count() == CONFIRMATIONS
    assert set(Consignment.objects.values_list("state", flat=True)) == {ConsignmentState.COLLECTED}
    assert ledger.balance(AccountKind.OPERATOR_CASH, party_id=counter.point.pk) == -CONFIRMATIONS * EACH_FEN
    assert OfflineLease.objects.get().synced_at == NOW + 2 * HOUR
    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []
