"""Beginning to wait for a route, once what was ordered is paid.

A consignment that waits says since when: the boards and O2 count from there, and the database refuses it without.
"""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment
from logistics.states import ConsignmentState


class UnableToWait(Exception):
    """The consignment does not await its payment."""


@transaction.atomic
def begin(consignments: Iterable[Consignment], *, by, at: dt.datetime) -> int:
    """Let consignments that awaited their payment wait for their routes; return how many.

    :param at: when they were paid; they wait from then on.
    :raises UnableToWait: where one of them does not await its payment; then none is changed.
    """
    asked = Consignment.objects.filter(pk__in=[each.pk for each in consignments]).select_related("order")
    rows = list(locks.lock(asked, rank=locks.Rank.CONSIGNMENT))
    for row in rows:
        if row.state != ConsignmentState.AWAITING_PAYMENT:
            raise UnableToWait(f"{row.number} is {row.state}")
    Consignment.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=ConsignmentState.AWAITING_ROUTE, waiting_since=at
    )
    payload = {"before": ConsignmentState.AWAITING_PAYMENT, "after": ConsignmentState.AWAITING_ROUTE}
    events.append(
        [
            NewEvent("consignment", row.number, "consignment.paid", {"order": row.order.number} | payload)
            for row in rows
        ],
        by=by,
        at=at,
    )
    return len(rows)
