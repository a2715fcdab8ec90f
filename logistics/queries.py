"""Questions to the network and to what travels on it."""

import datetime as dt
from collections import Counter

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from core.clock import day_of
from core.storage_class import StorageClass
from logistics.models import Consignment, Parcel, RoundStop
from logistics.promises import PromiseRequest, times
from logistics.states import ParcelState
from villages.models import PickupPoint, PointHoliday

SHELVES = {
    StorageClass.AMBIENT: [f"{row}-{place:02d}" for row in "AB" for place in range(1, 13)],
    StorageClass.CHILLED: [f"C-{place:02d}" for place in range(1, 13)],
    StorageClass.FROZEN: [f"F-{place:02d}" for place in range(1, 7)],
}


def earliest_arrival(
    origin_stop: PickupPoint, *, point: PickupPoint, storage_class: str, crates: int, at: dt.datetime
) -> dt.datetime | None:
    """Return when the point could hand over what is ordered at ``at`` from a stop, or None where no way leads there."""
    return times([PromiseRequest(origin_stop.pk, point.pk, storage_class, crates)], at=at)[0]


def calls_at(*, day: dt.date) -> Exists:
    """Return the condition that a round in force on a day, or to come after it, calls at a point."""
    return Exists(RoundStop.objects.filter(point=OuterRef("pk")).exclude(round__valid_to__lte=day))


def waits_for_a_shop(*, at: dt.datetime) -> Exists:
    """Return the condition that a consignment's point, or the stop that it leaves from, has days off now or soon.

    What waits for a route then may wait for that shop: no vehicle that anybody could add would help it.
    """
    today = day_of(at)
    soon = today + dt.timedelta(days=settings.DEPARTURE_HORIZON_DAYS)
    off = PointHoliday.objects.filter(withdrawn_at=None, first_day__lte=soon, last_day__gte=today)
    return Exists(off.filter(Q(point=OuterRef("point")) | Q(point=OuterRef("origin_stop"))))


def shelf_suggestions(consignment: Consignment, *, limit: int = 3) -> list[str]:
    """Return shelves of the consignment's point and storage class for its parcels, the best first.

    Where parcels of the same order stand already comes first, then the emptiest, in order of the shelves.
    """
    waiting = Parcel.objects.filter(consignment__point_id=consignment.point_id, state=ParcelState.AT_POINT)
    standing = list(waiting.exclude(shelf="").values_list("shelf", "consignment__order_id"))
    filled = Counter(shelf for shelf, _ in standing)
    shelves = SHELVES[StorageClass(consignment.storage_class)]
    same_order = [shelf for shelf, order_id in standing if order_id == consignment.order_id and shelf in shelves]
    emptiest = sorted(shelves, key=lambda shelf: (filled[shelf], shelves.index(shelf)))
    return list(dict.fromkeys([*same_order, *emptiest]))[:limit]
