"""Hubs and the people who work at them, kept by planners."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, count

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_of
from core.events import NewEvent
from logistics.models import Hub, HubTransfer, HubWorker, Lane, Round
from logistics.services import openings
from logistics.services.departures import TIMETABLES
from logistics.services.openings import Effect
from logistics.services.timetables import divisions_of
from logistics.states import HubKind
from villages import codes as divisions
from villages import queries as villages
from villages.models import Division
from villages.states import Level

FURTHEST_DAYS = 730  # how far ahead a change may be planned
MOST_TRANSFER_MINUTES = 240
FIELDS = ("name", "address", "longitude", "latitude", "closed_from", "reopens_on")
NAMED = 5  # how many lines a refusal names
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
    address: str = ""
    closed_from: dt.date | None = None
    reopens_on: dt.date | None = None


def hubs_of(user):
    """Return the hubs that a planner may change: those of the own division."""
    return Hub.objects.within(*divisions_of(user))


def divisions_for(user) -> list[Division]:
    """Return the prefectures and counties in which a planner may add a hub, by code; zones have their hosts' hubs."""
    found: dict[str, Division] = {}
    for code in divisions_of(user):
        found |= {each.pk: each for each in villages.prefectures() if divisions.is_within(each.pk, code)}
        found |= {each.pk: each for each in villages.counties(within=code, zones=False)}
    return [found[code] for code in sorted(found)]


def add(division: str, *, details: HubDetails, transfer_minutes: int, by, at: dt.datetime) -> Hub:
    """Add a hub to a prefecture or a county; nothing runs there until lanes or rounds are planned.

    :raises UnableToChangeHub: for what makes no sense, a name that is taken, or outside the planner's division.
    """
    where = Division.objects.filter(pk=division, valid_to=None, host=None).first()
    kind = _KINDS.get(where.level) if where is not None else None
    if kind is None:
        raise UnableToChangeHub(_("A hub stands in a prefecture or a county."), field="division")
    _permit_division(where.pk, by=by)
    refuse_minutes(transfer_minutes, field="transfer_minutes")
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        fields = {name: getattr(details, name) for name in FIELDS}
        made = Hub(code=_fresh_code(where), kind=kind, division=where, **fields | _tidy(details))
        _refuse(made, details, at=at)
        made.save()
        if transfer_minutes:
            HubTransfer.objects.create(hub=made, minutes=transfer_minutes, valid_from=day_of(at))
        payload = {"hub": made.code, "division": where.pk, "from": day_of(at).isoformat()}
        payload["after"] = _figures(made) | {"transfer_minutes": transfer_minutes}
        events.append([NewEvent("hub", made.code, "hub.added", payload)], by=by, at=at)
    return made


def end(hub: Hub, *, from_date: dt.date, by, at: dt.datetime) -> None:
    """Let a hub be none from a day on.

    :param from_date: the first day without it, tomorrow at the earliest.
    :raises UnableToChangeHub: while lanes or rounds that use it run on that day or later, which are named.
    """
    permit(hub, by=by)
    today = day_of(at)
    if not today < from_date <= today + dt.timedelta(days=FURTHEST_DAYS):
        text = _("A change applies from tomorrow at the earliest and within two years.")
        raise UnableToChangeHub(text, field="from_date")
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        still = _lines_after(hub, from_date)
        if still:
            named = _(", ").join(still[:NAMED])
            more = len(still) - NAMED
            words = _("These still run then and use it: %(lines)s. Please end them first.") % {"lines": named}
            if more > 0:
                words = _("These and %(more)d more still run then and use it: %(lines)s. Please end them first.")
                words %= {"lines": named, "more": more}
            raise UnableToChangeHub(words, field="from_date")
        before = Hub.objects.values_list("ended_on", flat=True).get(pk=hub.pk)
        Hub.objects.filter(pk=hub.pk).update(ended_on=from_date)
        events.append([_ended(hub, "hub.ended", from_date, before, from_date)], by=by, at=at)


def keep(hub: Hub, *, by, at: dt.datetime) -> None:
    """Take back that a hub ends, before it does.

    :raises UnableToChangeHub: when it has ended, or was not to end.
    """
    permit(hub, by=by)
    with transaction.atomic():
        locks.mutex(TIMETABLES)
        before = Hub.objects.values_list("ended_on", flat=True).get(pk=hub.pk)
        if before is None or before <= day_of(at):
            raise UnableToChangeHub(_("This hub has ended already, or was not to end."))
        Hub.objects.filter(pk=hub.pk).update(ended_on=None)
        events.append([_ended(hub, "hub.kept", before, before, None)], by=by, at=at)


def _lines_after(hub: Hub, day: dt.date) -> list[str]:
    """Return the codes of the lanes and rounds that use a hub on a day or after it."""
    lanes = Lane.objects.that_run().valid_after(day).filter(Q(origin=hub) | Q(destination=hub))
    rounds = Round.objects.that_run().valid_after(day).filter(hub=hub)
    return sorted({*lanes.values_list("code", flat=True), *rounds.values_list("code", flat=True)})


def _ended(hub: Hub, name: str, day: dt.date, before: dt.date | None, after: dt.date | None) -> NewEvent:
    payload = {"hub": hub.code, "field": "ended_on", "from": day.isoformat()}
    return NewEvent("hub", hub.code, name, payload | {"before": _iso(before), "after": _iso(after)})


def _fresh_code(division: Division) -> str:
    """Return a code that no hub has: ``H430726``, ``H430726-2``."""
    base = f"H{divisions.prefix_of(division.pk)}"
    taken = set(Hub.objects.filter(code__startswith=base).values_list("code", flat=True))
    return next(code for code in chain([base], (f"{base}-{number}" for number in count(2))) if code not in taken)


_KINDS = {Level.PREFECTURE: HubKind.PREFECTURE, Level.COUNTY: HubKind.COUNTY}


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
        for name, value in ({name: getattr(details, name) for name in FIELDS} | _tidy(details)).items():
            setattr(found, name, value)
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
    _permit_division(hub.division_id, by=by)


def _permit_division(division: str, *, by) -> None:
    if not isinstance(by, str) and not any(divisions.is_within(division, code) for code in divisions_of(by)):
        raise UnableToChangeHub(_("This is not in the division that you plan."), field="division")


def refuse_minutes(minutes: int, *, field: str) -> None:
    """:raises UnableToChangeHub: for what goods need at no hub."""
    if not 0 <= minutes <= MOST_TRANSFER_MINUTES:
        words = _("Please give a whole number from %(least)d to %(most)d.") % {
            "least": 0,
            "most": MOST_TRANSFER_MINUTES,
        }
        raise UnableToChangeHub(words, field=field)


def _tidy(details: HubDetails) -> dict[str, str]:
    return {"name": details.name.strip(), "address": details.address.strip()}


def _refuse(hub: Hub, details: HubDetails, *, at: dt.datetime) -> None:
    if not details.name.strip():
        raise UnableToChangeHub(_("Please give the hub a name."), field="name")
    if Hub.objects.filter(name=details.name.strip()).exclude(pk=hub.pk).exists():
        raise UnableToChangeHub(_("Another hub has this name."), field="name")
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
        "address": hub.address,
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
