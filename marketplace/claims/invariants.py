"""The promises of goods that go back and of claims, checked against the rows."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from core import clock
from core.invariants import Finding, check
from logistics.models import Consignment, ConsignmentLine, GoodsReturn
from logistics.states import ConsignmentState, ReturnReason
from marketplace.claims.models import Claim
from marketplace.claims.states import GRANTED, WITHOUT_EFFECT

OVERDUE = dt.timedelta(minutes=5)


@check("O2")
def no_return_is_overdue() -> Iterator[Finding]:
    """No return is overdue, and what expired has one that will end it."""
    for row in GoodsReturn.objects.filter(ended_at=None, due_at__lt=clock.now() - OVERDUE):
        yield Finding("O2", f"return {row.number}", f"was to have ended by {row.due_at:%F %R}")
    live = GoodsReturn.objects.filter(consignment=OuterRef("pk"), reason=ReturnReason.EXPIRED, ended_at=None)
    for row in Consignment.objects.filter(~Exists(live), state=ConsignmentState.EXPIRED):
        yield Finding("O2", f"consignment {row.number}", "has expired, and nothing goes back that would end it")


@check("O2")
def no_claim_is_overdue() -> Iterator[Finding]:
    """Nobody's word on a claim is overdue."""
    for row in Claim.objects.filter(ended_at=None, due_at__lt=clock.now() - OVERDUE):
        yield Finding("O2", f"claim {row.number}", f"{row.state} was due by {row.due_at:%F %R}")


@check("C1")
def a_unit_is_claimed_and_refunded_once() -> Iterator[Finding]:
    """The units of a line's claims were taken, and what it says is refunded are those of claims granted in full."""
    mine = Claim.objects.filter(consignment_line=OuterRef("pk")).order_by()

    def units(found) -> Coalesce:
        together = found.values("consignment_line").annotate(units=Sum("units")).values("units")
        return Coalesce(Subquery(together, output_field=IntegerField()), 0)

    rows = ConsignmentLine.objects.annotate(
        claimed=units(mine.exclude(state__in=WITHOUT_EFFECT)),
        undone=units(mine.filter(state__in=GRANTED, refund_fen=F("amount_fen"))),
    )
    wrong = Q(claimed__gt=F("taken")) | ~Q(returned=F("undone")) | ~Q(refunded=F("undone"))
    for row in rows.filter(wrong):
        yield Finding(
            "C1",
            f"consignment line {row.pk}",
            f"taken {row.taken}, claimed {row.claimed}, refunded {row.refunded}, returned {row.returned}, "
            f"claims say {row.undone}",
        )
