"""The points among which the checkout lets a buyer choose: the own one, those near it, and those that can serve."""

import datetime as dt
from dataclasses import dataclass

from core.storage_class import StorageClass
from marketplace.order.parts import Answer
from marketplace.storefront import quotes
from villages import queries as villages
from villages.models import PickupPoint

SHOWN = 4  # the chosen point and those nearest to it, able or not
ABLE = 3  # of those that can serve, where the chosen one cannot
ASKED = 13  # the chosen point and those near it that are asked


@dataclass(frozen=True)
class Choice:
    """A point with its hours and what it can say to a basket.

    :param had: the answers to what can be had at all, sold-out goods left out.
    """

    point: PickupPoint
    answers: list[Answer]
    had: list[Answer]
    distance_km: float | None
    hours: list[tuple[dt.time, dt.time]]

    @property
    def problem(self) -> str:
        """Why it cannot have all of the basket; empty where it can."""
        return next((str(each.refusal.label) for each in self.answers if each.refusal), "")

    @property
    def promised_at(self) -> dt.datetime | None:
        """When the last of what it can have is there."""
        return max((each.promised_at for each in self.had if each.promised_at), default=None)


def choices(quote: quotes.Quote, point: PickupPoint | None, *, at: dt.datetime) -> list[Choice]:
    """Return the chosen point and those near it; where it cannot have all, also the nearest ones that can.

    All are asked at once, so that it costs as many queries whatever the chosen point can have.
    """
    if point is None:
        return []
    near, distances = _near(quote, point)
    answers = quotes.answers(quote.groups, near, at=at)
    able = [other for other in near if all(answer.refusal is None for answer in answers[other.pk])]
    shown = {other.pk for other in near[:SHOWN]}
    if point not in able:
        shown |= {other.pk for other in able[:ABLE]}
    found = [other for other in near if other.pk in shown]
    hours = villages.openings_of([other.pk for other in found])
    return [
        Choice(
            other,
            answers[other.pk],
            [answer for group, answer in zip(quote.groups, answers[other.pk], strict=True) if not group.is_gone],
            distances.get(other.pk) if other.pk != point.pk else None,
            hours[other.pk].today(at),
        )
        for other in found
    ]


def _near(quote: quotes.Quote, point: PickupPoint) -> tuple[list[PickupPoint], dict[int, float]]:
    """Return the chosen point and the others to be asked, nearest first, with their distances in km.

    Cold stores are rare: among the very nearest there may be none, so those that keep all of it are looked for too.
    """
    place = float(point.longitude), float(point.latitude)
    cold = sorted({group.storage_class for group in quote.groups} - {StorageClass.AMBIENT})
    near = villages.points_near(*place, limit=SHOWN if cold else ASKED)
    if cold:
        near += villages.points_near(*place, limit=ASKED, storage_classes=cold)
    by_id = {other.point.pk: other for other in near if other.point.pk != point.pk}
    others = sorted(by_id.values(), key=lambda other: (other.distance_km, other.point.pk))
    return [point, *[other.point for other in others]], {pk: other.distance_km for pk, other in by_id.items()}
