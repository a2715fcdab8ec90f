"""An order's status follows from its consignments: completed or cancelled when the last of them has ended."""

import datetime as dt

from core import events
from core.events import NewEvent
from logistics.states import OVER_FOR_BUYER, ConsignmentState
from marketplace.order.models import Order
from marketplace.order.states import ORDER_MOVES, OrderState


def settle(order: Order, *, by, at: dt.datetime) -> OrderState:
    """Move the order to the status that its consignments' states give, under the caller's lock on the order."""
    states = set(order.consignments.values_list("state", flat=True))
    current = OrderState(Order.objects.values_list("status", flat=True).get(pk=order.pk))
    new = current
    if states <= {ConsignmentState.CANCELLED}:
        new = OrderState.CANCELLED
    elif states <= OVER_FOR_BUYER:
        new = OrderState.COMPLETED
    elif current == OrderState.AWAITING_PAYMENT and ConsignmentState.AWAITING_PAYMENT not in states:
        new = OrderState.OPEN
    if new != current:
        if new not in ORDER_MOVES[current]:
            raise AssertionError(f"an order does not go from {current} to {new}")
        Order.objects.filter(pk=order.pk).update(status=new)
        payload = {"before": current, "after": new}
        events.append([NewEvent("order", order.number, f"order.{new.lower()}", payload)], by=by, at=at)
    order.status = new
    return new
