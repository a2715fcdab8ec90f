"""Questions to the network and to what travels on it."""

import datetime as dt

from logistics.promises import PromiseRequest, promises
from villages.models import PickupPoint


def earliest_arrival(
    origin_stop: PickupPoint, *, point: PickupPoint, storage_class: str, crates: int, at: dt.datetime
) -> dt.datetime | None:
    """Return when the point could hand over what is ordered at ``at`` from a stop, or None where no way leads there."""
    return promises([PromiseRequest(origin_stop.pk, point.pk, storage_class, crates)], at=at)[0]
