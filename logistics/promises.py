"""The promise (承诺到达): when the chosen point can hand a consignment over.

It is the earliest arrival over departures that have room, at a moment at which the point is open, on a day on which it
has crates free; full departures count as full a little early, so that those who ask now still find room when they are
routed some seconds later.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.clock import day_of
from logistics import snapshots
from logistics.connections import Route
from logistics.doors import first_arrival_for, handed_over_from, lies_too_long
from logistics.timetable import Timetable
from villages import queries as villages

Held = Mapping[tuple[int, dt.date, str], tuple[int, int]]
"""Capacity and held crates by point, day and storage class."""


@dataclass(frozen=True)
class PromiseRequest:
    """A consignment that is asked about before there is one, or before it goes somewhere else.

    :param origin_stop_id: the pickup point where the seller drops.
    :param ready_from: when it can be dropped; by default ``settings.PACKING_HOURS`` after the question.
    :param hub_id: the hub where it can be loaded from ``ready_from`` on, where it is on its way already.
    """

    origin_stop_id: int
    point_id: int
    storage_class: str
    crates: int
    ready_from: dt.datetime | None = None
    hub_id: int | None = None


class Refusal(TextChoices):
    """Why a point cannot promise a consignment."""

    NOT_KEPT = "NOT_KEPT", _("This point has no cold store for it.")
    TOO_LARGE = "TOO_LARGE", _("It is more than this point can keep on a day.")
    NO_VEHICLE = "NO_VEHICLE", _("No vehicle brings it to this point.")
    NO_ROOM = "NO_ROOM", _("This point has no room on the days ahead.")
    CLOSED = "CLOSED", _("This point is closed on the days ahead.")
    NOT_SENT = "NOT_SENT", _("The place where the seller drops it is closed on the days ahead.")


@dataclass(frozen=True, slots=True)
class Promise:
    """When a consignment can be handed over, or why it cannot; with the route that the answer rests on.

    :param largest: the most crates that one consignment may have on this way: the smallest vehicle's, and the point's
        of a day; 0 where there is no way at all.
    """

    handed_over_at: dt.datetime | None
    refusal: Refusal | None = None
    route: Route | None = None
    largest: int = 0


def ready_from(at: dt.datetime) -> dt.datetime:
    """Return when what is ordered at ``at`` can be dropped at the seller's stop."""
    return at + dt.timedelta(hours=settings.PACKING_HOURS)


def promises(requests: Sequence[PromiseRequest], *, at: dt.datetime, together: bool = False) -> list[Promise]:
    """Return for each request the promise of its point.

    Two queries however many requests there are (more when the timetable or a point has to be read anew). Nothing is
    taken: when the consignment is routed, a departure may have filled up.

    :param together: the requests for a point are of one order: what one takes of vehicles and of the point's day is
        not there for the next. Different points are asked about in place of each other.
    """
    if not requests:
        return []
    timetable = snapshots.current(at)
    known = snapshots.points({request.point_id for request in requests})
    held = villages.held_of(known, since=day_of(at))
    return answers(timetable, requests, points=known, held=held, at=at, together=together)


def answers(
    timetable: Timetable,
    requests: Sequence[PromiseRequest],
    *,
    points: Mapping[int, snapshots.KnownPoint],
    held: Held,
    at: dt.datetime,
    together: bool = False,
) -> list[Promise]:
    """Return the promises as ``promises`` does, from what is known already; the timetable is left as it was.

    :param points: hours and crates a day of every point that is asked about.
    :param held: capacity and held crates by point, day and storage class, where they are not the point's usual ones.
    """
    by_point: dict[int, list[int]] = {}
    for number, request in enumerate(requests):
        by_point.setdefault(request.point_id, []).append(number)
    found: dict[int, Promise] = {}
    for point_id, numbers in by_point.items():
        taken: Counter = Counter()
        with timetable.borrowed() if together and len(numbers) > 1 else nullcontext() as borrow:
            for number in numbers:
                request = requests[number]
                ready = math.ceil((request.ready_from or ready_from(at)).timestamp())
                search = _search_of(timetable, request, ready)
                promise = found[number] = _promise(
                    timetable, search, points[point_id], request, held, taken, ready=ready
                )
                if borrow is not None and promise.handed_over_at is not None:
                    day = day_of(promise.handed_over_at)
                    taken[(point_id, day, str(request.storage_class))] += request.crates
                    borrow(promise.route, request.crates)
    return [found[number] for number in range(len(requests))]


