"""What waits at a counter and falls due: the buyer is reminded by day, and may ask for more time once."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import BEIJING
from core.events import NewEvent
from core.storage_class import StorageClass
from logistics.models import Consignment
from logistics.services import keeping
from logistics.states import STILL_COMING, ConsignmentState
from marketplace.order.models import Order
from villages import queries as villages


class UnableToExtend(Exception):
    """Nothing of the order may be kept longer."""


def remind_due(*, by, at: dt.datetime, limit: int = 500) -> int:
    """Note for the messages which consignments fall due soon; return how many.

    Nobody is woken at night: what would be too late in the morning is reminded in the evening before.
    """
    first, last = settings.REMIND_BETWEEN_HOURS
    if not first <= at.astimezone(BEIJING).hour < last:
        return 0
    return sum(
        _remind(each, number, by=by, at=at)
        for storage_class in StorageClass.values
        for number, hours in reversed(list(enumerate(settings.REMIND_HOURS_BEFORE.get(storage_class, ()))))
        for each in _due(storage_class, number, hours, at)[:limit]
    )


def _due(storage_class: str, number: int, hours: int, at: dt.datetime) -> QuerySet[Consignment]:
    return (
        Consignment.objects.filter(
            state=ConsignmentState.AT_POINT,
            storage_class=storage_class,
            reminders__lte=number,
            collect_by__gt=at,
            collect_by__lte=_until(dt.timedelta(hours=hours), at),
        )
        .select_related("order")
        .order_by("collect_by")
    )


def _until(ahead: dt.timedelta, at: dt.datetime) -> dt.datetime:
    """Return up to when what falls due is reminded now: in the last hour before the night, also of what would be left
    less than half of its time by the morning.
    """
    first, last = settings.REMIND_BETWEEN_HOURS
    local = at.astimezone(BEIJING)
    if local.hour != last - 1:
        return at + ahead
    morning = local.replace(hour=first, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    return max(at + ahead, morning + ahead / 2)


@transaction.atomic
def _remind(consignment: Consignment, number: int, *, by, at: dt.datetime) -> bool:
    """Count a reminder and tell the log, once whoever else does the same."""
    this = Consignment.objects.filter(pk=consignment.pk, state=ConsignmentState.AT_POINT, reminders__lte=number)
    if not this.update(reminders=number + 1):
        return False
    events.append([_event("consignment.reminded", consignment, consignment.collect_by)], by=by, at=at)
    return True


def keep_together(*, by, at: dt.datetime) -> int:
    """Keep what waits until the rest of its order can be had too, where that comes later by now; return how much."""
    others = Consignment.objects.filter(order=OuterRef("order"), point=OuterRef("point"), state__in=STILL_COMING)
    last = others.order_by().values("order").annotate(last=Max(Coalesce("expected_at", "promised_at"))).values("last")
    waiting = Consignment.objects.filter(state=ConsignmentState.AT_POINT, collect_by__gt=at, arrived_at__isnull=False)
    parts = waiting.annotate(last=Subquery(last)).filter(last__isnull=False).select_related("order").order_by("pk")
    return sum(_kept_with(each, each.last, by=by, at=at) for each in parts)


@transaction.atomic
def _kept_with(part: Consignment, last: dt.datetime, *, by, at: dt.datetime) -> bool:
    due = keeping.with_the_others(part.collect_by, storage_class=part.storage_class, last=last, since=part.arrived_at)
    if due <= part.collect_by:
        return False
    this = Consignment.objects.filter(pk=part.pk, state=ConsignmentState.AT_POINT, collect_by=part.collect_by)
    reminders = min(part.reminders, len(settings.REMIND_HOURS_BEFORE[part.storage_class]) - 1)
    if not this.update(collect_by=due, reminders=reminders):
        return False
    events.append([_event("consignment.extended", part, due)], by=by, at=at)
    return True


def extendable(consignment: Consignment) -> dt.timedelta | None:
    """Return how much longer a consignment may be kept when the buyer asks, or None."""
    hours = settings.EXTEND_BY_HOURS.get(consignment.storage_class)
    if not hours or consignment.state != ConsignmentState.AT_POINT or consignment.extended_at:
        return None
    return dt.timedelta(hours=hours)


@transaction.atomic
def extend(order: Order, *, by, at: dt.datetime) -> list[Consignment]:
    """Keep what waits of an order longer, each consignment once; return those that are. Days off do not count.

    :raises UnableToExtend: where nothing waits, it does not keep, or was extended before.
    """
    locks.lock(Order.objects.filter(pk=order.pk), rank=locks.Rank.ORDER).get()
    rows = locks.lock(Consignment.objects.select_related("order").filter(order=order), rank=locks.Rank.CONSIGNMENT)
    openings, kept = villages.openings_of({each.point_id for each in rows}), []
    for each in rows:
        more = extendable(each)
        if more is None or each.collect_by <= at:
            continue
        opening = openings[each.point_id]
        each.collect_by = keeping.later(each.storage_class, opening, since=each.collect_by, time=more)
        each.extended_at = at
        # The last reminder is sent again before the new time.
        each.reminders = min(each.reminders, len(settings.REMIND_HOURS_BEFORE[each.storage_class]) - 1)
        kept.append(each)
    if not kept:
        raise UnableToExtend(_("Nothing of this order can be kept longer."))
    Consignment.objects.bulk_update(kept, ["collect_by", "extended_at", "reminders"])
    events.append([_event("consignment.extended", each, each.collect_by) for each in kept], by=by, at=at)
    return kept


def _event(name: str, consignment: Consignment, collect_by: dt.datetime) -> NewEvent:
    payload = {"order": consignment.order.number, "collect_by": collect_by.isoformat()}
    return NewEvent("consignment", consignment.number, name, payload)
