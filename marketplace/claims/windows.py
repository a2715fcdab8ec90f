"""How long, and what of, a line can be claimed.

Goods that keep can be given back within seven days without a reason (Law on the Protection of Consumers' Rights and
Interests, 消费者权益保护法, article 25); fresh and perishable goods are excepted there, and have 48 hours with a photo.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Sum

from core.storage_class import StorageClass
from logistics.models import CollectionLine, ConsignmentLine
from marketplace.claims.models import Claim
from marketplace.claims.states import WITHOUT_EFFECT, ClaimReason, Wish


@dataclass(frozen=True)
class Window:
    """What of a line can still be claimed.

    :param units: that were taken and are in no claim. :param until: the end of the time, None where nothing was taken.
    """

    units: int
    until: dt.datetime | None
    is_fresh: bool
    travels: bool

    def is_open(self, at: dt.datetime) -> bool:
        """Tell whether something can be claimed at a moment."""
        return self.units > 0 and self.until is not None and at <= self.until

    @property
    def reasons(self) -> list[ClaimReason]:
        """Return the reasons that count: none at all is enough for what keeps."""
        return [each for each in ClaimReason if not (self.is_fresh and each == ClaimReason.NOT_WANTED)]

    @property
    def wishes(self) -> list[Wish]:
        """Return what can be wished: goods that have to be kept cold do not travel back."""
        return list(Wish) if self.travels else [Wish.REFUND]


def window_of(line: ConsignmentLine) -> Window:
    """Return what of a consignment line can be claimed, and until when."""
    return windows_of([line])[line.pk]


def windows_of(lines: Sequence[ConsignmentLine]) -> dict[int, Window]:
    """Return of each line what can be claimed, in two queries."""
    handed = dict(
        CollectionLine.objects.filter(consignment_line__in=lines, taken__gt=0).values_list(
            "consignment_line_id", "collection__occurred_at"
        )
    )
    claimed = dict(
        Claim.objects.filter(consignment_line__in=lines)
        .exclude(state__in=WITHOUT_EFFECT)
        .values_list("consignment_line_id")
        .annotate(units=Sum("units"))
    )
    return {line.pk: _window(line, handed.get(line.pk), claimed.get(line.pk, 0)) for line in lines}


def _window(line: ConsignmentLine, at: dt.datetime | None, claimed: int) -> Window:
    goods = line.order_line
    is_fresh = (
        goods.storage_class in settings.FRESH_STORAGE_CLASSES
        or goods.category_path.split("/")[0] in settings.FRESH_CATEGORIES
    )
    hours = settings.CLAIM_FRESH_HOURS if is_fresh else settings.CLAIM_DURABLE_HOURS
    return Window(
        units=line.taken - claimed,
        until=at + dt.timedelta(hours=hours) if at else None,
        is_fresh=is_fresh,
        travels=goods.storage_class == StorageClass.AMBIENT,
    )
