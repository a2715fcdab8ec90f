"""The network: hubs, lanes, rounds with their stops, and their departures."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from logistics.states import NOT_RUNNING, DepartureState, HubKind

EVERY_DAY = "1234567"


class HubQuerySet(models.QuerySet):
    def visible_to(self, user) -> "HubQuerySet":
        """Keep the hubs at which the user works now."""
        return self.filter(workers__user=user, workers__until=None)


class Hub(models.Model):
    """A prefecture or county transit centre (分拨中心)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=HubKind)
    division = models.ForeignKey("villages.Division", models.PROTECT, related_name="hubs")
    longitude = models.DecimalField(max_digits=9, decimal_places=6)
    latitude = models.DecimalField(max_digits=9, decimal_places=6)

    objects = HubQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["division", "kind"], name="hub_once"),
            known("kind", HubKind, name="hub_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


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


class Timetable(models.Model):
    """What lanes and rounds share: weekdays (digits 1–7, Monday first), departure, capacity and storage classes."""

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


class Lane(Timetable):
    """A timetable between two hubs (干线)."""

    origin = models.ForeignKey(Hub, models.PROTECT, related_name="lanes_out")
    destination = models.ForeignKey(Hub, models.PROTECT, related_name="lanes_in")
    duration_minutes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "destination", "departs", "valid_from"], name="lane_once"),
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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hub", "name", "departs", "valid_from"], name="round_once")]

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
            Q(round__driver=user) | Q(round__hub__in=hubs) | Q(lane__origin__in=hubs) | Q(lane__destination__in=hubs)
        )


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
    crates = models.PositiveIntegerField()
    taken_out = models.PositiveIntegerField(default=0)
    taken_back = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=DepartureState, default=DepartureState.SCHEDULED)

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
            models.UniqueConstraint(fields=["lane", "day"], name="departure_lane_day"),
            models.UniqueConstraint(fields=["round", "day"], name="departure_round_day"),
            models.CheckConstraint(
                condition=Q(lane=None, round__isnull=False) | Q(round=None, lane__isnull=False),
                name="departure_of_one",
            ),
            models.CheckConstraint(
                condition=Q(taken_out__lte=F("crates")) & Q(taken_back__lte=F("crates")), name="departure_capacity"
            ),
            known("state", DepartureState, name="departure_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.lane_id or self.round_id} on {self.day}"
