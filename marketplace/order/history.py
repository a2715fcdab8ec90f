"""The demonstration's history: two years of orders, seasonal by harvest, through the same events, ledger and readers.

Whole days are written in one transaction each, set-based, as the services would have left them: placed, packed,
collected, some rejected, late, cancelled or never collected. The rows hold no personal data. Each day is drawn from its
own seed, so that loading can stop anywhere and go on.
"""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import transaction

from catalogue.models import Product
from core import clock, events, locks, money, numbers
from core.events import NewEvent
from core.models import Bookmark
from logistics.models import Collection, CollectionLine, Consignment, ConsignmentLine
from logistics.states import CollectionProof, ConsignmentState
from marketplace.order.models import Line, Order
from marketplace.order.services.freezing import NUMBER_LENGTH, direction, line_payload
from marketplace.order.services.uncollected import PERISHABLE
from marketplace.order.states import Channel, OrderState
from marketplace.partner.models import StockMovement
from marketplace.partner.states import MovementKind
from marketplace.settlement import ledger
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value
from marketplace.users.models import User
from villages import codes
from villages.models import PickupPoint

DAYS = 730
ORDERS_A_DAY = (19, 38)  # at the beginning and at the end
ACTOR = "demo:history"
MARK = "history"
CANCELLED, UNCOLLECTED, REJECTED, SHORT, LATE = 0.03, 0.02, 0.03, 0.015, 0.06
IN_SEASON, OUT_OF_SEASON = 6.0, 0.5


@dataclass
class Part:
    """A consignment of the history with its lines and what became of them."""

    seller: object
    storage_class: str
    products: list[tuple[Product, int, int]] = field(default_factory=list)  # product, units, price in fen
    fate: str = "collected"
    packed_at: dt.datetime | None = None
    arrived_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


@dataclass
class Draft:
    """An order of the history before it is written."""

    point: PickupPoint
    at: dt.datetime
    channel: str
    parts: list[Part]


def load(*, until: dt.date, progress: Callable[[int, int, int], None] = lambda done, days, orders: None) -> int:
    """Write the days that are not there yet, up to the day before ``until``, and return how many orders.

    :param progress: called with (days done, days in all, orders written in this run) after each day.
    """
    mark, _ = Bookmark.objects.get_or_create(
        reader=MARK, defaults={"position": (until - dt.timedelta(DAYS)).toordinal()}
    )
    first = (until - dt.timedelta(DAYS)).toordinal()
    world = _World()
    written = 0
    for ordinal in range(mark.position, until.toordinal()):
        day = dt.date.fromordinal(ordinal)
        with transaction.atomic():
            written += _write_day(list(world.day(day, ordinal - first)))
            Bookmark.objects.filter(reader=MARK).update(position=ordinal + 1)
        progress(ordinal + 1 - first, DAYS, written)
    return written


