"""Questions about claims, and the steps of one as its people read them."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.models import Event
from logistics.models import GoodsReturn
from logistics.states import ReturnState
from marketplace.claims.models import Claim
from marketplace.claims.services.claims import matter_of
from marketplace.claims.states import Answer
from marketplace.evidence import queries as evidence
from marketplace.evidence.models import Photo

WORDS = {
    "claim.opened": gettext_lazy("Claimed"),
    "claim.answered": gettext_lazy("The seller answered"),
    "claim.escalated": gettext_lazy("The platform decides"),
    "claim.returning": gettext_lazy("Accepted: the goods are to be brought to the counter"),
    "claim.sent_back": gettext_lazy("Taken in at the counter"),
    "claim.point_changed": gettext_lazy("The point is closed: it goes on at another one"),
    "claim.to_pay": gettext_lazy("Granted: the money waits at the counter"),
    "claim.refunded": gettext_lazy("Refunded"),
    "claim.closed": gettext_lazy("Closed"),
    "claim.rejected": gettext_lazy("Refused by the platform"),
}
RETURN_WORDS = {
    ReturnState.AT_POINT: gettext_lazy("waits for the driver"),
    ReturnState.LOADED: gettext_lazy("on a vehicle"),
    ReturnState.AT_HUB: gettext_lazy("at a hub"),
    ReturnState.AT_STOP: gettext_lazy("at the seller's stop"),
}


@dataclass(frozen=True)
class Step:
    """One step of a claim; ``state`` is ``done`` or ``now``."""

    words: str
    at: dt.datetime
    detail: str
    state: str


def shown() -> QuerySet[Claim]:
    """Return claims with all that their pages show."""
    return Claim.objects.select_related(
        "order__pickup_point",
        "consignment__seller",
        "consignment_line__order_line",
        "point",
        "goods_return",
        "decided_by",
    ).prefetch_related("consignment_line__order_line__product__images")


def photos_of(claim: Claim) -> list[Photo]:
    """Return what the buyer photographed."""
    return evidence.of([matter_of(claim)])[matter_of(claim)]


def steps_of(claim: Claim) -> list[Step]:
    """Return what happened to a claim, from the event log, and where its goods are."""
    told = list(Event.objects.filter(stream="claim", stream_id=claim.number, name__in=WORDS).order_by("pk"))
    return [
        Step(str(WORDS[event.name]), event.occurred_at, _detail(event, claim), "now" if event is told[-1] else "done")
        for event in told
    ]


def _detail(event: Event, claim: Claim) -> str:
    if event.name == "claim.answered":
        return str(Answer(event.payload["answer"]).label)
    if event.name == "claim.sent_back":
        return _on_the_way(claim.goods_return)
    if event.name == "claim.point_changed" and event.payload["point"] == claim.point_id:
        return claim.point.name
    return ""


def _on_the_way(goods_return: GoodsReturn | None) -> str:
    state = goods_return.state if goods_return else None
    return str(RETURN_WORDS[state]) if state in RETURN_WORDS else ""


def due_words(claim: Claim) -> str:
    """Return what happens next where nobody does anything, to be followed by when."""
    return {
        "OPEN": _("The seller answers, else the platform decides"),
        "ANSWERED": _("Say yes or no, else the answer stands"),
        "ESCALATED": _("The platform decides"),
        "RETURNING": _("Bring the goods, else the claim is closed"),
    }.get(claim.state, "")
