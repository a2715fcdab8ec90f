"""The timeline of a consignment, told from the event log."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.models import Event
from logistics.models import Consignment, Scan
from logistics.states import OVER_FOR_BUYER, ConsignmentState, ScanKind
from villages.models import PickupPoint

WORDS = {
    "consignment.created": gettext_lazy("Ordered"),
    "consignment.routed": gettext_lazy("Way planned"),
    "consignment.rerouted": gettext_lazy("New way planned"),
    "consignment.redirected": gettext_lazy("Goes to another point"),
    "consignment.packed": gettext_lazy("Packed by the seller"),
    "consignment.arrived": gettext_lazy("At the pickup point"),
    "consignment.extended": gettext_lazy("Kept longer for the buyer"),
    "consignment.collected": gettext_lazy("Collected"),
    "consignment.cancelled": gettext_lazy("Cancelled"),
    "consignment.expired": gettext_lazy("Not collected in time"),
    "consignment.returned": gettext_lazy("Sent back to the seller"),
    "consignment.written_off": gettext_lazy("Written off"),
}


@dataclass(frozen=True)
class Step:
    """One step of a timeline; ``state`` is ``done``, ``now`` or ``todo``."""

    words: str
    at: dt.datetime | None
    detail: str = ""
    state: str = "done"


@dataclass
class Travel:
    """A consignment with its steps."""

    consignment: Consignment
    steps: list[Step] = field(default_factory=list)


def of(consignments: list[Consignment]) -> list[Travel]:
    """Return the timelines of an order's consignments in three queries, in four where one was sent to another point."""
    numbers = [consignment.number for consignment in consignments]
    told = list(Event.objects.filter(stream="consignment", stream_id__in=numbers, name__in=WORDS).order_by("pk"))
    points = _points_after(told)
    by_number = defaultdict(list)
    for event in told:
        by_number[event.stream_id].append(Step(str(WORDS[event.name]), event.occurred_at, points.get(event.pk, "")))
    scans = Scan.objects.filter(parcel__consignment__in=consignments, parcel__sequence=1).select_related("hub")
    by_pk = defaultdict(list)
    for scan in scans.values_list("parcel__consignment", "kind", "occurred_at", "hub__name"):
        by_pk[scan[0]].append(scan[1:])
    travels = []
    for consignment in consignments:
        steps = by_number[consignment.number] + [
            Step(_scan_words(kind), at, hub or "")
            for kind, at, hub in by_pk[consignment.pk]
            if kind in (ScanKind.DROPPED, ScanKind.UNLOADED)
        ]
        steps.sort(key=lambda step: step.at)
        if steps:
            last = steps[-1]
            steps[-1] = Step(last.words, last.at, last.detail, "now")
        travels.append(Travel(consignment, steps + _to_come(consignment)))
    return travels


def _points_after(told: list[Event]) -> dict[int, str]:
    """Return the name of the new point for each event that sent a consignment to another."""
    after = {event.pk: event.payload["point"] for event in told if event.name == "consignment.redirected"}
    names = dict(PickupPoint.objects.filter(pk__in=after.values()).values_list("pk", "name")) if after else {}
    return {pk: names.get(point, "") for pk, point in after.items()}


def _scan_words(kind: str) -> str:
    return _("Dropped at the seller's stop") if kind == ScanKind.DROPPED else _("At the hub")


def _to_come(consignment: Consignment) -> list[Step]:
    if consignment.state in OVER_FOR_BUYER:
        return []
    steps = []
    if consignment.state != ConsignmentState.AT_POINT:
        if consignment.is_taken_back:
            steps.append(Step(_("At the pickup point"), None, _("day not known yet"), "todo"))
        else:
            planned = consignment.planned_at or consignment.promised_at
            steps.append(Step(_("At the pickup point"), planned, _("planned"), "todo"))
    steps.append(Step(_("Collect"), None, "", "todo"))
    return steps
