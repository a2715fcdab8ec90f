"""The promises of goods that go back and of claims, checked against the rows."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from core import clock
from core.invariants import Finding, check
from logistics.models import Consignment, GoodsReturn
from logistics.states import ConsignmentState, ReturnReason

OVERDUE = dt.timedelta(minutes=5)


@check("O2")
def no_return_is_overdue() -> Iterator[Finding]:
    """No return is overdue, and what expired has one that will end it."""
    for row in GoodsReturn.objects.filter(ended_at=None, due_at__lt=clock.now() - OVERDUE):
        yield Finding("O2", f"return {row.number}", f"was to have ended by {row.due_at:%F %R}")
    live = GoodsReturn.objects.filter(consignment=OuterRef("pk"), reason=ReturnReason.EXPIRED, ended_at=None)
    for row in Consignment.objects.filter(~Exists(live), state=ConsignmentState.EXPIRED):
        yield Finding("O2", f"consignment {row.number}", "has expired, and nothing goes back that would end it")
