"""What the log and the ledger are told of an order of the history."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from core.events import NewEvent
from marketplace.order.history.drafts import Draft
from marketplace.order.models import Line, Order
from marketplace.order.services.freezing import line_payload
from marketplace.order.states import OrderState
from marketplace.settlement import ledger
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value
from villages import codes


def of_part(draft, order, part, consignment, rows, collection) -> Iterator[NewEvent]:
    """Return what the log tells of a consignment, from its making to its end."""

    def event(name: str, at: dt.datetime, **payload) -> NewEvent:
        return NewEvent(
            "consignment", consignment.number, name, {"history": True, "order": order.number, **payload}, at
        )

    place = {"point": draft.point.pk, "point_county": codes.county_of(draft.point.division_id)}
    yield event("consignment.created", draft.at, **place, seller=part.seller.pk, storage_class=part.storage_class)
    if part.fate == "cancelled":
        lines = [line_payload(line, quantity.cancelled) for line, quantity in rows]
        yield event("consignment.cancelled", part.ended_at, **place, lines=lines)
        return
    yield event("consignment.packed", part.packed_at, seller=part.seller.pk)
    promised_at, handed_over_from = consignment.promised_at, consignment.handed_over_from
    yield event(
        "consignment.arrived",
        part.arrived_at,
        **place,
        promised_at=promised_at.isoformat(),
        handed_over_from=handed_over_from.isoformat(),
    )
    if collection is not None:
        lines = [
            line_payload(line, quantity.taken) | {"short": quantity.short, "rejected": quantity.rejected}
            for line, quantity in rows
        ]
        yield event(
            "consignment.collected",
            part.ended_at,
            **place,
            collection=collection.pk,
            proof=collection.proof,
            lines=lines,
        )
        return
    lines = [line_payload(line, quantity.expired) for line, quantity in rows]
    yield event("consignment.expired", part.ended_at, **place, end=consignment.state, lines=lines)
    yield event(f"consignment.{consignment.state.lower()}", part.ended_at, **place, end=consignment.state, lines=lines)


def of_order(draft: Draft, order: Order, lines: list[Line]) -> list[NewEvent]:
    """Return what the log tells of an order itself."""
    payload = {
        "history": True,
        "point": draft.point.pk,
        "point_county": codes.county_of(draft.point.division_id),
        "goods_fen": order.goods_fen,
        "freight_fen": order.freight_fen,
        "lines": [line_payload(line, line.quantity) for line in lines if line.order_id == order.pk],
    }
    ended = max(part.ended_at for part in draft.parts)
    change = {"history": True, "before": OrderState.OPEN, "after": order.status}
    return [
        NewEvent("order", order.number, "order.placed", payload, draft.at),
        NewEvent("order", order.number, f"order.{order.status.lower()}", change, ended),
    ]


def postings(draft, part, consignment, rows, collection) -> list[ledger.NewPosting]:
    """Return what the ledger books for a consignment: what was due, and how it ended."""
    goods = sum(quantity.ordered * line.unit_price_fen for line, quantity in rows)
    taken = sum(quantity.taken * line.unit_price_fen for line, quantity in rows)
    freight = consignment.freight_fen
    missed = Value(consignment, goods - taken, 0 if taken else freight)
    due = [replace(posting, at=draft.at) for posting in booking.due([Value(consignment, goods, freight)])]
    reference = f"collection:{collection.pk}" if collection else part.fate.removesuffix("led").removesuffix("d")
    ended = booking.not_delivered([missed], reference=reference, was_paid=False)
    if collection is not None and taken:
        ended += booking.earned([Value(consignment, taken, freight)], reference=reference)
        ended.append(
            booking.cash_taken(
                order_id=consignment.order_id,
                point_id=draft.point.pk,
                amount_fen=collection.cash_fen,
                reference=reference,
            )
        )
    return due + [replace(posting, at=part.ended_at) for posting in ended]
