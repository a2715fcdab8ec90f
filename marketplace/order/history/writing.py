"""Writing the orders of a day, set-based, as the services would have left them."""

import datetime as dt
from collections import Counter

from django.conf import settings
from django.contrib.sites.models import Site

from catalogue.models import Product
from core import clock, events, locks, money, numbers
from core.events import NewEvent
from logistics.models import Collection, CollectionLine, Consignment, ConsignmentLine
from logistics.services.keeping import PERISHABLE
from logistics.states import CollectionProof, ConsignmentState
from marketplace.order.history import telling
from marketplace.order.history.drafts import Draft, Part
from marketplace.order.models import Line, Order
from marketplace.order.services.freezing import NUMBER_LENGTH, Source, frozen_line
from marketplace.order.states import Channel, OrderState
from marketplace.partner.models import StockMovement
from marketplace.partner.states import MovementKind
from marketplace.settlement import ledger
from marketplace.users.models import User

ACTOR = "demo:history"
MARK = "history"
STATES = {
    "collected": ConsignmentState.COLLECTED,
    "rejected": ConsignmentState.COLLECTED,
    "short": ConsignmentState.COLLECTED,
    "cancelled": ConsignmentState.CANCELLED,
}


def write_day(drafts: list[Draft]) -> int:
    """Write what has ended by now of a day's drafts, and return how many orders."""
    now = clock.now()
    # Whatever would end after now is left out: the living shop tells of today.
    drafts = [draft for draft in drafts if all(part.ended_at < now for part in draft.parts)]
    if not drafts:
        return 0
    orders = Order.objects.bulk_create([_order(draft) for draft in drafts])
    told: list[NewEvent] = []
    postings: list[ledger.NewPosting] = []
    lines, line_parts, consignments, parts = [], [], [], []
    for draft, order in zip(drafts, orders, strict=True):
        for part in draft.parts:
            consignments.append(_consignment(order, draft, part))
            parts.append((draft, order, part))
            for product, units, price in part.products:
                lines.append(_line(order, draft, part, product, units, price))
                line_parts.append(len(parts) - 1)
    lines = Line.objects.bulk_create(lines)
    consignments = Consignment.objects.bulk_create(consignments)
    quantities = [
        _quantities(consignments[number], parts[number][2].fate, line)
        for line, number in zip(lines, line_parts, strict=True)
    ]
    quantities = ConsignmentLine.objects.bulk_create(quantities)
    rows: dict[int, list[tuple[Line, ConsignmentLine]]] = {}
    for line, quantity, number in zip(lines, quantities, line_parts, strict=True):
        rows.setdefault(number, []).append((line, quantity))
    collections = _collections(parts, consignments, rows)
    for number, (draft, order, part) in enumerate(parts):
        told += telling.of_part(draft, order, part, consignments[number], rows[number], collections.get(number))
        postings += telling.postings(draft, part, consignments[number], rows[number], collections.get(number))
    for draft, order in zip(drafts, orders, strict=True):
        told += telling.of_order(draft, order, lines)
    _move_stock(parts, rows, now)
    ledger.book(postings, by=ACTOR, at=now)
    events.append(sorted(told, key=lambda event: event.at), by=ACTOR, at=now)
    return len(orders)


def _order(draft: Draft) -> Order:
    goods = sum(units * price for part in draft.parts for _product, units, price in part.products)
    freight = settings.FREIGHT_FEN * len(draft.parts)
    total = money.to_yuan(goods + freight)
    cancelled = all(part.fate == "cancelled" for part in draft.parts)
    return Order(
        number=numbers.draw(NUMBER_LENGTH),
        site=_site(),
        currency=settings.OSCAR_DEFAULT_CURRENCY,
        total_incl_tax=total,
        total_excl_tax=total,
        shipping_incl_tax=money.to_yuan(freight),
        shipping_excl_tax=money.to_yuan(freight),
        shipping_code="pickup",
        status=OrderState.CANCELLED if cancelled else OrderState.COMPLETED,
        date_placed=draft.at,
        pickup_point=draft.point,
        channel=draft.channel,
        goods_fen=goods,
        freight_fen=freight,
        total_fen=goods + freight,
    )


def _site() -> Site:
    return Site.objects.get_current()


def _line(order: Order, draft: Draft, part: Part, product: Product, units: int, price: int) -> Line:
    return frozen_line(
        order,
        product=product,
        stock_record=product.stockrecords.all()[0],
        seller=part.seller,
        point=draft.point,
        quantity=units,
        price_fen=price,
        source=_source(draft),
        allocated=0,
    )


