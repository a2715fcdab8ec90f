"""The promise (承诺到达): when the chosen point can hand a consignment over."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from logistics import snapshots
from villages import queries as villages

SHELVING = dt.timedelta(minutes=30)  # from the vehicle's arrival until the parcels stand on the shelf


@dataclass(frozen=True)
class PromiseRequest:
    """A consignment that is asked about before there is one.

    :param origin_stop_id: the pickup point where the seller drops.
    :param ready_from: when it can be dropped; by default ``settings.PACKING_HOURS`` after the question.
    """

    origin_stop_id: int
    point_id: int
    storage_class: str
    crates: int
    ready_from: dt.datetime | None = None


def ready_from(at: dt.datetime) -> dt.datetime:
    """Return when what is ordered at ``at`` can be dropped at the seller's stop."""
    return at + dt.timedelta(hours=settings.PACKING_HOURS)


def handed_over_from(hours: villages.Hours, arrives_at: dt.datetime) -> dt.datetime | None:
    """Return when a point with these hours can hand over what arrives at a moment; None for one that never opens."""
    return villages.next_opening(hours, arrives_at + SHELVING)


def promises(requests: Sequence[PromiseRequest], *, at: dt.datetime) -> list[dt.datetime | None]:
    """Return for each request when its point can hand it over, or None where no way leads there.

    Two queries however many requests there are (more when the timetable has to be read anew). Nothing is taken: when
    the consignment is routed, a departure may have filled up.
    """
    if not requests:
        return []
    timetable = snapshots.current(at)
    hours = villages.hours_of({request.point_id for request in requests})
    found = []
    for request in requests:
        route = timetable.route(
            origin=request.origin_stop_id,
            destination=request.point_id,
            at=int((request.ready_from or ready_from(at)).timestamp()),
            storage_class=str(request.storage_class),
            crates=request.crates + settings.PROMISE_RESERVE_CRATES,
        )
        arrives_at = route and dt.datetime.fromtimestamp(route.arrives, tz=dt.UTC)
        found.append(handed_over_from(hours[request.point_id], arrives_at) if arrives_at else None)
    return found
