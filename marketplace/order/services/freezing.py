"""Freezing an order: its lines, consignments and events as they are at the moment of placing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalogue.models import Product
from core import clock, money, numbers
from core.events import NewEvent
from logistics import promises
from logistics.models import Consignment, ConsignmentLine
from logistics.states import ConsignmentState
from marketplace.order.models import Line, Order
from marketplace.order.states import Channel, OrderState, TradeDirection
from marketplace.partner.models import Partner, StockRecord
from villages import codes
from villages.models import PickupPoint

NUMBER_LENGTH = 12


@dataclass(frozen=True)
class Source:
    """What led to an order line: the web, a sample, or an operator who orders for somebody.

    :param point_id: the point to which the sale is counted; None for the web.
    """

    channel: Channel = Channel.WEB
    point_id: int | None = None
    sample: str = ""


def write_lines(
    order: Order, groups, point: PickupPoint, source: Source, samples: Mapping[int, Source]
) -> dict[int, Line]:
    """Write the order lines of the groups and return them by the basket line that they come from.

    :param source: of the whole order. :param samples: what led to single products in its place.
    """
    rows, keys = [], {}
    for group in groups:
        for line, price, _quantity in group.lines:
            if line.pk in keys:
                continue  # it travels in several consignments
            keys[line.pk] = len(rows)
            rows.append(
                frozen_line(
                    order,
                    product=line.product,
                    stock_record=line.stockrecord,
                    seller=group.seller,
                    point=point,
                    quantity=line.quantity,
                    price_fen=price,
                    source=samples.get(line.product_id, source),
                    allocated=line.quantity,
                )
            )
    return dict(zip(keys, Line.objects.bulk_create(rows), strict=True))


def frozen_line(
    order: Order,
    *,
    product: Product,
    stock_record: StockRecord,
    seller: Partner,
    point: PickupPoint,
    quantity: int,
    price_fen: int,
    source: Source,
    allocated: int,
) -> Line:
    """Return an order line, not yet written, with what it keeps of listing, seller and point as they are now.

    :param price_fen: of one unit.
    :param allocated: units of the stock record that are held for it.
    """
    home, value, price = seller.home_division, money.to_yuan(price_fen * quantity), money.to_yuan(price_fen)
    return Line(
        order=order,
        partner=seller,
        partner_name=seller.display_name,
        partner_sku=stock_record.partner_sku,
        stockrecord=stock_record,
        product=product,
        title=product.title,
        upc=product.upc,
        quantity=quantity,
        line_price_incl_tax=value,
        line_price_excl_tax=value,
        line_price_before_discounts_incl_tax=value,
        line_price_before_discounts_excl_tax=value,
        unit_price_incl_tax=price,
        unit_price_excl_tax=price,
        num_allocated=allocated,
        unit_price_fen=price_fen,
        seller_division=home.pk if home else "",
        origin_division=product.origin_id or "",
        point_division=point.division_id,
        category_path=product.category_path,
        storage_class=product.storage_class,
        direction=direction(home, point.division),
        channel=source.channel,
        channel_point_id=source.point_id,
        sample=source.sample,
        pack=product.pack,
    )


def direction(home, destination) -> TradeDirection:
    """Return which way goods go between town and country; unknown or equal sides are neutral."""
    if home is None or home.is_urban is None or destination.is_urban is None or home.is_urban == destination.is_urban:
        return TradeDirection.NEUTRAL
    return TradeDirection.TO_TOWN if destination.is_urban else TradeDirection.TO_COUNTRY


def write_consignments(order: Order, groups, point: PickupPoint, order_lines, status, at) -> list[Consignment]:
    """Write a consignment for each group, in their order, with its lines."""
    state = ConsignmentState.AWAITING_ROUTE if status == OrderState.OPEN else ConsignmentState.AWAITING_PAYMENT
    consignments = Consignment.objects.bulk_create(
        Consignment(
            number=numbers.draw(NUMBER_LENGTH),
            order=order,
            seller=group.seller,
            origin_stop_id=group.seller.drop_off_id,
            point=point,
            storage_class=group.storage_class,
            state=state,
            crates=group.crates,
            freight_fen=group.freight.fen,
            freight_funded_fen=group.freight.funded_fen,
            freight_funder=group.freight.funder or "",
            held_day=clock.day_of(group.promised_at),
            promised_at=group.promised_at,
            expected_at=group.promised_at,
            created_at=at,
            waiting_since=at if state == ConsignmentState.AWAITING_ROUTE else None,
            ready_from=promises.ready_from(at),
        )
        for group in groups
    )
    ConsignmentLine.objects.bulk_create(
        ConsignmentLine(
            consignment=consignment,
            order_line=order_lines[line.pk],
            ordered=quantity,
            open=quantity,
        )
        for group, consignment in zip(groups, consignments, strict=True)
        for line, _price, quantity in group.lines
    )
    return consignments


def placed_events(order: Order, groups, consignments, order_lines, point: PickupPoint) -> list[NewEvent]:
    """Return what the log tells of an order that was placed."""
    place_codes = {"point": point.pk, "point_county": codes.county_of(point.division_id)}
    placed = NewEvent(
        "order",
        order.number,
        "order.placed",
        {
            **place_codes,
            "goods_fen": order.goods_fen,
            "freight_fen": order.freight_fen,
            "lines": [line_payload(line, line.quantity) for line in order_lines.values()],
        },
    )
    created = [
        NewEvent(
            "consignment",
            consignment.number,
            "consignment.created",
            {
                "order": order.number,
                **place_codes,
                "seller": group.seller.pk,
                "storage_class": group.storage_class,
                "crates": group.crates,
                "goods_fen": group.goods_fen,
                "freight_fen": consignment.freight_fen,
            },
        )
        for group, consignment in zip(groups, consignments, strict=True)
    ]
    return [placed, *created]


def line_payload(line: Line, units: int) -> dict:
    """Return what the log tells of some units of an order line: ids, codes, quantity and fen."""
    led_here = {"channel": line.channel, "channel_point": line.channel_point_id} if line.channel_point_id else {}
    if line.sample:
        led_here["sample"] = line.sample
    return {
        "line": line.pk,
        "seller": line.partner_id,
        "seller_division": line.seller_division,
        "category": line.category_path,
        "units": units,
        "fen": units * line.unit_price_fen,
        **led_here,
    }


def county_of(lines: Iterable[ConsignmentLine]) -> str:
    """Return the county for which an order counts: its point's when it was placed, wherever it is collected later."""
    return codes.county_of(next(iter(lines)).order_line.point_division)