def _source(draft: Draft) -> Source:
    return Source(draft.channel, None if draft.channel == Channel.WEB else draft.point.pk)


def _consignment(order: Order, draft: Draft, part: Part) -> Consignment:
    lost = ConsignmentState.WRITTEN_OFF if part.storage_class in PERISHABLE else ConsignmentState.RETURNED
    promised = draft.at + dt.timedelta(hours=48)
    return Consignment(
        number=numbers.draw(NUMBER_LENGTH),
        order=order,
        seller=part.seller,
        origin_stop_id=part.seller.drop_off_id,
        point=draft.point,
        storage_class=part.storage_class,
        state=STATES.get(part.fate, lost),
        crates=max(1, -(-sum(units for _p, units, _f in part.products) // settings.UNITS_PER_CRATE)),
        freight_fen=settings.FREIGHT_FEN,
        held_day=clock.day_of(promised),
        promised_at=promised,
        planned_at=promised,
        created_at=draft.at,
        ready_from=draft.at + dt.timedelta(hours=settings.PACKING_HOURS),
        routed_at=draft.at if part.packed_at else None,
        packed_at=part.packed_at,
        arrived_at=part.arrived_at,
        handed_over_from=part.arrived_at,
        ended_at=part.ended_at,
        route_version=1 if part.packed_at else 0,
    )


def _quantities(consignment: Consignment, fate: str, line: Line) -> ConsignmentLine:
    row = ConsignmentLine(consignment=consignment, order_line=line, ordered=line.quantity, open=0)
    if fate == "cancelled":
        row.cancelled = line.quantity
    elif fate == "expired":
        row.expired = line.quantity
    else:
        # One unit of each line is missing or sent back; the rest is taken.
        row.rejected, row.short = int(fate == "rejected"), int(fate == "short")
        row.taken = line.quantity - row.rejected - row.short
    return row


def _collections(parts, consignments, rows) -> dict[int, Collection]:
    """Write a collection for each consignment that was handed over, by its number among the parts."""
    operator = _operator()
    handed = [number for number, (_d, _o, part) in enumerate(parts) if STATES.get(part.fate) == "COLLECTED"]
    written = Collection.objects.bulk_create(
        Collection(
            order=parts[number][1],
            point=parts[number][0].point,
            operator=operator,
            proof=CollectionProof.QR if number % 3 else CollectionProof.TYPED_CODE,
            nonce=f"history:{consignments[number].number}",
            cash_fen=_cash(consignments[number], rows[number]),
            occurred_at=parts[number][2].ended_at,
            recorded_at=parts[number][2].ended_at,
        )
        for number in handed
    )
    CollectionLine.objects.bulk_create(
        CollectionLine(
            collection=collection,
            consignment_line=quantity,
            taken=quantity.taken,
            short=quantity.short,
            rejected=quantity.rejected,
            taken_fen=quantity.taken * line.unit_price_fen,
        )
        for number, collection in zip(handed, written, strict=True)
        for line, quantity in rows[number]
    )
    return dict(zip(handed, written, strict=True))


def _cash(consignment: Consignment, rows) -> int:
    taken = sum(quantity.taken * line.unit_price_fen for line, quantity in rows)
    return taken + (consignment.freight_fen if taken else 0)


def _operator() -> User:
    user = User.objects.filter(email="history@example.invalid").first()
    return user or User.objects.create_user("history@example.invalid", first_name="历史", is_active=False)


def _move_stock(parts, rows, at: dt.datetime) -> None:
    """Tell of what was packed and what came back; what was harvested for it comes in, so that today's stock stays."""
    packed, back = Counter(), Counter()
    for number, (_draft, _order, part) in enumerate(parts):
        for line, quantity in rows[number]:
            if part.packed_at:
                packed[line.stockrecord_id] += quantity.ordered
                if part.fate == "expired" and part.storage_class not in PERISHABLE:
                    back[line.stockrecord_id] += quantity.expired
    locks.touch(locks.Rank.STOCK)
    movements = [(pk, MovementKind.PACKED, -units) for pk, units in packed.items()]
    movements += [(pk, MovementKind.RETURNED, units) for pk, units in back.items()]
    movements += [(pk, MovementKind.RECEIVED, n) for pk, n in (packed - back).items()]
    StockMovement.objects.bulk_create(
        StockMovement(stock_record_id=pk, kind=kind, quantity=n, reference=MARK, actor=ACTOR, at=at)
        for pk, kind, n in movements
    )
