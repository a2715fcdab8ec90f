"""The network (hubs, lanes, rounds, departures) and what travels on it (consignments, parcels, legs, scans)."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.storage_class import StorageClass
from logistics.states import (
    CollectionProof,
    ConsignmentState,
    DepartureState,
    Direction,
    HubKind,
    ParcelState,
    ScanKind,
)

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
        constraints = [models.UniqueConstraint(fields=["division", "kind"], name="hub_once")]

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
    departs_at = models.DateTimeField()
    arrives_at = models.DateTimeField(help_text=_("At the other hub; of a round: back at its hub"))
    crates = models.PositiveIntegerField()
    taken_out = models.PositiveIntegerField(default=0)
    taken_back = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=DepartureState, default=DepartureState.SCHEDULED)

    objects = DepartureQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["departs_at"], name="departure_departs_at")]
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
        ]

    def __str__(self) -> str:
        return f"{self.lane_id or self.round_id} on {self.day}"


class ConsignmentQuerySet(models.QuerySet):
    def at_points_of(self, user) -> "ConsignmentQuerySet":
        """Keep what is bound for, or waits at, points where the user is an operator now."""
        return self.filter(point__operators__user=user, point__operators__until=None)

    def of_sellers_of(self, user) -> "ConsignmentQuerySet":
        """Keep what the user's own sellers send."""
        return self.filter(seller__users=user)


class Consignment(models.Model):
    """What one seller sends of an order in one storage class (运单). In AWAITING_ROUTE its row is the queue."""

    number = models.CharField(_("Number"), max_length=16, unique=True)
    order = models.ForeignKey("order.Order", models.PROTECT, related_name="consignments")
    seller = models.ForeignKey("partner.Partner", models.PROTECT, related_name="consignments")
    origin_stop = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="consignments_out")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="consignments_in")
    storage_class = models.CharField(_("Storage class"), max_length=8, choices=StorageClass)
    state = models.CharField(_("State"), max_length=16, choices=ConsignmentState)
    crates = models.PositiveIntegerField(_("Crates"))
    freight_fen = models.PositiveIntegerField(_("Freight (fen)"))
    held_day = models.DateField(_("Day whose crates at the point are held"))
    promised_at = models.DateTimeField(_("Promised"), null=True)
    planned_at = models.DateTimeField(_("Planned arrival"), null=True)
    collect_by = models.DateTimeField(_("To be collected by"), null=True)
    created_at = models.DateTimeField(_("Created"))
    ready_from = models.DateTimeField(_("Can be dropped from"))
    routed_at = models.DateTimeField(_("Routed"), null=True)
    packed_at = models.DateTimeField(_("Packed"), null=True)
    arrived_at = models.DateTimeField(_("Arrived"), null=True)
    ended_at = models.DateTimeField(_("Ended"), null=True)
    route_version = models.PositiveIntegerField(default=0)
    routing_lease_until = models.DateTimeField(null=True)
    routing_attempts = models.PositiveIntegerField(default=0)

    objects = ConsignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("Consignment")
        verbose_name_plural = _("Consignments")
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="AWAITING_ROUTE"), name="consignment_awaiting_route"),
            models.Index(fields=["point", "state"], name="consignment_point_state"),
            models.Index(fields=["seller", "state"], name="consignment_seller_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(crates__gt=0), name="consignment_crates"),
            models.CheckConstraint(condition=Q(state__in=ConsignmentState.values), name="consignment_state_known"),
        ]

    def __str__(self) -> str:
        return self.number


