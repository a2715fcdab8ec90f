"""What a phone did without network, done here: its parcel received, its hand-over proven and booked, once."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import events
from core.events import NewEvent
from logistics.models import Collection, Consignment, ConsignmentLine, LeasedConsignment, OfflineUpload, Parcel
from logistics.services import collections, milestones, scans
from logistics.services.collections import Presented
from logistics.states import OVER_FOR_BUYER, UPLOAD_MOVES, ConsignmentState, UploadState, UploadWhy
from marketplace.counter import items
from marketplace.counter.items import HandedOver
from marketplace.counter.services import handover, proving
from marketplace.order.models import Order

DETAIL_LENGTH = 200


class UnableToBook(Exception):
    """What the phone did is not booked; ``why`` says which kind of reason, the text says more where there is more."""

    def __init__(self, why: UploadWhy, detail: str = ""):
        super().__init__(detail or str(why.label))
        self.why, self.detail = why, detail[:DETAIL_LENGTH]


class NotYetHere(Exception):
    """The hand-over came before its parcel was received."""


def receive(upload: OfflineUpload, *, by, at: dt.datetime) -> None:
    """Receive the parcel that an upload names; one that was received before stays as it is.

    :raises UnableToBook: where it cannot be received here.
    """
    try:
        said = items.received(upload.payload)
    except items.UnableToReadItem as error:
        raise UnableToBook(UploadWhy.UNREADABLE) from error
    point = upload.lease.point
    parcel = Parcel.objects.filter(number=said.parcel, consignment__point=point).first()
    if parcel is None:
        raise UnableToBook(UploadWhy.UNKNOWN)
    if parcel.received_at is not None:
        return
    try:
        with transaction.atomic():
            scans.receive(
                parcel, point=point, shelf=said.shelf, nonce=upload.nonce, by=by, at=at, damaged=said.is_damaged
            )
    except scans.UnableToScan as refusal:
        raise UnableToBook(UploadWhy.REFUSED, str(refusal)) from refusal


def hand_over(
    upload: OfflineUpload, *, at: dt.datetime, now: dt.datetime, decided_at_device_id: int | None = None
) -> Collection:
    """Prove and book the hand-over that an upload tells of, in the name of its lease's operator.

    A wrong code is counted whatever becomes of the rest, so the caller commits also when this raises.

    :param at: when it was done. :param now: when its code is looked at.
    :param decided_at_device_id: an owner who gave the second factor books it, at a device, or 0 at none: neither the
        phone's lease nor the amount that it showed matters then.
    :raises NotYetHere: where a parcel of it was not received yet.
    :raises UnableToBook: where it is not booked.
    """
    lease, is_decided = upload.lease, decided_at_device_id is not None
    try:
        said = items.handed_over(upload.payload)
    except items.UnableToReadItem as error:
        raise UnableToBook(UploadWhy.UNREADABLE) from error
    order = Order.objects.filter(pk=upload.order_id, number=said.order).first()
    lines = ConsignmentLine.objects.filter(
        pk__in=said.outcomes, consignment__order=order, consignment__point=lease.point_id
    )
    among = set(lines.values_list("consignment_id", flat=True))
    if order is None or lines.count() != len(said.outcomes):
        raise UnableToBook(UploadWhy.UNKNOWN)
    if not is_decided and LeasedConsignment.objects.filter(lease=lease, consignment__in=among).count() != len(among):
        raise UnableToBook(UploadWhy.NOT_LEASED)
    _see_waiting(among)
    due = handover.due(order, point_id=lease.point_id, outcomes=said.outcomes, among=among)
    if not is_decided and due.total_fen != said.shown_fen:
        raise UnableToBook(UploadWhy.OTHER_AMOUNT)
    reference = _proven(order, upload, said, now=now, stepped_up=is_decided)
    milestones.passed("syncing-proved")
    presented = Presented(
        said.proof, upload.nonce, reference, lease.device_id, said.collector, said.paid_by, decided_at_device_id
    )
    try:
        with transaction.atomic():
            handed = handover.book(
                order,
                point=lease.point,
                outcomes=said.outcomes,
                presented=presented,
                by=lease.operator,
                at=at,
                seen=frozenset(said.outcomes),
                among=among,
            )
    except collections.AlreadyCollected as refusal:
        raise UnableToBook(UploadWhy.COLLECTED) from refusal
    except collections.UnableToCollect as refusal:
        raise UnableToBook(UploadWhy.REFUSED, str(refusal)) from refusal
    milestones.passed("syncing-applied")
    return handed.collection


def _see_waiting(among: set[int]) -> None:
    """See that all of some consignments can be handed over; the locks of the collection see it once more."""
    states = set(Consignment.objects.filter(pk__in=among).values_list("state", flat=True))
    if ConsignmentState.COLLECTED in states:
        raise UnableToBook(UploadWhy.COLLECTED)
    if states & OVER_FOR_BUYER:
        raise UnableToBook(UploadWhy.REFUSED, _("Nothing of this order waits here."))
    if states != {ConsignmentState.AT_POINT}:
        raise NotYetHere


def _proven(order: Order, upload: OfflineUpload, said: HandedOver, *, now: dt.datetime, stepped_up: bool) -> str:
    lease = upload.lease
    try:
        return proving.prove(
            order,
            point=lease.point,
            proof=said.proof,
            code=upload.code,
            by=lease.operator,
            at=now,
            device=lease.device,
            stepped_up=stepped_up,
            typed_before=True,
        )
    except proving.TooManyTries as refusal:
        raise UnableToBook(UploadWhy.UNCHECKED, str(refusal)) from refusal
    except proving.UnableToProve as refusal:
        upload.code = ""  # it is known to prove nothing
        raise UnableToBook(UploadWhy.NOT_PROVEN, str(refusal)) from refusal


def move(upload: OfflineUpload, to: UploadState, *, by, at: dt.datetime, **changes) -> None:
    """Write what became of an upload, and the event that tells it; ``PENDING`` again is no move."""
    if to == upload.state:
        return
    if to not in UPLOAD_MOVES[upload.state]:
        raise AssertionError(f"an upload does not go from {upload.state} to {to}")
    upload.state = to
    if to in (UploadState.APPLIED, UploadState.CLOSED):
        upload.code = ""
    for name, value in changes.items():
        setattr(upload, name, value)
    upload.save(update_fields=["state", "code", *changes])
    events.append([event(upload, f"upload.{to.lower()}")], by=by, at=at)


def event(upload: OfflineUpload, name: str) -> NewEvent:
    """Return what the log says of an upload: ids and codes, nothing that the phone wrote."""
    payload = {
        "point": upload.lease.point_id,
        "lease": upload.lease_id,
        "kind": upload.kind,
        **({"why": upload.why} if upload.why else {}),
        **({"collection": upload.collection_id} if upload.collection_id else {}),
    }
    return NewEvent("upload", upload.pk, name, payload)
