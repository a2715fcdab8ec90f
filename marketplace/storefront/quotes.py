"""What an order would cost and when it would come: the basket's lines by seller, for a point."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from catalogue.states import ListingState
from core.money import to_fen
from core.storage_class import StorageClass
from logistics.freight import Freight, FreightRequest, freights
from marketplace.basket.models import Basket
from marketplace.order import parts
from marketplace.order.parts import Answer, Part, Wanted
from villages.models import PickupPoint


@dataclass
class QuotedLine:
    """A line of the basket at today's price; ``problem`` says why it cannot be ordered as it stands.

    ``refusal`` says why it cannot have the number of units that was ``typed``.
    """

    pk: int
    product: object
    quantity: int
    price_fen: int
    left: int
    image: object
    problem: str = ""
    is_gone: bool = False  # none of it can be had
    typed: str = ""
    refusal: str = ""

    @property
    def fen(self) -> int:
        return self.quantity * self.price_fen


@dataclass
class QuotedGroup:
    """What one seller would send in one storage class, in so many consignments."""

    seller: object
    storage_class: str
    lines: list[QuotedLine] = field(default_factory=list)
    parts: tuple[Part, ...] = ()
    freight: tuple[Freight, ...] = ()
    promised_at: dt.datetime | None = None
    problem: str = ""

    @property
    def fen(self) -> int:
        """The value of what can be had of it."""
        return sum(line.fen for line in self.lines if not line.is_gone)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it can be had; then there is no day for it, and nothing to bring."""
        return all(line.is_gone for line in self.lines)

    @property
    def storage(self) -> str:
        """Its storage class in words."""
        return str(StorageClass(self.storage_class).label)

    @property
    def freight_fen(self) -> int:
        """What the buyer pays for bringing it."""
        return sum(each.fen for each in self.freight)

    @property
    def funder(self) -> str:
        """Who pays for bringing it in the buyer's place, in words; empty where the buyer does."""
        funder = next((each.funder for each in self.freight if each.funder), None)
        return str(funder.label) if funder else ""


@dataclass
class Quote:
    """The whole basket, quoted."""

    groups: list[QuotedGroup]
    point: PickupPoint | None

    def take(self, found: list[Answer], *, at: dt.datetime) -> None:
        """Note what the point answers to each group, and what bringing it there costs."""
        for group, answer in zip(self.groups, found, strict=True):
            if group.is_gone:
                continue
            group.promised_at = answer.promised_at
            group.parts = answer.parts
            group.problem = str(answer.refusal.label) if answer.refusal else ""
        costs = iter(freights(_freight_requests(self.groups, self.point), at=at))
        for group in self.groups:
            group.freight = tuple(next(costs) for _ in group.parts)

    @property
    def goods_fen(self) -> int:
        return sum(group.fen for group in self.groups)

    @property
    def freight_fen(self) -> int:
        return sum(group.freight_fen for group in self.groups)

    @property
    def consignments(self) -> int:
        return sum(len(group.parts) for group in self.groups)

    @property
    def is_hindered(self) -> bool:
        """Whether the point cannot have something of it; then nobody can say what bringing all of it would cost."""
        return any(group.problem for group in self.groups)

    @property
    def total_fen(self) -> int:
        return self.goods_fen + self.freight_fen

    @property
    def units(self) -> int:
        return sum(line.quantity for group in self.groups for line in group.lines)

    @property
    def sellers(self) -> int:
        return len({group.seller.pk for group in self.groups if group.seller})

    @property
    def promised_at(self) -> dt.datetime | None:
        """When everything is there, or None where something does not come."""
        times = [group.promised_at for group in self.groups]
        return max(times) if times and all(times) else None

    @property
    def is_sound(self) -> bool:
        """Whether no line and no group has a problem."""
        return bool(self.groups) and not any(
            group.problem or any(line.problem for line in group.lines) for group in self.groups
        )


def quote(basket: Basket, *, point: PickupPoint | None, at: dt.datetime) -> Quote:
    """Return the basket at today's prices, with the promise of each seller's part for a point."""
    groups = _groups(basket)
    result = Quote(groups, point)
    if point is not None and groups:
        result.take(answers(groups, [point], at=at)[point.pk], at=at)
    return result


def freight_to(groups: list[QuotedGroup], point: PickupPoint, found: list[Answer], *, at: dt.datetime) -> int:
    """Return what bringing the groups to a point would cost the buyer, in fen."""
    asked = Quote([QuotedGroup(group.seller, group.storage_class, group.lines) for group in groups], point)
    asked.take(found, at=at)
    return asked.freight_fen


def _freight_requests(groups: list[QuotedGroup], point: PickupPoint) -> list[FreightRequest]:
    return [
        FreightRequest(
            group.seller.pk,
            group.seller.drop_off.division_id,
            point.division_id,
            group.storage_class,
            part.crates,
            sum(quantity * line.price_fen for quantity, line in zip(part.quantities, group.lines, strict=True)),
        )
        for group in groups
        for part in group.parts
    ]


def answers(groups: list[QuotedGroup], points: list[PickupPoint], *, at: dt.datetime) -> dict[int, list[Answer]]:
    """Return for each point, and each group in order, when it can be collected there, or why not."""
    wanted = [
        Wanted(
            group.seller.drop_off_id if group.seller else None,
            group.storage_class,
            tuple((line.quantity, line.product.units_per_crate) for line in group.lines),
        )
        for group in groups
    ]
    return parts.answers(wanted, point_ids=[point.pk for point in points], at=at)


def _groups(basket: Basket) -> list[QuotedGroup]:
    groups: dict[tuple, QuotedGroup] = {}
    for line in basket.all_lines() if basket.pk else []:
        product, record = line.product, line.stockrecord
        key = (product.seller_id, product.storage_class)
        group = groups.setdefault(key, QuotedGroup(product.seller, product.storage_class))
        left = record.num_in_stock - record.num_allocated if record else 0
        price = record.price if record and record.price is not None else line.price_incl_tax or Decimal(0)
        quoted = QuotedLine(
            line.pk, product, line.quantity, to_fen(price), left, next(iter(product.images.all()), None)
        )
        if product.state != ListingState.LISTED or record is None:
            quoted.problem, quoted.is_gone = _("No longer on sale. Please take it out."), True
        elif left <= 0:
            quoted.problem, quoted.is_gone = _("Sold out. Please take it out."), True
        elif left < line.quantity:
            quoted.problem = _("Only %(left)d left. Please order fewer.") % {"left": left}
        group.lines.append(quoted)
    return list(groups.values())
