"""What a change of a point's hours or days off means for what is on its way there, and for what waits there."""

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F, Q

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment, Leg
from logistics.services import expectations, keeping, legs, rerouting, troubles
from logistics.services.expectations import Expectations
from logistics.services.rerouting import UnableToReroute
from logistics.services.ways import UNSENT
from logistics.states import ConsignmentState
from villages import queries as villages
from villages.hours import Opening
from villages.models import PickupPoint, PointHoliday

log = logging.getLogger(__name__)

_BOUND = (ConsignmentState.ROUTED, ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT)
_BATCH = 200


def foreseen(point: PickupPoint) -> dict[int, dt.datetime | None]:
    """Return by consignment when what is bound for a point, or picked up there, is expected; None without a route."""
    here = Consignment.objects.filter(Q(point=point) | Q(origin_stop=point))
    rows = here.filter(state__in=[ConsignmentState.AWAITING_ROUTE, *_BOUND]).values_list("pk", "state", "expected_at")
    return {pk: None if state == ConsignmentState.AWAITING_ROUTE else expected_at for pk, state, expected_at in rows}


def changed(before: Mapping[int, dt.datetime | None], point: PickupPoint) -> int:
    """Return how many of what was foreseen before a change of hours come at another time now.

    Read anew, for the sweep may have moved some of them the moment the change was committed.
    """
    now = foreseen(point)
    return sum(pk in now and now[pk] != expected_at for pk, expected_at in before.items())


def reconsider(point: PickupPoint, *, by, at: dt.datetime) -> None:
    """Let the expected hand-over of what is on its way to a point follow its hours.

    Whoever is given a later day is told as of any delay. What would come, or be picked up, while the point is closed
    gets another way. What waits for a route is asked about when it is routed.
    """
    bound = Consignment.objects.filter(point=point, state__in=_BOUND).exclude(planned_at=None)
    here = Q(consignment__in=bound) | Q(consignment__origin_stop=point, consignment__state__in=_BOUND)
    in_vain = troubles.in_vain(Leg.objects.in_force().filter(here), at=at)
    rerouting.mend(at=at, by=by, only=in_vain)
    ids = list(bound.exclude(pk__in=in_vain).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _BATCH):
        _reconsider(ids[start : start + _BATCH], by=by, at=at)


def bring_forward(point: PickupPoint, *, by, at: dt.datetime) -> None:
    """Let what is not sent yet and comes later than promised look for a sooner way to a point, or from there.

    Called when a point is open after all on days for which that was put off.
    """
    here = Q(point=point) | Q(origin_stop=point)
    put_off = Consignment.objects.filter(here, state__in=UNSENT, expected_at__gt=F("promised_at"))
    with transaction.atomic():
        rows = list(locks.lock(put_off.filter(promised_at__gt=at), rank=locks.Rank.CONSIGNMENT))
        expectations.hold_promised_days(rows, at=at)
    try:
        rerouting.reroute(rows, by=by, at=at, reason="point-hours")
    except UnableToReroute:
        log.info("some of what was put off for %s is on its way by now", point)


@transaction.atomic
def _reconsider(ids: list[int], *, by, at: dt.datetime) -> None:
    rows = locks.lock(Consignment.objects.filter(pk__in=ids, state__in=_BOUND), rank=locks.Rank.CONSIGNMENT)
    rows = [row for row in rows.select_related("order") if row.planned_at is not None]
    hopes = Expectations.of(rows)
    moved, told = [], []
    for row in rows:
        expected_at = hopes.handed_over_at(row, legs.seconds(row.planned_at))
        if expected_at != row.expected_at:
            told += expectations.told(row, expected_at=expected_at, is_rerouted=False, reason="point-hours")
            moved.append((row, expected_at))
    expectations.move_holds(moved)
    for row, expected_at in moved:
        Consignment.objects.filter(pk=row.pk).update(expected_at=expected_at)
    events.append(told, by=by, at=at)


@transaction.atomic
def keep_over(holiday: PointHoliday, *, by, at: dt.datetime) -> int:
    """Keep what waits at a point over its days off, and note for the messages that it closes; return how many wait.

    Only what keeps falls due later; see ``keeping.until``.
    """
    opening = villages.openings_of([holiday.point_id])[holiday.point_id]
    waiting = Consignment.objects.filter(point=holiday.point_id, state=ConsignmentState.AT_POINT)
    rows = list(locks.lock(waiting.select_related("order"), rank=locks.Rank.CONSIGNMENT))
    days_off = Opening([], [(holiday.first_day, holiday.last_day)])
    days = [holiday.first_day.isoformat(), holiday.last_day.isoformat()]
    told = []
    for row in rows:
        if row.extended_at is None and row.storage_class not in keeping.PERISHABLE:
            row.collect_by = max(row.collect_by, keeping.until(row.storage_class, opening, since=row.arrived_at))
        elif row.storage_class not in keeping.PERISHABLE:
            row.collect_by = days_off.kept_until(at, row.collect_by - at)
        payload = {"order": row.order.number, "collect_by": row.collect_by.isoformat(), "closed_days": days}
        told.append(NewEvent("consignment", row.number, "consignment.point_closes", payload))
    Consignment.objects.bulk_update(rows, ["collect_by"], batch_size=200)
    events.append(told, by=by, at=at)
    return len(rows)
