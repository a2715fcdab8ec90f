"""Sync: what a phone did without network, uploaded when it is back: each item once, in any order, cut anywhere.

Each item is a transaction of its own that begins with its point's mutex: it is committed under a live lease or kept as
an exception. An item that is sent again finds what became of it.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import events
from logistics.models import OfflineLease, OfflineUpload
from logistics.services import leases, milestones
from logistics.states import ConsignmentState, LeaseState, UploadKind, UploadState, UploadWhy
from marketplace.counter import items
from marketplace.counter.items import Head
from marketplace.counter.services import uploads
from marketplace.order.models import Order
from villages.models import Device

MOST = 50
SLACK = dt.timedelta(minutes=5)  # that a phone's corrected clock may be wrong


class UnableToSync(Exception):
    """Nothing was taken in; the phone keeps all it has."""


@dataclass(frozen=True)
class Answer:
    """What became of an item; without an upload it could not even be kept."""

    nonce: str | None
    upload: OfflineUpload | None
    sentence: str


def sync(sent: Sequence[object], *, device: Device, by, at: dt.datetime) -> list[Answer]:
    """Take in what a phone did and tell of each item what became of it, in the order of the list.

    :param by: the lease's operator; for a lease that has ended, any operator of the point.
    :raises UnableToSync: where a live lease is somebody else's.
    """
    heads = [_head(each) for each in sent]
    found = _leases_of(heads, device)
    for lease in found.values():
        if _is_live(lease, at) and lease.device_id == device.pk and lease.operator_id != by.pk:
            raise UnableToSync(
                _("Please sign in as %(name)s, who works without network on this phone.")
                % {"name": lease.operator.get_full_name()}
            )
    for head in heads:
        if isinstance(head, Head) and head.lease_id in found:
            _take(head, found[head.lease_id], device=device, by=by, at=at)
            milestones.passed("syncing-committed")
    _try_again(found.values(), by=by, at=at)
    mine = OfflineLease.objects.filter(Q(pk__in=found) | Q(state=LeaseState.LIVE), device=device)
    mine.update(synced_at=at)
    nonces = [head.nonce for head in heads if isinstance(head, Head)]
    kept = OfflineUpload.objects.filter(nonce__in=nonces, lease__in=found).select_related("collection")
    by_nonce = {upload.nonce: upload for upload in kept}
    return [_answer(head, by_nonce, found) for head in heads]


def give_up(*, by, at: dt.datetime, point_id: int | None = None) -> int:
    """Leave to people what still waited for its parcel when its lease ended; return how much."""
    waiting = OfflineUpload.objects.filter(state=UploadState.PENDING)
    if point_id is not None:
        waiting = waiting.filter(lease__point=point_id)
    ended = waiting.exclude(lease__in=OfflineLease.objects.live(at))
    return sum(_give_up(pk, by=by, at=at) for pk in ended.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _give_up(pk: int, *, by, at: dt.datetime) -> bool:
    upload = _pending(pk)
    if upload is None:
        return False
    uploads.move(upload, UploadState.EXCEPTION, by=by, at=at, why=UploadWhy.LEASE_ENDED)
    return True


def _head(item: object) -> Head | str | None:
    """Return an item's head, or what there is of a nonce where it has none."""
    try:
        return items.head(item)
    except items.UnableToReadItem:
        nonce = item.get("nonce") if isinstance(item, dict) else None
        return nonce if isinstance(nonce, str) else None


def _leases_of(heads: Iterable[Head | str | None], device: Device) -> dict[int, OfflineLease]:
    """Return the leases of the device's point that are named, also those of other devices."""
    named = {head.lease_id for head in heads if isinstance(head, Head)}
    rows = OfflineLease.objects.filter(pk__in=named, point=device.point_id)
    return {lease.pk: lease for lease in rows.select_related("operator", "device", "point")}


def _is_live(lease: OfflineLease, at: dt.datetime) -> bool:
    return lease.state == LeaseState.LIVE and lease.until > at


