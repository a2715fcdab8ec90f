"""Questions about work without network: who has which order offline, and what waits for a decision."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from core import phones
from core.names import masked
from logistics.models import Collection, Consignment, ConsignmentLine, OfflineLease, OfflineUpload, Parcel
from logistics.services.collections import Outcome
from logistics.states import UNDECIDED, CollectionProof, UploadKind, UploadState
from marketplace.counter import items
from marketplace.counter.states import Reason
from marketplace.order.models import Order
from villages.models import Device, PickupPoint

LEASES_SHOWN = 20


def holder(order: Order, *, point_id: int, device: Device | None, at: dt.datetime) -> OfflineLease | None:
    """Return the live lease of another device that covers something of an order at a point."""
    held = OfflineLease.objects.live(at).filter(
        point_id=point_id, leased__consignment__order=order, leased__consignment__point_id=point_id
    )
    if device is not None:
        held = held.exclude(device=device)
    return held.select_related("device", "operator").first()


def undecided(order: Order) -> OfflineUpload | None:
    """Return a hand-over of an order that a phone told of and that is not booked."""
    rows = OfflineUpload.objects.filter(order=order, kind=UploadKind.HAND_OVER, state__in=UNDECIDED)
    return rows.order_by("pk").first()


def leases_of(point: PickupPoint) -> QuerySet[OfflineLease]:
    """Return a point's leases, the newest first, each with how much of it is booked and how much waits."""
    state = "uploads__state"
    rows = OfflineLease.objects.filter(point=point).select_related("device", "operator", "ended_by")
    return rows.annotate(
        booked=Count("uploads", filter=Q(**{state: UploadState.APPLIED})),
        waiting=Count("uploads", filter=Q(**{f"{state}__in": UNDECIDED})),
    ).order_by("-epoch")[:LEASES_SHOWN]


def uploads_of(user) -> QuerySet[OfflineUpload]:
    """Return what phones told of the person's own points."""
    return OfflineUpload.objects.at_points_of(user).select_related(
        "lease__point", "lease__device", "lease__operator", "lease__ended_by", "order", "collection", "decided_by"
    )


def exceptions(point: PickupPoint) -> QuerySet[OfflineUpload]:
    """Return what waits for a decision at a point, or still for its parcel, the first one done first."""
    rows = OfflineUpload.objects.filter(lease__point=point, state__in=UNDECIDED)
    return rows.select_related("lease__device", "lease__operator", "order").order_by("occurred_at", "pk")


@dataclass(frozen=True)
class SaidLine:
    """What the phone said became of a line."""

    title: str
    outcome: Outcome

    @property
    def reason(self) -> str:
        return str(dict(Reason.choices).get(self.outcome.reason, ""))


@dataclass(frozen=True)
class Said:
    """What the phone said, as an operator may see it: never the code, and who collected with name and phone hidden."""

    parcel: str = ""
    shelf: str = ""
    is_damaged: bool = False
    order: str = ""
    proof: str = ""
    is_typed: bool = False
    lines: tuple[SaidLine, ...] = ()
    shown_fen: int = 0
    paid_by: str = ""
    collector: str = ""


def said(upload: OfflineUpload, *, with_lines: bool = True) -> Said | None:
    """Return what an upload says; None where it cannot be read.

    :param with_lines: what became of each line too, which takes a query.
    """
    try:
        if upload.kind == UploadKind.RECEIVE:
            received = items.received(upload.payload)
            return Said(parcel=received.parcel, shelf=received.shelf, is_damaged=received.is_damaged)
        handed = items.handed_over(upload.payload)
    except items.UnableToReadItem:
        return None
    mine = ConsignmentLine.objects.filter(
        pk__in=handed.outcomes, consignment__order=upload.order, consignment__point=upload.lease.point_id
    )
    titles = dict(mine.values_list("pk", "order_line__title")) if with_lines else {}
    return Said(
        order=handed.order,
        proof=str(handed.proof.label),
        is_typed=handed.proof == CollectionProof.TYPED_CODE,
        lines=tuple(SaidLine(titles[pk], outcome) for pk, outcome in sorted(handed.outcomes.items()) if pk in titles),
        shown_fen=handed.shown_fen,
        paid_by=str(handed.paid_by.label),
        collector=f"{masked(handed.collector[0])} · {phones.masked(handed.collector[1])}" if handed.collector else "",
    )


@dataclass(frozen=True)
class Known:
    """What is known here of what a phone did: the parcels and consignments as they stand, what was handed over."""

    consignments: Iterable[Consignment]
    collections: Iterable[Collection]
    parcel: Parcel | None


def known(upload: OfflineUpload, of: Said | None) -> Known:
    """Return what the server has of the same parcel or order."""
    point_id = upload.lease.point_id
    parcel = None
    if of is not None and of.parcel:
        parcel = Parcel.objects.filter(number=of.parcel, consignment__point=point_id).first()
    if upload.order_id is None:
        return Known((), (), parcel)
    here = {"order": upload.order_id, "point": point_id}
    collections = Collection.objects.filter(**here).select_related("operator", "device").order_by("pk")
    return Known(Consignment.objects.filter(**here).order_by("pk"), collections, parcel)