class ConsignmentLine(models.Model):
    """How much of an order line travels in a consignment, and what became of each unit."""

    consignment = models.ForeignKey(Consignment, models.PROTECT, related_name="lines")
    order_line = models.ForeignKey("order.Line", models.PROTECT, related_name="consignment_lines")
    ordered = models.PositiveIntegerField()
    open = models.PositiveIntegerField()
    cancelled = models.PositiveIntegerField(default=0)
    short = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    expired = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    refunded = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consignment", "order_line"], name="consignment_line_once"),
            models.CheckConstraint(
                condition=Q(
                    ordered=F("open") + F("cancelled") + F("short") + F("rejected") + F("expired") + F("taken")
                ),
                name="consignment_line_quantity",
            ),
            models.CheckConstraint(condition=Q(returned__lte=F("taken")), name="consignment_line_returned"),
            models.CheckConstraint(
                condition=Q(refunded__lte=F("ordered") - F("open") - F("taken") + F("returned")),
                name="consignment_line_refunded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consignment_id}: {self.order_line_id} × {self.ordered}"


class Leg(models.Model):
    """A consignment's planned place on one departure (路段). A re-route writes legs of the next route version."""

    consignment = models.ForeignKey(Consignment, models.PROTECT, related_name="legs")
    route_version = models.PositiveIntegerField()
    sequence = models.PositiveSmallIntegerField()
    departure = models.ForeignKey(Departure, models.PROTECT, related_name="legs")
    direction = models.CharField(max_length=4, choices=Direction)
    crates = models.PositiveIntegerField()
    departs_at = models.DateTimeField(help_text=_("From the leg's own start, which on a round may be a stop"))
    arrives_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["consignment", "route_version", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["consignment", "route_version", "sequence"], name="leg_once"),
            models.CheckConstraint(condition=Q(arrives_at__gte=F("departs_at")), name="leg_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.consignment_id} v{self.route_version} #{self.sequence}"


class ParcelQuerySet(models.QuerySet):
    def at_points_of(self, user) -> "ParcelQuerySet":
        """Keep the parcels bound for, or at, points where the user is an operator now."""
        return self.filter(consignment__point__operators__user=user, consignment__point__operators__until=None)

    def at_stops_of(self, user) -> "ParcelQuerySet":
        """Keep the parcels that are dropped, or are to be dropped, at points where the user is an operator now."""
        return self.filter(
            consignment__origin_stop__operators__user=user, consignment__origin_stop__operators__until=None
        )

    def visible_to_movers(self, user) -> "ParcelQuerySet":
        """Keep the parcels whose route in force uses a departure that the user drives or handles at an own hub."""
        legs = Leg.objects.filter(
            departure__in=Departure.objects.visible_to(user), released_at=None, consignment=OuterRef("consignment")
        )
        return self.filter(Exists(legs))


class Parcel(models.Model):
    """One box of a consignment (件), with its own label, crates, scans and shelf."""

    number = models.CharField(_("Number"), max_length=16, unique=True)
    consignment = models.ForeignKey(Consignment, models.PROTECT, related_name="parcels")
    sequence = models.PositiveSmallIntegerField()
    crates = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=ParcelState, default=ParcelState.PACKED)
    hub = models.ForeignKey(Hub, models.PROTECT, null=True, related_name="parcels")
    departure = models.ForeignKey(Departure, models.PROTECT, null=True, related_name="parcels")
    shelf = models.CharField(_("Shelf"), max_length=12, blank=True)
    packed_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    objects = ParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("Parcel")
        verbose_name_plural = _("Parcels")
        ordering = ["consignment", "sequence"]
        indexes = [models.Index(fields=["hub", "state"], name="parcel_hub_state")]
        constraints = [models.UniqueConstraint(fields=["consignment", "sequence"], name="parcel_once")]

    def __str__(self) -> str:
        return self.number


class Scan(models.Model):
    """One reading of a parcel's label by somebody somewhere; the nonce makes a repeated upload the same scan."""

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="scans")
    kind = models.CharField(max_length=8, choices=ScanKind)
    hub = models.ForeignKey(Hub, models.PROTECT, null=True, related_name="+")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, null=True, related_name="+")
    departure = models.ForeignKey(Departure, models.PROTECT, null=True, related_name="+")
    nonce = models.CharField(max_length=64, unique=True)
    actor = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.parcel_id}"


class Collection(models.Model):
    """The hand-over of an order's waiting consignments at the counter (提货)."""

    order = models.ForeignKey("order.Order", models.PROTECT, related_name="collections")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="collections")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proof = models.CharField(max_length=10, choices=CollectionProof)
    nonce = models.CharField(max_length=64, unique=True)
    cash_fen = models.PositiveIntegerField(default=0)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["point", "occurred_at"], name="collection_point_at")]

    def __str__(self) -> str:
        return f"{self.order_id} at {self.occurred_at}"


class CollectionLine(models.Model):
    """What of one consignment line was taken, short or rejected in a collection; frozen with its value in fen."""

    collection = models.ForeignKey(Collection, models.PROTECT, related_name="lines")
    consignment_line = models.ForeignKey(ConsignmentLine, models.PROTECT, related_name="collection_lines")
    taken = models.PositiveIntegerField()
    short = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    taken_fen = models.PositiveIntegerField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "consignment_line"], name="collection_line_once"),
            models.CheckConstraint(
                condition=Q(taken__gt=0) | Q(short__gt=0) | Q(rejected__gt=0), name="collection_line_some"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.collection_id}: {self.consignment_line_id}"


class CodeAttempt(models.Model):
    """A wrong typed code, counted against the order, the point and the operator who typed it."""

    order = models.ForeignKey("order.Order", models.CASCADE, related_name="code_attempts")
    point = models.ForeignKey("villages.PickupPoint", models.CASCADE, related_name="code_attempts")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["order", "at"], name="code_attempt_order_at")]

    def __str__(self) -> str:
        return f"{self.order_id} at {self.at}"
