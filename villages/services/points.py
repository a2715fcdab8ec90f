"""Pickup points: applying, opening, suspending, closing; their hours and capacities."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from core import events, locks
from core.clock import day_of
from core.models import Event
from villages import codes
from villages.models import Division, PickupPoint, PointCapacity, PointDay, PointHours
from villages.states import POINT_MOVES, LocationPrecision, PointState, Reason

PLACE = Decimal("0.000001")
_STOPPED = ("point.suspended", "point.closing", "point.closed")

Hours = Sequence[tuple[int, dt.time, dt.time]]
"""Weekday (0 is Monday), opening, closing."""


class UnableToApply(Exception):
    """The application names a division that is none or has ended, or hours that are none."""


class UnableToOpenPoint(Exception):
    """The point is closed for good, or lacks hours or capacity."""


class UnableToSuspendPoint(Exception):
    """The point is not open."""


class UnableToClosePoint(Exception):
    """The point is closed already."""


@dataclass(frozen=True)
class Application:
    """What somebody states who wants to run a point.

    :param capacities: crates a day by storage class; a class that is not there is not kept.
    """

    division_code: str
    name: str
    kind: str
    address: str
    contact_name: str
    contact_phone: str
    longitude: float
    latitude: float
    hours: Hours
    capacities: Mapping[str, int]
    location_precision: str = LocationPrecision.APPROXIMATE


def apply(applications: Sequence[Application], *, by, at: dt.datetime) -> list[PickupPoint]:
    """Make points in APPLIED with their hours and capacities; a handful of queries however many there are.

    :raises UnableToApply: when one is not acceptable; then none is made.
    """
    wanted = {application.division_code for application in applications}
    known = set(Division.objects.filter(code__in=wanted, valid_to=None).values_list("code", flat=True))
    for application in applications:
        if application.division_code not in known:
            raise UnableToApply(f"{application.division_code} is no division today")
        _sane(application.hours)
    with transaction.atomic():
        numbers = _next_numbers({codes.county_of(code) for code in wanted})
        points = []
        for application in applications:
            county = codes.county_of(application.division_code)
            points.append(
                PickupPoint(
                    code=f"{county[:6]}{numbers[county]:04d}",
                    name=application.name,
                    kind=application.kind,
                    state=PointState.APPLIED,
                    division_id=application.division_code,
                    address=application.address,
                    contact_name=application.contact_name,
                    contact_phone=application.contact_phone,
                    longitude=Decimal(application.longitude).quantize(PLACE),
                    latitude=Decimal(application.latitude).quantize(PLACE),
                    location_precision=application.location_precision,
                    created_at=at,
                )
            )
            numbers[county] += 1
        PickupPoint.objects.bulk_create(points, batch_size=500)
        pairs = list(zip(points, applications, strict=True))
        PointHours.objects.bulk_create(
            [row for point, each in pairs for row in _hours(point, each.hours)], batch_size=2000
        )
        PointCapacity.objects.bulk_create(
            [
                PointCapacity(point=point, storage_class=storage_class, crates_per_day=crates)
                for point, each in pairs
                for storage_class, crates in each.capacities.items()
            ],
            batch_size=2000,
        )
        _tell("point.applied", points, by=by, at=at)
    return points


def open(points: Iterable[PickupPoint], *, by, at: dt.datetime) -> None:
    """Open points that applied or were suspended.

    :raises UnableToOpenPoint: when one is closed, or has no hours or no capacity; then none is opened.
    """
    ids = [point.pk for point in points]
    with transaction.atomic():
        ready = set(
            PickupPoint.objects.filter(hours__isnull=False, capacities__crates_per_day__gt=0).values_list(
                "pk", flat=True
            )
        )
        if set(ids) - ready:
            raise UnableToOpenPoint("a point opens with hours and with crates of at least one storage class")
        _move(ids, to=PointState.OPEN, name="point.opened", refusal=UnableToOpenPoint, by=by, at=at, opened_at=at)


def suspend(points: Iterable[PickupPoint], *, by, at: dt.datetime, reason: str = "") -> None:
    """Suspend open points: nothing new is promised to them, what is on the way still arrives.

    :param reason: a code for the log, not a sentence with names.
    :raises UnableToSuspendPoint: when one is not open; then none is suspended.
    """
    ids = [point.pk for point in points]
    _move(
        ids, to=PointState.SUSPENDED, name="point.suspended", refusal=UnableToSuspendPoint, by=by, at=at, reason=reason
    )


def begin_closing(points: Iterable[PickupPoint], *, by, at: dt.datetime, reason: str = "") -> None:
    """Let points close as soon as nothing is left there: nothing new comes to them, what waits can be collected.

    :raises UnableToClosePoint: when one is closing or closed already, or never opened; then none begins to close.
    """
    ids = [point.pk for point in points]
    _move(ids, to=PointState.CLOSING, name="point.closing", refusal=UnableToClosePoint, by=by, at=at, reason=reason)


def close(points: Iterable[PickupPoint], *, by, at: dt.datetime, reason: str = "") -> None:
    """Close points for good.

    :raises UnableToClosePoint: when one is closed already; then none is closed.
    """
    ids = [point.pk for point in points]
    _move(ids, to=PointState.CLOSED, name="point.closed", refusal=UnableToClosePoint, by=by, at=at, reason=reason)


def why(point: PickupPoint) -> str:
    """Return in words why a point was suspended or began to close last; nothing where nobody said."""
    last = Event.objects.filter(stream="point", stream_id=str(point.pk), name__in=_STOPPED).order_by("-version").first()
    reason = last.payload.get("reason", "") if last else ""
    return str(Reason(reason).label) if reason in Reason.values else ""


def set_hours(point: PickupPoint, *, hours: Hours, by, at: dt.datetime) -> None:
    """Replace the opening hours of a point.

    :raises UnableToApply: when they are none, overlap, or end before they begin.
    """
    _sane(hours)
    with transaction.atomic():
        PointHours.objects.filter(point=point).delete()
        PointHours.objects.bulk_create(_hours(point, hours))
        _tell("point.hours_set", [point], by=by, at=at)


def set_contact(point: PickupPoint, *, name: str, phone: str, by, at: dt.datetime) -> None:
    """Change who answers for a point, and the phone that buyers may call."""
    with transaction.atomic():
        PickupPoint.objects.filter(pk=point.pk).update(contact_name=name, contact_phone=phone)
        _tell("point.contact_set", [point], by=by, at=at)


def set_capacity(point: PickupPoint, *, storage_class: str, crates_per_day: int, by, at: dt.datetime) -> None:
    """Set the crates a day that a point keeps of one storage class, for the days ahead too.

    A day on which more is held already keeps as much as is held.
    """
    with transaction.atomic():
        locks.touch(locks.Rank.POINT_DAY)
        PointCapacity.objects.update_or_create(
            point=point, storage_class=storage_class, defaults={"crates_per_day": crates_per_day}
        )
        PointDay.objects.filter(point=point, storage_class=storage_class, day__gte=day_of(at)).update(
            capacity=Greatest(F("held"), crates_per_day)
        )
        _tell("point.capacity_set", [point], by=by, at=at, storage_class=str(storage_class), crates=crates_per_day)


def _move(ids: list[int], *, to: str, name: str, refusal: type[Exception], by, at: dt.datetime, **details) -> None:
    """Move points to a state from any that allows it, all or none, and tell the log."""
    opened_at = details.pop("opened_at", None)
    allowed = [state for state, moves in POINT_MOVES.items() if to in moves]
    with transaction.atomic():
        changes = {"state": to, **({"opened_at": opened_at} if opened_at else {})}
        moved = sum(
            PickupPoint.objects.filter(pk__in=ids[start : start + 500], state__in=allowed).update(**changes)
            for start in range(0, len(ids), 500)
        )
        if moved != len(set(ids)):
            raise refusal(f"{len(set(ids)) - moved} of the points cannot become {to}")
        _tell(name, PickupPoint.objects.filter(pk__in=ids).order_by("pk"), by=by, at=at, **details)


def _tell(name: str, points: Iterable[PickupPoint], *, by, at: dt.datetime, **details) -> None:
    events.append(
        [
            events.NewEvent("point", point.pk, name, {"division": point.division_id, "kind": point.kind, **details})
            for point in points
        ],
        by=by,
        at=at,
    )


def _next_numbers(counties: set[str]) -> Counter:
    """Return the next running number of points for each county code."""
    numbers = Counter(dict.fromkeys(counties, 1))
    for code, division in PickupPoint.objects.order_by("code").values_list("code", "division_id"):
        county = codes.county_of(division)
        if county in counties and code.startswith(county[:6]) and code[6:].isdigit():
            numbers[county] = max(numbers[county], int(code[6:]) + 1)
    return numbers


def _hours(point: PickupPoint, hours: Hours) -> list[PointHours]:
    return [PointHours(point=point, weekday=weekday, opens=opens, closes=closes) for weekday, opens, closes in hours]


def _sane(hours: Hours) -> None:
    last: dict[int, dt.time] = {}
    if not hours:
        raise UnableToApply("a point has opening hours")
    for weekday, opens, closes in sorted(hours):
        if not 0 <= weekday <= 6 or closes <= opens or opens < last.get(weekday, dt.time.min):
            raise UnableToApply(f"no opening hours: {weekday} {opens}–{closes}")
        last[weekday] = closes
