"""The one door of a claim's state: under its locks, by guarded update, with its event."""

import datetime as dt

from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment
from marketplace.claims.models import Claim
from marketplace.claims.states import ENDED, MOVES, ClaimState
from marketplace.order.models import Order


class UnableToClaim(Exception):
    """The claim cannot go this way; the sentence is for whoever asked."""


def locked(claim: Claim) -> Claim:
    """Lock a claim's order and consignment, which guard it, and read it again."""
    locks.lock(Order.objects.filter(pk=claim.order_id), rank=locks.Rank.ORDER).get()
    locks.lock(Consignment.objects.filter(pk=claim.consignment_id), rank=locks.Rank.CONSIGNMENT).get()
    return Claim.objects.select_related("order", "consignment", "consignment_line__order_line").get(pk=claim.pk)


def move(
    claim: Claim,
    to: ClaimState,
    *,
    by,
    at: dt.datetime,
    due_at: dt.datetime | None = None,
    told: dict | None = None,
    **fields,
) -> Claim:
    """Move a locked claim to a state that its present one allows.

    :param told: what the event tells beside the states: codes, numbers and fen.
    :raises UnableToClaim: when the state does not allow it, or somebody else moved it first.
    """
    before = ClaimState(claim.state)
    if to not in MOVES[before]:
        raise UnableToClaim(_("This claim is: %(state)s.") % {"state": before.label})
    fields |= {"state": to, "due_at": due_at, "ended_at": at if to in ENDED else None}
    if not Claim.objects.filter(pk=claim.pk, state=before).update(**fields):
        raise UnableToClaim(_("Somebody else has just moved this claim."))
    for name, value in fields.items():
        setattr(claim, name, value)
    payload = {
        "order": claim.order.number,
        "consignment": claim.consignment.number,
        "seller": claim.consignment.seller_id,
        "before": before,
        "after": to,
        **(told or {}),
    }
    events.append([NewEvent("claim", claim.number, f"claim.{to.lower()}", payload)], by=by, at=at)
    return claim
