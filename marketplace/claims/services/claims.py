"""A claim's way: opened, answered by the seller, accepted or taken to the platform, decided. Each step is one move."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks, numbers
from core.events import NewEvent
from logistics.models import Consignment, ConsignmentLine
from logistics.services import steps
from marketplace.claims.models import Claim
from marketplace.claims.services import refunds
from marketplace.claims.services.counters import counter_of
from marketplace.claims.services.moving import UnableToClaim, locked, move
from marketplace.claims.states import WITHDRAWABLE, Answer, ClaimReason, ClaimState, Wish
from marketplace.claims.windows import window_of
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos as evidence
from marketplace.order.models import Order

NUMBER_LENGTH = 11  # neither an order's nor a parcel's
WORDS = 500


def matter_of(claim: Claim) -> str:
    """Return what a claim's photos are kept under."""
    return f"claim:{claim.pk}"


@transaction.atomic
def open_claim(
    line: ConsignmentLine,
    *,
    units: int,
    reason: ClaimReason,
    wish: Wish,
    words: str,
    photos: Sequence[Photo],
    by,
    at: dt.datetime,
) -> Claim:
    """Claim some units of a line that was collected; the seller is asked.

    :param words: what the buyer says, sealed. :param photos: at least one of goods that are fresh.
    :raises UnableToClaim: after the time for it, beyond the units that are left, or for a reason that does not count.
    """
    order = locks.lock(Order.objects.filter(consignments=line.consignment_id), rank=locks.Rank.ORDER).get()
    consignment = locks.lock(Consignment.objects.filter(pk=line.consignment_id), rank=locks.Rank.CONSIGNMENT).get()
    line = ConsignmentLine.objects.select_related("order_line").get(pk=line.pk)
    window = window_of(line)
    if not window.is_open(at):
        raise UnableToClaim(_("The time to claim this is over, or all of it is claimed already."))
    if not 0 < units <= window.units:
        raise UnableToClaim(_("At most %(units)d of it can be claimed.") % {"units": window.units})
    if reason not in window.reasons or wish not in window.wishes:
        raise UnableToClaim(_("This cannot be claimed for goods that do not keep."))
    if reason == ClaimReason.NOT_WANTED and wish != Wish.RETURN:
        raise UnableToClaim(_("Without a reason, the goods have to come back."))
    if window.is_fresh and not photos:
        raise UnableToClaim(_("Please add a photo: it shows what is wrong with fresh goods."))
    claim = Claim.objects.create(
        number=numbers.draw(NUMBER_LENGTH),
        order=order,
        consignment=consignment,
        consignment_line=line,
        point=counter_of(consignment.point),
        units=units,
        amount_fen=units * line.order_line.unit_price_fen,
        reason=reason,
        wish=wish,
        words=words[:WORDS],
        opened_at=at,
        due_at=at + dt.timedelta(hours=settings.CLAIM_ANSWER_HOURS),
    )
    try:
        evidence.bind(photos, matter=matter_of(claim), at=at)
    except evidence.UnableToBind as refusal:
        raise UnableToClaim(_("A photo is not there any more. Please take it again.")) from refusal
    payload = {
        "order": order.number,
        "consignment": consignment.number,
        "line": line.pk,
        "seller": consignment.seller_id,
        "units": units,
        "fen": claim.amount_fen,
        "reason": reason,
        "wish": wish,
    }
    events.append([NewEvent("claim", claim.number, "claim.opened", payload)], by=by, at=at)
    return claim


@transaction.atomic
def answer(
    claim: Claim, *, answer: Answer, offered_fen: int | None = None, words: str = "", by, at: dt.datetime
) -> Claim:
    """Let the seller answer: accept as it is wished, offer a part of the money, or refuse.

    :param offered_fen: of an offer, less than the units cost. :param words: to the buyer; a refusal needs some.
    :raises UnableToClaim: when it is not the seller's turn, or the offer is no part.
    :raises NotTheirs: by anybody but the seller's people.
    """
    claim = locked(claim)
    if not steps.sells(by, claim.consignment):
        raise steps.NotTheirs(_("This claim is not of your goods."))
    if claim.state != ClaimState.OPEN:
        raise UnableToClaim(_("This claim was answered, or is with the platform."))
    fields = {"answer": answer, "answer_words": words[:WORDS], "answered_at": at}
    if answer == Answer.ACCEPT:
        return refunds.settle(claim, wish=claim.wish, refund_fen=claim.amount_fen, by=by, at=at, **fields)
    if answer == Answer.OFFER and not (offered_fen and 0 < offered_fen < claim.amount_fen):
        raise UnableToClaim(_("Please offer more than nothing and less than all of it."))
    if answer == Answer.REFUSE and not words.strip():
        raise UnableToClaim(_("Please tell the buyer why."))
    return move(
        claim,
        ClaimState.ANSWERED,
        by=by,
        at=at,
        due_at=at + dt.timedelta(hours=settings.CLAIM_BUYER_HOURS),
        offered_fen=offered_fen if answer == Answer.OFFER else None,
        told={"answer": answer, **({"fen": offered_fen} if answer == Answer.OFFER else {})},
        **fields,
    )


