"""The network: hubs, lanes, rounds with their stops, and their departures.

A lane or a round is a line of versions that share a ``code``. A version is never edited: a change from a day on ends
one version that day and begins another (``services.timetables``).
"""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import numbers
from core.constraints import known
from logistics.states import NOT_RUNNING, DepartureState, HubKind
from villages import codes

EVERY_DAY = "1234567"


def new_code() -> str:
    """Return a code for a line of versions that was given none."""
    return f"T-{numbers.draw(10)}"


class HubQuerySet(models.QuerySet):
    def visible_to(self, user) -> "HubQuerySet":
        """Keep the hubs at which the user works now."""
        return self.filter(workers__user=user, workers__until=None)

    def standing(self, day: dt.date) -> "HubQuerySet":
        """Leave out the hubs that have ended by a day."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=day))

    def within(self, *divisions: str) -> "HubQuerySet":
        """Keep the hubs at or below some divisions."""
        return self.filter(_within("division__code", divisions))


def _within(column: str, divisions: tuple[str, ...]) -> Q:
    """Return the condition that a division's code lies at or below one of some divisions; none lets nothing pass."""
    found = Q(pk__in=[])
    for division in divisions:
        found |= Q(**{f"{column}__range": codes.span(division)})
    return found


class Hub(models.Model):
    """A prefecture or county transit centre (分拨中心)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=HubKind)
    division = models.ForeignKey("villages.Division", models.PROTECT, related_name="hubs")
    longitude = models.DecimalField(max_digits=9, decimal_places=6)
    latitude = models.DecimalField(max_digits=9, decimal_places=6)
    address = models.CharField(max_length=120, blank=True, default="")
    closed_from = models.DateField(null=True)
    reopens_on = models.DateField(null=True)
    ended_on = models.DateField(null=True, help_text=_("The first day on which it is a hub no more"))

    objects = HubQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["division", "name"], name="hub_name_once"),
            known("kind", HubKind, name="hub_kind_known"),
            models.CheckConstraint(
                condition=Q(reopens_on=None) | Q(reopens_on__gt=F("closed_from")), name="hub_reopens_after_closing"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_open_on(self, day: dt.date) -> bool:
        if self.ended_on is not None and day >= self.ended_on:
            return False
        if self.closed_from is None or day < self.closed_from:
            return True
        return self.reopens_on is not None and day >= self.reopens_on


class HubWorker(models.Model):
    """A person who scans at a hub."""

    hub = models.ForeignKey(Hub, models.CASCADE, related_name="workers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="hub_worker_of")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hub", "user"], condition=Q(until=None), name="hub_worker_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.hub_id}"


class TimetableQuerySet(models.QuerySet):
    def valid_on(self, day: dt.date) -> "TimetableQuerySet":
        """Keep the versions in force on a day, one of each line."""
        return self.filter(valid_from__lte=day).filter(Q(valid_to=None) | Q(valid_to__gt=day))

    def valid_after(self, day: dt.date) -> "TimetableQuerySet":
        """Keep the versions that are in force on a day or will be after it."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day))

    def that_run(self) -> "TimetableQuerySet":
        """Leave out the versions that were replaced before they began."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=F("valid_from")))


class LaneQuerySet(TimetableQuerySet):
    def within(self, *divisions: str) -> "LaneQuerySet":
        """Keep the lanes that begin or end at a hub at or below some divisions."""
        return self.filter(
            _within("origin__division__code", divisions) | _within("destination__division__code", divisions)
        )


class RoundQuerySet(TimetableQuerySet):
    def within(self, *divisions: str) -> "RoundQuerySet":
        """Keep the rounds of the hubs at or below some divisions."""
        return self.filter(_within("hub__division__code", divisions))


class Timetable(models.Model):
    """What lanes and rounds share: weekdays (digits 1–7, Monday first), departure, capacity and storage classes.

    A version that was replaced before it began ends on the day it would have begun: it never ran.
    """

    code = models.CharField(max_length=32, default=new_code)
    weekdays = models.CharField(max_length=7, default=EVERY_DAY)
    departs = models.TimeField(help_text=_("Beijing time"))
    cutoff_minutes = models.PositiveSmallIntegerField(
        default=30,
        help_text=_("Minutes before leaving its hub at which goods must be there; at the stops of a round: none"),
    )
    crates = models.PositiveIntegerField()
    storage_classes = models.JSONField(default=list)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        abstract = True

    def is_valid_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class Lane(Timetable):
    """A timetable between two hubs (干线)."""

    origin = models.ForeignKey(Hub, models.PROTECT, related_name="lanes_out")
    destination = models.ForeignKey(Hub, models.PROTECT, related_name="lanes_in")
    duration_minutes = models.PositiveIntegerField()

    objects = LaneQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="lane_version_once",
            ),
            models.UniqueConstraint(fields=["code"], condition=Q(valid_to=None), name="lane_last_version_once"),
            models.CheckConstraint(condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="lane_dates"),
            models.CheckConstraint(condition=~Q(origin=F("destination")), name="lane_two_hubs"),
        ]

    def __str__(self) -> str:
        return f"{self.origin_id} → {self.destination_id} {self.departs}"


class Round(Timetable):
    """A vehicle's timetable from a county hub along points and back (班线); it delivers and collects on one trip."""

    hub = models.ForeignKey(Hub, models.PROTECT, related_name="rounds")
    name = models.CharField(max_length=64)
    duration_minutes = models.PositiveIntegerField(help_text=_("From leaving the hub until back at it"))
    driver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="driver_of"
    )

    objects = RoundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="round_version_once",
            ),
            models.UniqueConstraint(fields=["code"], condition=Q(valid_to=None), name="round_last_version_once"),
            models.CheckConstraint(condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="round_dates"),
        ]

    def __str__(self) -> str:
        return self.name


