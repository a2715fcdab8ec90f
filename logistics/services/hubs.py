"""Hubs and the people who work at them, kept by planners."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics.models import Hub, HubWorker, Lane, Round
from logistics.services import openings
from logistics.services.departures import TIMETABLES
from logistics.services.openings import Effect
from logistics.services.timetables import divisions_of
from villages import codes as divisions

FURTHEST_DAYS = 730  # how far ahead a change may be planned
FIELDS = ("name", "longitude", "latitude", "closed_from", "reopens_on")
WEST, EAST, SOUTH, NORTH = Decimal("108.7"), Decimal("114.4"), Decimal("24.6"), Decimal("30.2")  # around Hunan


class UnableToChangeHub(Exception):
    """A hub cannot be changed so; the sentence is for the person who asked."""

    def __init__(self, text: str, *, field: str = ""):
        self.field = field
        super().__init__(text)


@dataclass(frozen=True)
class HubDetails:
    """What a planner says of a hub; it is closed from a day until another, or until further notice."""

    name: str
    longitude: Decimal
    latitude: Decimal
    closed_from: dt.date | None = None
    reopens_on: dt.date | None = None


def hubs_of(user):
    """Return the hubs that a planner may change: those of the own division."""
    return Hub.objects.within(*divisions_of(user))


def preview(hub: Hub, *, details: HubDetails, by, at: dt.datetime) -> Effect:
    """Return what a change would do; raise as ``change`` does. Nothing is changed."""
    with openings.rehearsal():
        return change(hub, details=details, by=by, at=at)


def change(hub: Hub, *, details: HubDetails, by, at: dt.datetime) -> Effect:
    """Change a hub; the departures of days on which it is closed are cancelled, those on which it no longer is opened.

    :raises UnableToChangeHub: for what makes no sense, or outside the planner's division.
    """
    permit(hub, by=by)
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        found = Hub.objects.get(pk=hub.pk)
        _refuse(found, details, at=at)
        before = _figures(found)
        for name in FIELDS:
            setattr(found, name, getattr(details, name))
        found.save()
        effect = Effect()
        if (before["closed_from"], before["reopens_on"]) != (_iso(details.closed_from), _iso(details.reopens_on)):
            touched = [
                *Lane.objects.filter(Q(origin=found) | Q(destination=found)).values_list("code", flat=True),
                *Round.objects.filter(hub=found).values_list("code", flat=True),
            ]
            since = day_of(at)
            effect = openings.realign(codes=set(touched), since=since, by=by, at=at, reason="hub-closed")
        events.append(_changed(found, before, at=at), by=by, at=at)
    return effect


def assign_worker(hub: Hub, user, *, by, at: dt.datetime) -> HubWorker:
    """Let a person scan at a hub; whoever does so already goes on.

    :raises UnableToChangeHub: outside the planner's division.
    """
    permit(hub, by=by)
    with transaction.atomic():
        worker, made = HubWorker.objects.get_or_create(hub=hub, user=user, until=None, defaults={"since": at})
        if made:
            events.append([NewEvent("hub", hub.code, "hub.worker-assigned", {"user": user.pk})], by=by, at=at)
    return worker


def release_worker(worker: HubWorker, *, by, at: dt.datetime) -> None:
    """Let a person scan at a hub no more.

    :raises UnableToChangeHub: when that was so before, or outside the planner's division.
    """
    permit(worker.hub, by=by)
    with transaction.atomic():
        if not HubWorker.objects.filter(pk=worker.pk, until=None).update(until=at):
            raise UnableToChangeHub(_("This person does not work here any more."))
        events.append([NewEvent("hub", worker.hub.code, "hub.worker-released", {"user": worker.user_id})], by=by, at=at)


def permit(hub: Hub, *, by) -> None:
    """Let a planner of the hub's division pass, and processes.

    :raises UnableToChangeHub: outside the planner's division.
    """
    if isinstance(by, str):
        return
    if not any(divisions.is_within(hub.division_id, code) for code in divisions_of(by)):
        raise UnableToChangeHub(_("This is not in the division that you plan."))


def _refuse(hub: Hub, details: HubDetails, *, at: dt.datetime) -> None:
    if not details.name.strip():
        raise UnableToChangeHub(_("Please give the hub a name."), field="name")
    if not WEST <= details.longitude <= EAST:
        raise UnableToChangeHub(_("This is not in Hunan."), field="longitude")
    if not SOUTH <= details.latitude <= NORTH:
        raise UnableToChangeHub(_("This is not in Hunan."), field="latitude")
    if details.reopens_on is not None and (details.closed_from is None or details.reopens_on <= details.closed_from):
        raise UnableToChangeHub(_("It opens again after the day from which it is closed."), field="reopens_on")
    moved = details.closed_from != hub.closed_from
    if moved and details.closed_from is not None and details.closed_from <= day_of(at):
        raise UnableToChangeHub(_("A hub closes from tomorrow at the earliest."), field="closed_from")


def _figures(hub: Hub) -> dict:
    return {
        "name": hub.name,
        "longitude": f"{hub.longitude:.6f}",
        "latitude": f"{hub.latitude:.6f}",
        "closed_from": _iso(hub.closed_from),
        "reopens_on": _iso(hub.reopens_on),
    }


def _changed(hub: Hub, before: dict, *, at: dt.datetime) -> list[NewEvent]:
    """Return the event of a change: the hub, the fields that changed and the day from which each of them holds."""
    after = _figures(hub)
    fields = [name for name in after if after[name] != before[name]]
    if not fields:
        return []
    days = {name: after[name] or before[name] for name in ("closed_from", "reopens_on")}
    payload = {
        "hub": hub.code,
        "fields": fields,
        "from": {name: days.get(name, day_of(at).isoformat()) for name in fields},
        "before": {name: before[name] for name in fields},
        "after": {name: after[name] for name in fields},
    }
    return [NewEvent("hub", hub.code, "hub.changed", payload)]


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