@transaction.atomic
def accept(claim: Claim, *, by, at: dt.datetime) -> Claim:
    """Let the buyer take what the seller offers, or give in where the seller refuses.

    :raises UnableToClaim: when there is no answer to be accepted.
    """
    claim = locked(claim)
    if claim.state != ClaimState.ANSWERED:
        raise UnableToClaim(_("There is no answer that waits for you."))
    if claim.answer == Answer.OFFER:
        return refunds.settle(claim, wish=Wish.REFUND, refund_fen=claim.offered_fen, by=by, at=at)
    return move(claim, ClaimState.CLOSED, by=by, at=at)


@transaction.atomic
def escalate(claim: Claim, *, by, at: dt.datetime) -> Claim:
    """Take a claim to the platform: the buyer after the seller's answer, the sweep where there is none.

    :raises UnableToClaim: when it is with the platform, or was decided.
    """
    claim = locked(claim)
    due_at = at + dt.timedelta(hours=settings.CLAIM_STAFF_HOURS)
    return move(claim, ClaimState.ESCALATED, by=by, at=at, due_at=due_at)


@transaction.atomic
def withdraw(claim: Claim, *, by, at: dt.datetime) -> Claim:
    """Let the buyer drop a claim; its units can be claimed again within the time.

    :raises UnableToClaim: when money is granted, or the goods are on their way back.
    """
    claim = locked(claim)
    if claim.state not in WITHDRAWABLE:
        raise UnableToClaim(_("This claim cannot be withdrawn any more."))
    return move(claim, ClaimState.CLOSED, by=by, at=at)


@transaction.atomic
def decide(
    claim: Claim, *, decision: Answer, wish: Wish | None = None, refund_fen: int | None = None, words: str, by, at
) -> Claim:
    """Let staff decide: all of the money, a part of it, or none.

    :param wish: whether the goods have to come back; of a part they never have to.
    :raises UnableToClaim: when the claim is not with the platform, or the part is none.
    :raises NotTheirs: by anybody but the platform's staff.
    """
    claim = locked(claim)
    if not (isinstance(by, str) or by.is_staff):
        raise steps.NotTheirs(_("Only the platform's staff decide."))
    if claim.state != ClaimState.ESCALATED:
        raise UnableToClaim(_("This claim is not with the platform."))
    fields = {"decision_words": words[:WORDS], "decided_by": None if isinstance(by, str) else by}
    if decision == Answer.REFUSE:
        if not words.strip():
            raise UnableToClaim(_("Please tell both sides why."))
        return move(claim, ClaimState.REJECTED, by=by, at=at, **fields)
    if decision == Answer.ACCEPT:
        wish = wish or Wish(claim.wish)
        if wish not in window_of(claim.consignment_line).wishes:
            raise UnableToClaim(_("Goods that have to be kept cold do not travel back."))
        return refunds.settle(claim, wish=wish, refund_fen=claim.amount_fen, by=by, at=at, **fields)
    if not (refund_fen and 0 < refund_fen < claim.amount_fen):
        raise UnableToClaim(_("Please grant more than nothing and less than all of it."))
    return refunds.settle(claim, wish=Wish.REFUND, refund_fen=refund_fen, by=by, at=at, **fields)


def end_overdue(*, by: str, at: dt.datetime, limit: int = 200) -> int:
    """Go on with claims whose time is over; return how many.

    No answer goes to the platform; an offer that nobody refuses stands, a refusal too; whoever does not bring the goods
    drops the claim; and where the platform says nothing, the buyer is right.
    """
    overdue = Claim.objects.filter(ended_at=None, due_at__lt=at).select_related("consignment_line").order_by("due_at")
    return sum(_go_on(claim, by=by, at=at) for claim in overdue[:limit])


def _go_on(claim: Claim, *, by: str, at: dt.datetime) -> bool:
    try:
        if claim.state == ClaimState.OPEN:
            escalate(claim, by=by, at=at)
        elif claim.state == ClaimState.ANSWERED:
            accept(claim, by=by, at=at)
        elif claim.state == ClaimState.ESCALATED:
            decide(claim, decision=Answer.ACCEPT, words="", by=by, at=at)
        else:
            withdraw(claim, by=by, at=at)
    except UnableToClaim:
        return False  # somebody was first
    return True