@transaction.atomic
def _take(head: Head, lease: OfflineLease, *, device: Device, by, at: dt.datetime) -> None:
    """Keep an item and do what it says, once by its nonce."""
    leases.only_one(lease.point_id)
    if OfflineUpload.objects.filter(nonce=head.nonce).exists():
        return
    lease.refresh_from_db(fields=["state", "until"])
    order = Order.objects.filter(number=head.order_number, consignments__point=lease.point_id).first()
    upload = OfflineUpload.objects.create(
        nonce=head.nonce,
        lease=lease,
        kind=head.kind,
        order=order,
        payload=head.payload,
        code=head.code,
        occurred_at=head.at or at,
        received_at=at,
    )
    events.append([uploads.event(upload, "upload.received")], by=by, at=at)
    milestones.passed("syncing-noted")
    why = _refusal(head, lease, device, at)
    if why is None:
        _apply(upload, by=by, at=at)
    else:
        uploads.move(upload, UploadState.EXCEPTION, by=by, at=at, why=why)
    milestones.passed("syncing-decided")


def _refusal(head: Head, lease: OfflineLease, device: Device, at: dt.datetime) -> UploadWhy | None:
    """Return why an item must not be done by itself, before what it says is looked at."""
    if not _is_live(lease, at) or head.epoch != lease.epoch:
        return UploadWhy.LEASE_ENDED
    if lease.device_id != device.pk:
        return UploadWhy.OTHER_DEVICE
    if head.at is None:
        return UploadWhy.UNREADABLE
    if not lease.granted_at - SLACK <= head.at <= min(lease.until, at) + SLACK:
        return UploadWhy.OUT_OF_TIME
    return None


def _apply(upload: OfflineUpload, *, by, at: dt.datetime) -> None:
    """Do what an upload under a live lease says, and note what became of it."""
    try:
        if upload.kind == UploadKind.RECEIVE:
            uploads.receive(upload, by=upload.lease.operator, at=min(upload.occurred_at, at))
            collection = None
        else:
            collection = uploads.hand_over(upload, at=min(upload.occurred_at, at), now=at)
    except uploads.NotYetHere:
        return
    except uploads.UnableToBook as refusal:
        uploads.move(upload, UploadState.EXCEPTION, by=by, at=at, why=refusal.why, detail=refusal.detail)
    else:
        uploads.move(upload, UploadState.APPLIED, by=by, at=at, collection=collection)


def _try_again(found: Iterable[OfflineLease], *, by, at: dt.datetime) -> None:
    """Do what waited for its parcel, where that has come by now."""
    waiting = OfflineUpload.objects.filter(
        lease__in=[lease.pk for lease in found if _is_live(lease, at)],
        state=UploadState.PENDING,
        order__consignments__state=ConsignmentState.AT_POINT,
    )
    for pk in waiting.order_by("pk").distinct().values_list("pk", flat=True):
        _again(pk, by=by, at=at)


@transaction.atomic
def _again(pk: int, *, by, at: dt.datetime) -> None:
    upload = _pending(pk)
    if upload is not None and _is_live(upload.lease, at):
        _apply(upload, by=by, at=at)
        milestones.passed("syncing-decided")


def _pending(pk: int) -> OfflineUpload | None:
    """Return an upload that waits, under its point's mutex."""
    point_id = OfflineUpload.objects.values_list("lease__point", flat=True).get(pk=pk)
    leases.only_one(point_id)
    rows = OfflineUpload.objects.filter(pk=pk, state=UploadState.PENDING)
    return rows.select_related("lease__operator", "lease__device", "lease__point").first()


def _answer(head: Head | str | None, kept: dict[str, OfflineUpload], found: dict[int, OfflineLease]) -> Answer:
    if not isinstance(head, Head):
        return Answer(head, None, str(UploadWhy.UNREADABLE.label))
    upload = kept.get(head.nonce)
    if upload is None or upload.lease_id != head.lease_id:
        unknown = _("This phone had no such leave at this point.")
        return Answer(head.nonce, None, unknown if head.lease_id not in found else _("This was sent before."))
    return Answer(head.nonce, upload, _sentence(upload))


def _sentence(upload: OfflineUpload) -> str:
    if upload.state == UploadState.PENDING:
        return _("It waits for its parcel to be received.")
    if upload.state == UploadState.APPLIED:
        return _("Booked.")
    if upload.state == UploadState.CLOSED:
        return _("It was looked at and closed.")
    return upload.detail or str(UploadWhy(upload.why).label)
