"""What goods need at a hub, changed from a day on; a connection that no longer fits is given up for another.

What would have to change vehicles too quickly is marked on its leg (``Leg.is_too_tight``) when the change is made, and
the sweep gives it another way (``services.rerouting.mend``). ``recheck`` marks what was routed meanwhile by a process
that had not heard of the change.
"""

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics import snapshots
from logistics.models import Hub, HubTransfer, Leg
from logistics.services import hubs, openings
from logistics.services.departures import TIMETABLES
from logistics.services.hubs import FURTHEST_DAYS, UnableToChangeHub
from logistics.services.openings import Effect
from logistics.states import Direction

RECHECKED = dt.timedelta(days=2)  # how long after a change connections are looked at once more
_BATCH = 2000


def minutes_of(hub: Hub, day: dt.date) -> int:
    """Return what goods need that arrive at a hub on a day."""
    return _by_day(hub)(day)


def coming(hub: Hub, *, after: dt.date) -> list[HubTransfer]:
    """Return the changes of a hub that have not begun on a day, the next first."""
    return list(HubTransfer.objects.in_force().filter(hub=hub, valid_from__gt=after).order_by("valid_from"))


def preview(hub: Hub, *, minutes: int, from_date: dt.date, by, at: dt.datetime) -> Effect:
    """Return what a change would do; raise as ``change`` does. Nothing is changed."""
    with openings.rehearsal():
        return change(hub, minutes=minutes, from_date=from_date, by=by, at=at)


def change(hub: Hub, *, minutes: int, from_date: dt.date, by, at: dt.datetime) -> Effect:
    """Let goods that arrive at a hub from a day on need so many minutes; a change of the same day is replaced.

    :param from_date: tomorrow at the earliest.
    :returns: with the consignments whose connections no longer fit.
    :raises UnableToChangeHub: for what makes no sense, changes nothing, or is outside the planner's division.
    """
    hubs.permit(hub, by=by)
    hubs.refuse_minutes(minutes, field="minutes")
    today = day_of(at)
    if not today < from_date <= today + dt.timedelta(days=FURTHEST_DAYS):
        text = _("A change applies from tomorrow at the earliest and within two years.")
        raise UnableToChangeHub(text, field="from_date")
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        before = minutes_of(hub, from_date)
        if before == minutes:
            raise UnableToChangeHub(_("That is what it needs on that day already."), field="minutes")
        HubTransfer.objects.in_force().filter(hub=hub, valid_from=from_date).update(withdrawn_at=at)
        HubTransfer.objects.create(hub=hub, minutes=minutes, valid_from=from_date)
        effect = _followed(hub, at=at)
        events.append([_told(hub, "hub.transfer-changed", from_date, before, minutes)], by=by, at=at)
    return effect


def withdraw(version: HubTransfer, *, by, at: dt.datetime) -> Effect:
    """Take back a change that has not begun: what held before it goes on.

    :raises UnableToChangeHub: when it has begun, was taken back before, or is outside the planner's division.
    """
    hub = version.hub
    hubs.permit(hub, by=by)
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        open_ = HubTransfer.objects.in_force().filter(pk=version.pk, valid_from__gt=day_of(at))
        if not open_.update(withdrawn_at=at):
            raise UnableToChangeHub(_("This change has begun, or was taken back already."))
        day = version.valid_from
        effect = _followed(hub, at=at)
        told = _told(hub, "hub.transfer-withdrawn", day, version.minutes, minutes_of(hub, day))
        events.append([told], by=by, at=at)
    return effect


def recheck(*, at: dt.datetime) -> int:
    """Look at the connections of hubs with a change ahead or just begun once more; return how many no longer fit."""
    lately = HubTransfer.objects.in_force().filter(valid_from__gte=day_of(at - RECHECKED))
    return sum(_marked(hub, at=at)[0] for hub in Hub.objects.filter(pk__in=lately.values("hub")).order_by("pk"))


def _followed(hub: Hub, *, at: dt.datetime) -> Effect:
    transaction.on_commit(snapshots.forget)
    return Effect(consignments=_marked(hub, at=at)[1])


def _marked(hub: Hub, *, at: dt.datetime) -> tuple[int, int]:
    """Mark the legs that are not got on in time after a hub, and no others; return how many more these are, and of how
    many consignments.

    What a delay has made tight is not marked: by the timetable it fits, and often it is got on all the same.
    """
    needs = _by_day(hub)
    here = Q(departure__lane__destination=hub) | Q(departure__round__hub=hub, direction=Direction.BACK)
    to_hub = Leg.objects.in_force().filter(here, arrives_at__gte=at)
    rows = to_hub.values_list("consignment", "parcel", "sequence", "arrives_at", "departure__delay_minutes")
    arrivals = {(whose, parcel, number + 1): (when, late) for whose, parcel, number, when, late in rows}
    following = Leg.objects.in_force().filter(
        consignment__in=to_hub.values("consignment"), loaded_at=None, departs_at__gte=at
    )
    found = following.annotate(
        cutoff=Coalesce("departure__lane__cutoff_minutes", "departure__round__cutoff_minutes")
    ).values_list(
        "pk", "consignment", "parcel", "sequence", "departs_at", "departure__delay_minutes", "cutoff", "is_too_tight"
    )
    fits: list[int] = []
    misses: dict[int, int] = {}
    for pk, whose, parcel, number, departs_at, late, cutoff, is_marked in found:
        if (whose, parcel, number) not in arrivals:
            continue
        arrives_at, was_late = arrivals[whose, parcel, number]
        spare = (departs_at - arrives_at).total_seconds() / 60 - needs(day_of(arrives_at)) - cutoff
        is_tight = max(spare, spare - late + was_late) < 0
        if is_tight and not is_marked:
            misses[pk] = whose
        elif is_marked and not is_tight:
            fits.append(pk)
    for pks, is_tight in ((fits, False), (list(misses), True)):
        for first in range(0, len(pks), _BATCH):
            Leg.objects.filter(pk__in=pks[first : first + _BATCH]).update(is_too_tight=is_tight)
    return len(misses), len(set(misses.values()))


def _by_day(hub: Hub) -> Callable[[dt.date], int]:
    versions = list(
        HubTransfer.objects.in_force().filter(hub=hub).order_by("-valid_from").values_list("valid_from", "minutes")
    )
    return lambda day: next((minutes for since, minutes in versions if since <= day), 0)


def _told(hub: Hub, name: str, day: dt.date, before: int, after: int) -> NewEvent:
    payload = {"hub": hub.code, "field": "transfer_minutes", "from": day.isoformat(), "before": before, "after": after}
    return NewEvent("hub", hub.code, name, payload)