class _World:
    """What the history draws from."""

    def __init__(self):
        listed = Product.objects.filter(stockrecords__price__isnull=False, seller__isnull=False)
        self.products = list(
            listed.select_related("seller__home_division").prefetch_related("stockrecords").order_by("pk")
        )
        points = PickupPoint.objects.open().select_related("division").order_by("pk")
        kept = points.prefetch_related("capacities")
        self.points = [(point, {c.storage_class for c in point.capacities.all()}) for point in kept]

    def day(self, day: dt.date, number: int) -> Iterator[Draft]:
        """Draw the orders of a day."""
        chance = random.Random(f"history:{day}")  # noqa: S311 - a demonstration, not a secret
        first, last = ORDERS_A_DAY
        count = round((first + (last - first) * number / DAYS) * (1.25 if day.weekday() >= 5 else 0.95))
        weights = [
            (IN_SEASON if product.in_season(day.month) else OUT_OF_SEASON) if product.harvest_from_month else 1.5
            for product in self.products
        ]
        for _ in range(count + chance.randint(-3, 3)):
            yield self._order(chance, day, weights)

    def _order(self, chance: random.Random, day: dt.date, weights: list[float]) -> Draft:
        chosen = chance.choices(self.products, weights, k=chance.choices((1, 2, 3), (70, 22, 8))[0])
        point, kept = chance.choice(self.points)
        while not {product.storage_class for product in chosen} <= kept:
            point, kept = chance.choice(self.points)
        minute = chance.randint(7 * 60, 22 * 60 - 1)
        at = dt.datetime.combine(day, dt.time(minute // 60, minute % 60, chance.randint(0, 59)), clock.BEIJING)
        parts: dict[tuple, Part] = {}
        for product in {product.pk: product for product in chosen}.values():
            part = parts.setdefault(
                (product.seller_id, product.storage_class), Part(product.seller, product.storage_class)
            )
            price = money.to_fen(product.stockrecords.all()[0].price)
            part.products.append((product, chance.choices((1, 2, 3, 5), (60, 25, 10, 5))[0], price))
        cancelled = chance.random() < CANCELLED
        for part in parts.values():
            self._fate(chance, part, at, cancelled)
        channel = chance.choices((Channel.WEB, Channel.PROXY, Channel.SAMPLE), (80, 13, 7))[0]
        return Draft(point, at, channel, list(parts.values()))

    def _fate(self, chance: random.Random, part: Part, at: dt.datetime, cancelled: bool) -> None:
        if cancelled:
            part.fate, part.ended_at = "cancelled", at + dt.timedelta(minutes=chance.randint(3, 90))
            return
        part.packed_at = at + dt.timedelta(hours=chance.uniform(2, 9))
        travel = chance.uniform(22, 40) + (24 if chance.random() < LATE else 0)
        part.arrived_at = part.packed_at + dt.timedelta(hours=travel)
        hours = settings.COLLECT_WITHIN_HOURS[part.storage_class]
        if chance.random() < UNCOLLECTED:
            part.fate, part.ended_at = "expired", part.arrived_at + dt.timedelta(hours=hours, minutes=1)
            return
        draw = chance.random()
        part.fate = "rejected" if draw < REJECTED else "short" if draw < REJECTED + SHORT else "collected"
        part.ended_at = part.arrived_at + dt.timedelta(hours=min(chance.expovariate(1 / 14), hours * 0.95))


def _write_day(drafts: list[Draft]) -> int:
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
        told += _told(draft, order, part, consignments[number], rows[number], collections.get(number))
        postings += _booked(draft, part, consignments[number], rows[number], collections.get(number))
    for draft, order in zip(drafts, orders, strict=True):
        told += _told_of_order(draft, order, lines)
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
    value, home = money.to_yuan(price * units), part.seller.home_division
    return Line(
        order=order,
        partner=part.seller,
        partner_name=part.seller.display_name,
        partner_sku=product.stockrecords.all()[0].partner_sku,
        stockrecord=product.stockrecords.all()[0],
        product=product,
        title=product.title,
        upc=product.upc,
        quantity=units,
        line_price_incl_tax=value,
        line_price_excl_tax=value,
        line_price_before_discounts_incl_tax=value,
        line_price_before_discounts_excl_tax=value,
        unit_price_incl_tax=money.to_yuan(price),
        unit_price_excl_tax=money.to_yuan(price),
        num_allocated=0,
        unit_price_fen=price,
        seller_division=home.pk if home else "",
        origin_division=product.origin_id or "",
        point_division=draft.point.division_id,
        category_path=product.category_path,
        storage_class=product.storage_class,
        direction=direction(home, draft.point.division),
        channel=draft.channel,
        pack=product.pack,
    )


STATES = {
    "collected": ConsignmentState.COLLECTED,
    "rejected": ConsignmentState.COLLECTED,
    "short": ConsignmentState.COLLECTED,
    "cancelled": ConsignmentState.CANCELLED,
}


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


def _told(draft, order, part, consignment, rows, collection) -> Iterator[NewEvent]:
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
    yield event("consignment.arrived", part.arrived_at, **place)
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


def _told_of_order(draft: Draft, order: Order, lines: list[Line]) -> list[NewEvent]:
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


def _booked(draft, part, consignment, rows, collection) -> list[ledger.NewPosting]:
    goods = sum(quantity.ordered * line.unit_price_fen for line, quantity in rows)
    taken = sum(quantity.taken * line.unit_price_fen for line, quantity in rows)
    freight = consignment.freight_fen
    missed = Value(consignment, goods - taken, 0 if taken else freight)
    postings = [replace(posting, at=draft.at) for posting in booking.due([Value(consignment, goods, freight)])]
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
    return postings + [replace(posting, at=part.ended_at) for posting in ended]


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
