"""Placing an order: one transaction from basket to consignments; the order exists before any money moves."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import IntegrityError, transaction
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from catalogue.states import ListingState
from core import clock, events, money, numbers, phones
from core.nudges import nudge
from core.sealed import digest
from logistics.freight import Freight, FreightRequest, freights
from logistics.promises import Refusal
from logistics.tasks import route_waiting
from marketplace.basket.models import Basket
from marketplace.order import parts
from marketplace.order.models import Order
from marketplace.order.parts import Part, Wanted
from marketplace.order.services import freezing, limits
from marketplace.order.services.freezing import Source
from marketplace.order.services.refusals import UnableToPlace
from marketplace.order.states import Channel, OrderState, PaymentMethod
from marketplace.partner.services import stock
from marketplace.partner.states import SellerState
from marketplace.settlement.services import orders as booking
from marketplace.settlement.services.orders import Value
from villages.models import PickupPoint
from villages.services import crates
from villages.services.crates import CratesRequest, UnableToHoldCrates
from villages.states import PointState

log = logging.getLogger(__name__)


BUYER_PAYS_NOTHING = Freight(0)
WEB = Source()


@dataclass(frozen=True)
class Contact:
    """Who collects. ``phone`` is E.164; ``verified`` tells that its owner has typed the code sent to it."""

    name: str
    phone: str
    verified: bool


class GroupLine(NamedTuple):
    """What of a basket line travels in a group: all of it, or as much as one vehicle carries."""

    line: object
    price_fen: int
    quantity: int


@dataclass
class Group:
    """Lines of one seller in one storage class, which become a consignment."""

    seller: object
    storage_class: str
    lines: list[GroupLine] = field(default_factory=list)
    crates: int = 0
    promised_at: dt.datetime | None = None
    freight: Freight = BUYER_PAYS_NOTHING

    @property
    def goods_fen(self) -> int:
        return sum(price * quantity for _line, price, quantity in self.lines)

    def part(self, part: Part) -> "Group":
        """Return as much of the group as travels in one consignment."""
        lines = zip(self.lines, part.quantities, strict=True)
        return Group(
            self.seller,
            self.storage_class,
            [line._replace(quantity=quantity) for line, quantity in lines if quantity],
            part.crates,
            part.promised_at,
        )

    @property
    def names(self) -> str:
        return "、".join(line.product.title for line, *_ in self.lines)

    @property
    def product_ids(self) -> list[int]:
        return [line.product_id for line, *_ in self.lines]


def place(
    basket: Basket,
    *,
    point_id: int,
    contact: Contact,
    by,
    at: dt.datetime,
    payment_method: PaymentMethod = PaymentMethod.AT_POINT,
    expected_fen: int | None = None,
    network_address: str = "",
    source: Source = WEB,
    samples: Mapping[int, Source] = MappingProxyType({}),
    language: str = "",
) -> Order:
    """Place the order of a basket, or return the order that it has become already.

    :param expected_fen: the total that the buyer saw; another total now is refused, so that nobody pays a surprise.
    :param network_address: where the request came from, kept as a keyed hash for the limits only.
    :param source: what led to the order. :param samples: by product, the sample that led to it in place of the web.
    :param language: in which the buyer is told; the one of the page, if none is given.
    :raises UnableToPlace: with a sentence for the person and the field that it belongs to; nothing is written then.
    """
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return _place(
                    basket,
                    point_id,
                    contact,
                    by,
                    at,
                    payment_method,
                    expected_fen,
                    network_address,
                    source,
                    samples,
                    language,
                )
        except IntegrityError as error:
            if "number" not in str(error):
                raise
            log.warning("a random number was taken already, placing again")
    raise UnableToPlace(_("The order could not be placed. Please try again."))


def _place(
    basket, point_id, contact, by, at, payment_method, expected_fen, network_address, source, samples, language
) -> Order:
    if not Basket.objects.filter(pk=basket.pk, status__in=Basket.editable_statuses).update(
        status=Basket.SUBMITTED, date_submitted=at
    ):
        order = Order.objects.filter(basket_id=basket.pk).first()
        if order is None:
            raise UnableToPlace(_("This basket cannot be ordered any more."))
        return order
    lines = list(
        basket.lines.select_related(
            "product__seller__home_division", "product__seller__drop_off", "stockrecord"
        ).order_by("pk")
    )
    if not lines:
        raise UnableToPlace(pgettext("of the shop", "Your basket is empty."), field="lines")
    point = _point(point_id)
    groups = _groups(lines)
    _check_point(point, groups)
    goods_fen = sum(group.goods_fen for group in groups)
    groups = _promised(groups, point, at)
    freight_fen = _freight(groups, point, at)
    total_fen = goods_fen + freight_fen
    if expected_fen is not None and expected_fen != total_fen:
        _allocate(lines)  # where something is sold out, that is the reason
        raise UnableToPlace(
            _("A price has changed: the total is now ¥%(total)s. Please look at your basket and order again.")
            % {"total": money.to_yuan(total_fen)},
            field="lines",
        )
    phone_hash, address_hash = digest(contact.phone), digest(network_address) if network_address else ""
    if payment_method == PaymentMethod.AT_POINT:
        limits.check(phone_hash, verified=contact.verified, address_hash=address_hash, total_fen=total_fen, at=at)
    if source.channel == Channel.PROXY:
        limits.check_proxy(by, at=at)

    _allocate(lines)
    _hold_crates(groups, point)
    status = OrderState.OPEN if payment_method == PaymentMethod.AT_POINT else OrderState.AWAITING_PAYMENT
    order = Order.objects.create(
        number=numbers.draw(freezing.NUMBER_LENGTH),
        site=Site.objects.get_current(),
        basket=basket,
        user=by if getattr(by, "pk", None) and source.channel != Channel.PROXY else None,
        placed_by=by if getattr(by, "pk", None) else None,
        currency=settings.OSCAR_DEFAULT_CURRENCY,
        total_incl_tax=money.to_yuan(total_fen),
        total_excl_tax=money.to_yuan(total_fen),
        shipping_incl_tax=money.to_yuan(freight_fen),
        shipping_excl_tax=money.to_yuan(freight_fen),
        shipping_method=_("Pickup"),
        shipping_code="pickup",
        status=status,
        date_placed=at,
        pickup_point=point,
        contact_name=contact.name,
        contact_phone=contact.phone,
        contact_phone_hash=phone_hash,
        contact_phone_tail=phones.tail(contact.phone),
        network_address_hash=address_hash,
        payment_method=payment_method,
        channel=source.channel,
        goods_fen=goods_fen,
        freight_fen=freight_fen,
        total_fen=total_fen,
        hold_until=at + dt.timedelta(minutes=settings.PAYMENT_HOLD_MINUTES) if status != OrderState.OPEN else None,
        language=language or get_language() or settings.LANGUAGE_CODE,
    )
    order_lines = freezing.write_lines(order, groups, point, source, samples)
    consignments = freezing.write_consignments(order, groups, point, order_lines, status, at)
    booking.book_due(
        [
            Value(consignment, group.goods_fen, group.freight.fen)
            for group, consignment in zip(groups, consignments, strict=True)
        ],
        by=by,
        at=at,
    )
    events.append(freezing.placed_events(order, groups, consignments, order_lines, point), by=by, at=at)
    if status == OrderState.OPEN:
        nudge(route_waiting)
    return order


def _point(point_id: int) -> PickupPoint:
    point = PickupPoint.objects.select_related("division").filter(pk=point_id).first()
    if point is None:
        raise UnableToPlace(_("The point that was chosen does not exist. Please choose another."), field="point")
    if point.state != PointState.OPEN:
        raise UnableToPlace(
            _("%(point)s takes no parcels at the moment. Please choose another point.") % {"point": point.name},
            field="point",
        )
    return point


def _groups(lines) -> list[Group]:
    """Re-price the lines and gather them by seller and storage class, in the order in which they stand."""
    gone = [
        line.product_id
        for line in lines
        if line.product.state != ListingState.LISTED
        or line.product.seller is None
        or line.product.seller.state != SellerState.ACTIVE
        or line.stockrecord is None
        or line.stockrecord.price is None
    ]
    if gone:
        names = "、".join(line.product.title for line in lines if line.product_id in gone)
        raise UnableToPlace(_("No longer on sale: %(names)s.") % {"names": names}, field="lines", lines=gone)
    groups: dict[tuple[int, str], Group] = {}
    for line in lines:
        product = line.product
        key = (product.seller_id, product.storage_class)
        group = groups.setdefault(key, Group(product.seller, product.storage_class))
        group.lines.append(GroupLine(line, money.to_fen(line.stockrecord.price), line.quantity))
    return list(groups.values())


def _check_point(point: PickupPoint, groups: list[Group]) -> None:
    kept = set(point.capacities.values_list("storage_class", flat=True))
    wrong = [group for group in groups if group.storage_class not in kept]
    if wrong:
        raise UnableToPlace(
            _("%(point)s has no cold store for: %(names)s. Choose another point or take it out of the basket.")
            % {"point": point.name, "names": "、".join(group.names for group in wrong)},
            field="point",
            lines=[pk for group in wrong for pk in group.product_ids],
        )


def _promised(groups: list[Group], point: PickupPoint, at: dt.datetime) -> list[Group]:
    """Return the groups with their promises; one that no vehicle on its way carries at once comes back as several."""
    for group in groups:
        if group.seller.drop_off_id is None:
            raise UnableToPlace(
                _("%(seller)s has no drop-off stop yet and cannot send anything.")
                % {"seller": group.seller.display_name},
                field="lines",
                lines=group.product_ids,
            )
    wanted = [
        Wanted(
            group.seller.drop_off_id,
            group.storage_class,
            tuple((quantity, line.product.units_per_crate) for line, _price, quantity in group.lines),
        )
        for group in groups
    ]
    found = parts.answers(wanted, point_ids=[point.pk], at=at)[point.pk]
    for group, answer in zip(groups, found, strict=True):
        if answer.refusal is not None:
            raise _refused(group, answer.refusal, point)
    return [group.part(part) for group, answer in zip(groups, found, strict=True) for part in answer.parts]


def _freight(groups: list[Group], point: PickupPoint, at: dt.datetime) -> int:
    """Note the freight of each group and return what the buyer pays of it, in fen."""
    requests = [
        FreightRequest(
            group.seller.pk,
            group.seller.drop_off.division_id,
            point.division_id,
            group.storage_class,
            group.crates,
            group.goods_fen,
        )
        for group in groups
    ]
    for group, found in zip(groups, freights(requests, at=at), strict=True):
        group.freight = found
    return sum(group.freight.fen for group in groups)


def _refused(group: Group, refusal: Refusal, point: PickupPoint) -> UnableToPlace:
    sentence = {
        Refusal.TOO_LARGE: _("This is more than can be brought to %(point)s: %(names)s. Please order less of it."),
        Refusal.CLOSED: _("%(point)s is closed too long for: %(names)s. Please choose another point."),
        Refusal.NOT_SENT: _("The place where the seller drops it is closed on the days ahead: %(names)s."),
        Refusal.NO_ROOM: _("%(point)s has no room on the days ahead for: %(names)s. Please choose another point."),
    }.get(refusal, _("No vehicle reaches %(point)s with: %(names)s. Please choose another point."))
    return UnableToPlace(
        sentence % {"point": point.name, "names": group.names},
        field="lines" if refusal in {Refusal.TOO_LARGE, Refusal.NOT_SENT} else "point",
        lines=group.product_ids,
    )


def _allocate(lines) -> None:
    wanted = stock.by_record([(line.stockrecord_id, line.quantity) for line in lines])
    try:
        stock.allocate(wanted)
    except stock.UnableToAllocate as refusal:
        short = [line for line in lines if line.stockrecord_id in refusal.short]
        sentences = [
            _("%(name)s: only %(left)d left.")
            % {"name": line.product.title, "left": refusal.short[line.stockrecord_id]}
            if refusal.short[line.stockrecord_id]
            else _("%(name)s: sold out.") % {"name": line.product.title}
            for line in short
        ]
        raise UnableToPlace(" ".join(sentences), field="lines", lines=[line.product_id for line in short]) from refusal


def _hold_crates(groups: list[Group], point: PickupPoint) -> None:
    try:
        crates.hold(
            [
                CratesRequest(
                    point_id=point.pk,
                    day=clock.day_of(group.promised_at),
                    storage_class=group.storage_class,
                    crates=group.crates,
                )
                for group in groups
            ]
        )
    except UnableToHoldCrates as refusal:
        raise UnableToPlace(
            _("%(point)s has no room left on the day of arrival. Please choose another point.") % {"point": point.name},
            field="point",
        ) from refusal
