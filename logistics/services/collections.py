"""Collection: the hand-over at the counter, line by line, exactly once."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Collection, CollectionLine, Consignment, ConsignmentLine, Parcel
from logistics.services import leases, milestones
from logistics.states import CollectionProof, ConsignmentState, CounterPayment, ParcelState
from villages import codes

# The guard that lets a consignment be collected once. The tests take it off to show the second hand-over.
STILL_WAITING = {"state": ConsignmentState.AT_POINT}


class UnableToCollect(Exception):
    """The hand-over is refused."""


class HeldByLease(UnableToCollect):
    """Another device of the point has the order offline."""


class WaitingHasChanged(UnableToCollect):
    """Other lines wait now than those that the operator decided on."""


class AlreadyCollected(UnableToCollect):
    """Somebody was first; ``collection`` is the winner's receipt."""

    def __init__(self, collection: Collection):
        super().__init__(f"already collected at {collection.occurred_at:%H:%M}")
        self.collection = collection


@dataclass(frozen=True)
class Outcome:
    """What became of the open units of one consignment line."""

    taken: int
    short: int = 0
    rejected: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Presented:
    """What was shown and said at the counter when an order was handed over.

    :param nonce: names this hand-over, so that sending it again finds the same receipt.
    :param reference: the nonce of the QR that was shown, if one was.
    :param collector: name and phone in E.164 of somebody who collects for the buyer.
    :param decided_at_device_id: of what a phone did without network and its owner books now: the device, or 0 for
        none, at which that is; neither it nor the phone may touch what another has offline.
    """

    proof: CollectionProof
    nonce: str
    reference: str = ""
    device_id: int | None = None
    collector: tuple[str, str] | None = None
    paid_by: CounterPayment = CounterPayment.CASH
    decided_at_device_id: int | None = None


@dataclass(frozen=True)
class HandedOver:
    """A collection that was written, with the consignments that ended and their lines' outcomes."""

    collection: Collection
    consignments: list[Consignment]
    lines: list[CollectionLine]


def collect(
    order_id: int,
    *,
    point_id: int,
    outcomes: Mapping[int, Outcome],
    presented: Presented,
    payload_of: Callable[[Any, int], dict],
    cash_of: Callable[[Consignment, int], int],
    by,
    at: dt.datetime,
    seen: Set[int] | None = None,
    among: Set[int] | None = None,
) -> HandedOver:
    """Hand over the consignments of an order that wait at a point, inside the caller's transaction.

    :param outcomes: by consignment line; each must account for all of its open units. Lines left out are taken whole.
    :param seen: the consignment lines on the operator's screen; where others wait by now, nothing is handed over.
    :param among: only these consignments; a phone without network did not know of others that have come.
    :param payload_of: gives the log's payload of some units of an order line (``order line, units → dict``).
    :param cash_of: gives what is paid at the counter for what was taken of a consignment (``consignment, fen → fen``).
    :raises AlreadyCollected: with the receipt of the collection that came first.
    :raises WaitingHasChanged: when other lines wait than were seen.
    :raises HeldByLease: when another device's live lease covers some of it.
    :raises UnableToCollect: when nothing of the order waits at this point, or the units do not add up.
    """
    nonce = presented.nonce
    waiting = Consignment.objects.filter(order_id=order_id, point_id=point_id)
    if among is not None:
        waiting = waiting.filter(pk__in=among)
    consignments = [
        consignment
        for consignment in locks.lock(waiting, rank=locks.Rank.CONSIGNMENT)
        if consignment.state == ConsignmentState.AT_POINT
    ]
    lines = list(
        ConsignmentLine.objects.filter(consignment__in=consignments).select_related("order_line").order_by("pk")
    )
    if not lines or Collection.objects.filter(nonce=nonce).exists():
        _refuse(order_id, point_id, nonce)
    if seen is not None and seen != {line.pk for line in lines}:
        if seen.isdisjoint(line.pk for line in lines):
            _refuse(order_id, point_id, nonce)
        raise WaitingHasChanged(_("What waits for this order has changed. Please look at the lines again."))
    leases.see_free(consignments, device_id=presented.device_id, refusal=HeldByLease, at=at)
    if presented.decided_at_device_id is not None:
        leases.see_free(consignments, device_id=presented.decided_at_device_id, refusal=HeldByLease, at=at)
    milestones.passed("collecting-locked")
    updated = Consignment.objects.filter(pk__in=[c.pk for c in consignments], **STILL_WAITING).update(
        state=ConsignmentState.COLLECTED, ended_at=at
    )
    if updated != len(consignments):
        _refuse(order_id, point_id, nonce)
    milestones.passed("collecting-moved")
    written = _outcomes(lines, outcomes)
    taken = Counter()
    for line, row in zip(lines, written, strict=True):
        taken[line.consignment_id] += row.taken_fen
    collection = Collection.objects.create(
        order_id=order_id,
        point_id=point_id,
        operator=by,
        proof=presented.proof,
        proof_reference=presented.reference,
        nonce=nonce,
        device_id=presented.device_id,
        collector_name=presented.collector[0] if presented.collector else "",
        collector_phone=presented.collector[1] if presented.collector else "",
        paid_by=presented.paid_by,
        cash_fen=sum(cash_of(consignment, taken[consignment.pk]) for consignment in consignments),
        occurred_at=at,
        recorded_at=timezone.now(),
    )
    for row in written:
        row.collection = collection
    ConsignmentLine.objects.bulk_update(lines, ["open", "taken", "short", "rejected"])
    written = CollectionLine.objects.bulk_create(written)
    Parcel.objects.filter(consignment__in=consignments, state=ParcelState.AT_POINT).update(
        state=ParcelState.HANDED_OVER
    )
    milestones.passed("collecting-written")
    events.append(_events(collection, consignments, lines, written, payload_of), by=by, at=at)
    milestones.passed("collecting-events-appended")
    return HandedOver(collection, consignments, written)


