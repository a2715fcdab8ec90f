"""What was rejected at the counter stays there: it goes back to its seller, or is written off at the point."""

import datetime as dt
from collections import defaultdict

from core.storage_class import StorageClass
from logistics.models import Consignment
from logistics.services import goods_returns
from logistics.services.collections import HandedOver
from logistics.states import Disposal, ReturnReason
from marketplace.counter.states import Reason

# Nobody can sell these again: they do not travel.
WORTHLESS = frozenset({Reason.BROKEN, Reason.SPOILED})


def send_back(handed: HandedOver, *, by, at: dt.datetime) -> None:
    """Begin the returns of what was rejected, inside the hand-over's transaction."""
    consignments = {consignment.pk: consignment for consignment in handed.consignments}
    boxes: dict[tuple[int, Disposal], dict[int, int]] = defaultdict(dict)
    for row in handed.lines:
        if row.rejected:
            consignment = consignments[row.consignment_line.consignment_id]
            boxes[consignment.pk, _disposal(consignment, row.reason)][row.consignment_line_id] = row.rejected
    for (pk, disposal), units in sorted(boxes.items()):
        goods_returns.begin(
            consignments[pk], reason=ReturnReason.REJECTED, disposal=disposal, units=units, by=by, at=at
        )


def _disposal(consignment: Consignment, reason: str) -> Disposal:
    keeps = consignment.storage_class == StorageClass.AMBIENT and reason not in WORTHLESS
    return Disposal.BACK if keeps else Disposal.WRITE_OFF
