"""Phones that work without network: a device with its lease, and what it uploads."""

import datetime as dt
import json
from itertools import count

from django.test import Client
from django.urls import reverse

from logistics.models import ConsignmentLine, OfflineLease, Parcel
from logistics.services import leases
from marketplace.counter.middleware import COOKIE
from marketplace.order.models import Order
from tests.factories import villages
from tests.factories.counter import Counter, code_of, qr_of
from villages.models import Device

_numbers = count(1)


def nonce() -> str:
    """Return the name of an act, as long as a phone's."""
    return f"n{next(_numbers):021d}"


def device(counter: Counter, *, token: str = "", name: str = "柜台手机") -> Device:
    return villages.device(counter.point, by=counter.operator, token=token, name=name)


def lease(counter: Counter, *, at: dt.datetime, hours: int = 24, of: Device | None = None, by=None) -> OfflineLease:
    """Return a lease of a device of the point, a new one where none is given."""
    return leases.grant(counter.point, device=of or device(counter), hours=hours, by=by or counter.operator, at=at)


def hand_over(
    order: Order, of: OfflineLease, *, at: dt.datetime, by_code: bool = False, code: str = "", **changes
) -> dict:
    """Return the item of an order's hand-over, all of it taken for what is due."""
    lines = list(
        ConsignmentLine.objects.filter(consignment__order=order)
        .select_related("order_line", "consignment")
        .order_by("pk")
    )
    freight = {line.consignment_id: line.consignment.freight_fen for line in lines}
    goods = sum(line.open * line.order_line.unit_price_fen for line in lines)
    item = {
        "nonce": nonce(),
        "lease": of.pk,
        "epoch": of.epoch,
        "kind": "HAND_OVER",
        "at": at.isoformat(),
        "order": order.number,
        "proof": "CODE" if by_code else "QR",
        "code": code or (code_of(order) if by_code else qr_of(order)),
        "lines": [{"id": line.pk, "taken": line.open, "short": 0, "rejected": 0, "reason": ""} for line in lines],
        "collector": None,
        "paid_by": "CASH",
        "shown_fen": goods + sum(freight.values()),
    }
    return item | changes


def receive(parcel: Parcel, of: OfflineLease, *, at: dt.datetime, **changes) -> dict:
    item = {
        "nonce": nonce(),
        "lease": of.pk,
        "epoch": of.epoch,
        "kind": "RECEIVE",
        "at": at.isoformat(),
        "parcel": parcel.number,
        "shelf": "A-03",
        "damaged": False,
    }
    return item | changes


class Phone:
    """A paired phone's browser, on which an operator is signed in."""

    def __init__(self, counter: Counter, *, operator=None, name: str = "柜台手机"):
        token = f"phone-{next(_numbers)}"
        self.device = device(counter, token=token, name=name)
        self.client: Client = counter.client(operator)
        self.client.cookies[COOKIE] = token

    def take_lease(self, **said):
        return self._post("counter:offline-lease", said)

    def held(self):
        return self.client.get(reverse("counter:offline-lease"), headers={"accept": "application/json"})

    def end(self):
        return self._post("counter:offline-lease-end", {})

    def sync(self, *items: dict):
        return self._post("counter:offline-sync", {"items": list(items)})

    def _post(self, name: str, said: object):
        return self.client.post(
            reverse(name),
            json.dumps(said),
            content_type="application/json",
            headers={"accept": "application/json"},
        )