def times(requests: Sequence[PromiseRequest], *, at: dt.datetime) -> list[dt.datetime | None]:
    """Return for each request when its point can hand it over, or None where it cannot."""
    return [promise.handed_over_at for promise in promises(requests, at=at)]


def _search_of(timetable: Timetable, request: PromiseRequest, ready: int) -> Callable[..., Route | None]:
    """Return what finds a request's routes, from its stop or from the hub where it stands."""
    asked = {
        "destination": request.point_id,
        "at": ready,
        "storage_class": str(request.storage_class),
    }
    if request.hub_id is not None:
        return partial(timetable.route_from_hub, hub=request.hub_id, **asked)
    return partial(timetable.route, origin=request.origin_stop_id, **asked)


def _promise(
    timetable: Timetable,
    search: Callable[..., Route | None],
    point: snapshots.KnownPoint,
    request: PromiseRequest,
    held: Held,
    taken: Counter,
    *,
    ready: int,
) -> Promise:
    storage_class = str(request.storage_class)
    keeps = point.crates_a_day.get(storage_class, 0)
    if not keeps:
        return Promise(None, Refusal.NOT_KEPT)
    crates = request.crates + settings.PROMISE_RESERVE_CRATES
    not_before, no_room = 0, False
    for _day in range(settings.DEPARTURE_HORIZON_DAYS + 1):
        route = search(crates=crates, not_before=not_before)
        if route is None:
            return _refused(timetable, search, keeps, request, no_room=no_room)
        handed_over_at = handed_over_from(point.week, route.arrives)
        if handed_over_at is None:
            return Promise(None, Refusal.NO_VEHICLE)
        day = day_of(handed_over_at)
        key = (request.point_id, day, storage_class)
        capacity, is_held = held.get(key, (keeps, 0))
        if is_held + taken[key] + request.crates <= capacity:
            closings = timetable.closings.get(request.point_id, ())
            if lies_too_long(closings, storage_class=storage_class, at=ready, until=route.arrives):
                return Promise(None, Refusal.CLOSED)
            return Promise(handed_over_at, None, route, min(keeps, _largest(timetable, route)))
        no_room = True
        not_before = first_arrival_for(point.week, day + dt.timedelta(days=1))
    return _refused(timetable, search, keeps, request, no_room=no_room)


def _refused(
    timetable: Timetable, search: Callable[..., Route | None], keeps: int, request: PromiseRequest, *, no_room: bool
) -> Promise:
    """Return why there is no promise: no vehicle goes at all, none is large enough, or the point is full or closed."""
    crates, least = request.crates, search(crates=1)
    if least is None:
        if not timetable.closings or search(crates=1, also_closed=True) is None:
            return Promise(None, Refusal.NO_VEHICLE)
        return Promise(None, Refusal.CLOSED if request.point_id in timetable.closings else Refusal.NOT_SENT)
    largest = min(keeps, _largest(timetable, least))
    if crates > largest:
        return Promise(None, Refusal.TOO_LARGE, largest=largest)
    return Promise(None, Refusal.NO_ROOM if no_room else Refusal.NO_VEHICLE, largest=largest)


def _largest(timetable: Timetable, route: Route) -> int:
    return max(1, timetable.smallest(route) - settings.PROMISE_RESERVE_CRATES)
