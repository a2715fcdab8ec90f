"""What a phone did without network and could not be booked by itself: the owner of the point books it, or closes it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from logistics.models import OfflineUpload
from logistics.services import leases
from logistics.states import UploadKind, UploadState, UploadWhy
from marketplace.counter.services import uploads
from villages.models import Device
from villages.services import operators

# The phone's word for when it was is not believed then.
TIMELESS = frozenset({UploadWhy.OUT_OF_TIME, UploadWhy.UNREADABLE})
# Nothing of these can become true later.
NEVER = frozenset({UploadWhy.UNREADABLE, UploadWhy.UNKNOWN, UploadWhy.NOT_PROVEN, UploadWhy.COLLECTED})


class UnableToDecide(Exception):
    """It was decided already, cannot be booked, or is not this person's to decide."""


def may_be_applied(upload: OfflineUpload) -> bool:
    """Tell whether booking it may be tried; what stands against it is found out then."""
    return upload.state == UploadState.EXCEPTION and upload.why not in NEVER


def apply(upload: OfflineUpload, *, by, at: dt.datetime, device: Device | None = None) -> OfflineUpload:
    """Book what the phone did, where its proof holds; the edge has asked the owner for the second factor.

    The cash is its operator's who took it. A wrong code stays wrong, and is counted.

    :param device: the paired device at which the owner does it.
    :raises UnableToDecide: where it cannot be booked; why is noted.
    """
    refusal = _apply(upload.pk, device_id=device.pk if device else 0, by=by, at=at)
    if refusal:
        raise UnableToDecide(refusal)
    upload.refresh_from_db()
    return upload


@transaction.atomic
def _apply(pk: int, *, device_id: int, by, at: dt.datetime) -> str:
    """Book an upload; return why it could not be, which is committed with what the try has counted."""
    upload = _undecided(pk, by=by, at=at)
    if not may_be_applied(upload):
        raise UnableToDecide(_("This cannot be booked any more. Please close it with a sentence."))
    done_at = at if upload.why in TIMELESS else min(upload.occurred_at, at)
    collection = None
    try:
        if upload.kind == UploadKind.RECEIVE:
            uploads.receive(upload, by=by, at=done_at)
        else:
            collection = uploads.hand_over(upload, at=done_at, now=at, decided_at_device_id=device_id)
    except uploads.NotYetHere:
        return _("A parcel of this order was not received yet. Please receive it first.")
    except uploads.UnableToBook as refusal:
        upload.why, upload.detail = refusal.why, refusal.detail
        upload.save(update_fields=["why", "detail", "code"])
        return str(refusal)
    uploads.move(upload, UploadState.APPLIED, by=by, at=at, collection=collection, decided_by=by, decided_at=at)
    return ""


@transaction.atomic
def close(upload: OfflineUpload, *, note: str, by, at: dt.datetime) -> None:
    """Close what the phone did without booking it, with a sentence that says why.

    :raises UnableToDecide: without a sentence, or where it was decided already.
    """
    if not note.strip():
        raise UnableToDecide(_("Please write down why it is closed."))
    row = _undecided(upload.pk, by=by, at=at)
    uploads.move(row, UploadState.CLOSED, by=by, at=at, note=note.strip(), decided_by=by, decided_at=at)


def _undecided(pk: int, *, by, at: dt.datetime) -> OfflineUpload:
    """Return an upload that waits for a decision, under its point's mutex."""
    point_id = OfflineUpload.objects.values_list("lease__point", flat=True).get(pk=pk)
    leases.only_one(point_id)
    leases.end_overdue(by=by, at=at, point_id=point_id)
    upload = OfflineUpload.objects.select_related("lease__operator", "lease__device", "lease__point").get(pk=pk)
    if not operators.is_owner(by, point=upload.lease.point):
        raise UnableToDecide(_("Only the owner of the point decides this."))
    if upload.state != UploadState.EXCEPTION:
        raise UnableToDecide(_("This was decided already."))
    return upload
