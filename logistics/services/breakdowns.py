"""What a vehicle that does not go on has aboard: its promise is taken back until a hub takes it in.

Nobody knows where it will be brought, so it has no way on and no day; the legs ahead are left to others.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from core import locks
from logistics.models import Consignment, Leg
from logistics.services import expectations, legs
from logistics.services.ways import Way, stranded_ways, ways_of
from logistics.states import ConsignmentState

TAKEN_BACK = Q(state=ConsignmentState.IN_TRANSIT, expected_at=None, planned_at=None)


@transaction.atomic
def take_back(consignment: Consignment, *, at: dt.datetime, by) -> bool:
    """Take the promise of a consignment back where a part of it is stranded, with the legs ahead that only that part
    was to ride; tell whether anything changed.
    """
    rows = Consignment.objects.filter(
        pk=consignment.pk, state=ConsignmentState.IN_TRANSIT, route_version=consignment.route_version
    )
    locked = locks.lock(rows.select_related("order"), rank=locks.Rank.CONSIGNMENT).first()
    stranded = stranded_ways(locked, at) if locked else []
    if not stranded:
        return False
    useless = Leg.objects.in_force().filter(pk__in=_useless(stranded, ways_of(locked, at)))
    is_news = expectations.take_back([locked], reason="vehicle-stopped", by=by, at=at) > 0
    if is_news:
        Consignment.objects.filter(pk=locked.pk).update(routing_lease_until=None)
    return legs.give_back(useless, at=at) > 0 or is_news


def _useless(stranded: list[Way], others: list[Way]) -> set[int]:
    """Return the legs ahead of what is stranded that nobody else of the consignment is to ride."""
    ridden = {leg.pk for way in others for leg in way.ahead}
    return {leg.pk for way in stranded for leg in way.ahead} - ridden