class RoundStop(models.Model):
    """A point on a round, so many minutes after it left the hub."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="stops")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="round_stops")
    sequence = models.PositiveSmallIntegerField()
    offset_minutes = models.PositiveIntegerField()

    class Meta:
        ordering = ["round", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["round", "sequence"], name="round_stop_sequence"),
            models.UniqueConstraint(fields=["round", "point"], name="round_stop_once"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} #{self.sequence}"


class DepartureQuerySet(models.QuerySet):
    def visible_to(self, user) -> "DepartureQuerySet":
        """Keep the departures that the user drives, and those that begin or end at the user's own hubs."""
        hubs = Hub.objects.visible_to(user).values("pk")
        return self.filter(
            driven_by(user) | Q(round__hub__in=hubs) | Q(lane__origin__in=hubs) | Q(lane__destination__in=hubs)
        )

    def of_rounds_run_by(self, user, *, divisions: Iterable[str]) -> "DepartureQuerySet":
        """Keep the departures of rounds whose hub is the user's own, or lies at or below some divisions."""
        return self.filter(
            Q(round__hub__in=Hub.objects.visible_to(user).values("pk"))
            | _within("round__hub__division__code", tuple(divisions))
        )


def driven_by(user) -> Q:
    """Return the condition that somebody drives a departure: put on it for the day, else the round's own driver."""
    return Q(driver=user) | Q(driver=None, round__driver=user)


class Departure(models.Model):
    """A lane or a round on a day (班次), with the crates taken of its capacity, out and back."""

    lane = models.ForeignKey(Lane, models.PROTECT, null=True, related_name="departures")
    round = models.ForeignKey(Round, models.PROTECT, null=True, related_name="departures")
    day = models.DateField()
    departs_at = models.DateTimeField(help_text=_("As expected now, its delay included"))
    arrives_at = models.DateTimeField(help_text=_("At the other hub; of a round: back at its hub"))
    delay_minutes = models.PositiveIntegerField(default=0)
    departed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text=_("When its end had compared what came with the manifest"))
    driver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="drives",
        help_text=_("Who drives this departure alone in place of the round's driver"),
    )
    crates = models.PositiveIntegerField()
    taken_out = models.PositiveIntegerField(default=0)
    taken_back = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=DepartureState, default=DepartureState.SCHEDULED)
    replaced = models.BooleanField(
        default=False, help_text=_("Cancelled by a change of the timetable or a closure: its day may be opened anew")
    )

    objects = DepartureQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["departs_at"], name="departure_departs_at"),
            # What the sweep mends: departures that do not go as planned, few of all.
            models.Index(
                fields=["arrives_at"],
                condition=Q(state__in=sorted(NOT_RUNNING)) | Q(delay_minutes__gt=0),
                name="departure_disturbed",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["lane", "day"], condition=Q(replaced=False), name="departure_lane_day"),
            models.UniqueConstraint(fields=["round", "day"], condition=Q(replaced=False), name="departure_round_day"),
            models.CheckConstraint(
                condition=Q(replaced=False) | Q(state=DepartureState.CANCELLED), name="departure_replaced_cancelled"
            ),
            models.CheckConstraint(
                condition=Q(lane=None, round__isnull=False) | Q(round=None, lane__isnull=False),
                name="departure_of_one",
            ),
            models.CheckConstraint(condition=Q(driver=None) | Q(lane=None), name="departure_driver_of_round"),
            models.CheckConstraint(
                condition=Q(taken_out__lte=F("crates")) & Q(taken_back__lte=F("crates")), name="departure_capacity"
            ),
            known("state", DepartureState, name="departure_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.lane_id or self.round_id} on {self.day}"

    @property
    def driven_by_id(self) -> int | None:
        """The key of whoever drives it; a lane's driver is nobody's here."""
        return self.driver_id or (self.round.driver_id if self.round else None)
