"""Money for a claim: granted once, booked once, paid out once."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from core import locks
from logistics.models import ConsignmentLine, GoodsReturn
from logistics.services import goods_returns, steps
from logistics.states import Disposal, ReturnReason
from marketplace.claims import proofs
from marketplace.claims.models import Claim, Payout
from marketplace.claims.services.moving import UnableToClaim, locked, move
from marketplace.claims.states import GRANTED, ClaimState, Wish
from marketplace.order.states import PaymentMethod
from marketplace.payment import queries as payments
from marketplace.payment.services import refunds as paying_back
from marketplace.payment.states import RefundReason
from marketplace.settlement import ledger
from marketplace.settlement.services import earnings
from marketplace.settlement.services import orders as booking
from villages.models import PickupPoint

WRONG_CODES = 5


class UnableToPayOut(UnableToClaim):
    """The money is not paid out: wrong proof, wrong point, or paid before."""


def settle(claim: Claim, *, wish: Wish, refund_fen: int, by, at: dt.datetime, **fields) -> Claim:
    """Agree on a locked claim: the goods come back first where that is wished, else the money is granted."""
    if wish == Wish.RETURN:
        due_at = at + dt.timedelta(days=settings.CLAIM_BRING_DAYS)
        return move(claim, ClaimState.RETURNING, by=by, at=at, due_at=due_at, told={"fen": refund_fen}, **fields)
    return grant(claim, refund_fen=refund_fen, by=by, at=at, **fields)


def grant(claim: Claim, *, refund_fen: int, by, at: dt.datetime, **fields) -> Claim:
    """Grant the money of a locked claim and book it: to be paid at the counter, or by the provider.

    A refund in full undoes the sale of its units; a part is money only.

    :raises UnableToClaim: when a unit was refunded before.
    """
    payment = payments.that_bought(claim.consignment_line_id)
    online = claim.order.payment_method == PaymentMethod.ONLINE or payment is not None
    to = ClaimState.REFUNDED if online else ClaimState.TO_PAY
    line, is_whole = claim.consignment_line, refund_fen == claim.amount_fen
    if is_whole:
        once = ConsignmentLine.objects.filter(pk=line.pk, returned__lte=F("taken") - claim.units)
        if not once.update(returned=F("returned") + claim.units, refunded=F("refunded") + claim.units):
            raise UnableToClaim(_("These units were refunded already."))
    claim = move(claim, to, by=by, at=at, refund_fen=refund_fen, told={"fen": refund_fen}, **fields)
    taken = ConsignmentLine.objects.filter(consignment=claim.consignment_id).aggregate(
        fen=Sum(F("taken") * F("order_line__unit_price_fen"), default=0)
    )["fen"]
    others = Claim.objects.filter(consignment=claim.consignment_id, state__in=GRANTED).exclude(pk=claim.pk)
    before = others.aggregate(fen=Sum("refund_fen", default=0))["fen"]
    ledger.book(
        booking.claim_granted(
            claim.consignment,
            reference=claim.number,
            refund_fen=refund_fen,
            taken_fen=taken,
            refunded_before_fen=before,
        )
        + earnings.given_back(claim, refund_fen=refund_fen),
        by=by,
        at=at,
    )
    if payment is not None:
        paying_back.owe(payment, amount_fen=refund_fen, reason=RefundReason.CLAIM, by=by, at=at, reference=claim.number)
    return claim


@transaction.atomic
def take_in(claim: Claim, *, point: PickupPoint, by, at: dt.datetime) -> GoodsReturn:
    """Take a claim's goods in at the counter: they travel back to their seller, who is paid nothing for them then.

    :raises UnableToClaim: when they are not to come back, or are here already.
    :raises NotTheirs: by anybody but the point's operators.
    """
    claim = locked(claim)
    if claim.point_id != point.pk or not steps.operates(by, point.pk):
        raise steps.NotTheirs(_("These goods do not come to your point."))
    if claim.state != ClaimState.RETURNING:
        raise UnableToClaim(_("This claim is: %(state)s.") % {"state": ClaimState(claim.state).label})
    made = goods_returns.begin(
        claim.consignment,
        reason=ReturnReason.CLAIM,
        disposal=Disposal.BACK,
        units={claim.consignment_line_id: claim.units},
        by=by,
        at=at,
        point=point,
    )
    move(claim, ClaimState.SENT_BACK, by=by, at=at, goods_return=made, told={"return": made.number})
    return made


def grant_for(goods_return: GoodsReturn, *, by, at: dt.datetime) -> None:
    """Grant a claim whose goods are back, or were lost on their way; inside the transaction that ends the return."""
    claim = Claim.objects.filter(goods_return=goods_return, state=ClaimState.SENT_BACK).first()
    if claim is not None:
        claim = Claim.objects.select_related("order", "consignment", "consignment_line").get(pk=claim.pk)
        grant(claim, refund_fen=claim.amount_fen, by=by, at=at)


def pay_out(claim: Claim, *, point: PickupPoint, proof: str, by, at: dt.datetime) -> Payout:
    """Pay a granted claim in cash at its point, once; a wrong code is counted in a transaction of its own.

    :param proof: the code that the buyer reads out, or the text of the claim's QR.
    :raises UnableToPayOut: when the proof is wrong, was wrong too often, or the money was paid before.
    :raises NotTheirs: by anybody but the point's operators.
    """
    if claim.point_id != point.pk or not steps.operates(by, point.pk):
        raise steps.NotTheirs(_("This claim is not paid at your point."))
    if not proofs.is_well_formed(proof):
        raise UnableToPayOut(_("One digit is mistyped. Please compare them once more."))
    if not _proves(claim, proof):
        raise UnableToPayOut(_("This is not the code of this claim."))
    with transaction.atomic():
        claim = locked(claim)
        if claim.state != ClaimState.TO_PAY:
            raise UnableToPayOut(_("This claim is: %(state)s.") % {"state": ClaimState(claim.state).label})
        move(claim, ClaimState.REFUNDED, by=by, at=at, told={"fen": claim.refund_fen, "point": point.pk})
        ledger.book(
            [
                booking.cash_paid_back(
                    order_id=claim.order_id,
                    consignment_id=claim.consignment_id,
                    point_id=point.pk,
                    amount_fen=claim.refund_fen,
                    reference=claim.number,
                )
            ],
            by=by,
            at=at,
        )
        return Payout.objects.create(claim=claim, point=point, operator=by, cash_fen=claim.refund_fen, paid_at=at)


@transaction.atomic
def _proves(claim: Claim, proof: str) -> bool:
    """Look at a proof, and count a wrong code.

    :raises UnableToPayOut: after too many wrong codes; the QR still proves.
    """
    locks.mutex(f"claim:{claim.pk}")
    tries = Claim.objects.filter(pk=claim.pk)
    typed = not proofs.is_qr(proof)
    if typed and tries.filter(wrong_codes__gte=WRONG_CODES).exists():
        raise UnableToPayOut(_("Too many wrong codes. The buyer's QR on the claim's page still proves it."))
    if proofs.proves(proof, claim.number):
        return True
    tries.update(wrong_codes=F("wrong_codes") + 1)
    return False