def _refuse(order_id: int, point_id: int, nonce: str) -> None:
    here = Collection.objects.filter(order_id=order_id, point_id=point_id)
    first = here.filter(nonce=nonce).first() or here.order_by("-pk").first()
    if first is not None:
        raise AlreadyCollected(first)
    raise UnableToCollect(_("Nothing of this order waits here."))


def _outcomes(lines, outcomes) -> list[CollectionLine]:
    """Note on each line what became of its open units, and return the rows that tell it, not yet written."""
    unknown = set(outcomes) - {line.pk for line in lines}
    if unknown:
        raise UnableToCollect(_("A line does not belong to this order."))
    written = []
    for line in lines:
        outcome = outcomes.get(line.pk, Outcome(taken=line.open))
        parts = (outcome.taken, outcome.short, outcome.rejected)
        if min(parts) < 0 or sum(parts) != line.open:
            raise UnableToCollect(
                _("%(name)s: taken, short and rejected must add up to %(open)d.")
                % {"name": line.order_line.title, "open": line.open}
            )
        written.append(
            CollectionLine(
                consignment_line=line,
                taken=outcome.taken,
                short=outcome.short,
                rejected=outcome.rejected,
                taken_fen=outcome.taken * line.order_line.unit_price_fen,
                reason=outcome.reason,
            )
        )
        line.taken += outcome.taken
        line.short += outcome.short
        line.rejected += outcome.rejected
        line.open = 0
    return written


def _events(collection, consignments, lines, written, payload_of) -> list[NewEvent]:
    by_consignment = {consignment.pk: [] for consignment in consignments}
    for line, row in zip(lines, written, strict=True):
        entry = payload_of(line.order_line, row.taken) | {"short": row.short, "rejected": row.rejected}
        by_consignment[line.consignment_id].append(entry)
    return [
        NewEvent(
            "consignment",
            consignment.number,
            "consignment.collected",
            {
                "collection": collection.pk,
                "order": collection.order.number,
                "point": collection.point_id,
                "point_county": codes.county_of(lines[0].order_line.point_division),  # as it was placed
                "proof": collection.proof,
                **({"by_other": True} if collection.collector_name else {}),
                "lines": by_consignment[consignment.pk],
            },
        )
        for consignment in consignments
    ]
