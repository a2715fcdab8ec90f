"""What travels: consignments with their lines, and their legs on departures."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from core.storage_class import StorageClass
from logistics.models.network import Departure
from logistics.states import ConsignmentState, Direction, FreightFunder


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
    freight_funded_fen = models.PositiveIntegerField(default=0)
    freight_funder = models.CharField(max_length=10, choices=FreightFunder, blank=True)
    held_day = models.DateField(_("Day whose crates at the point are held"))
    promised_at = models.DateTimeField(_("Promised"), null=True)
    planned_at = models.DateTimeField(_("Planned arrival"), null=True)
    expected_at = models.DateTimeField(_("Expected"), null=True, help_text=_("The promise as its route stands now"))
    collect_by = models.DateTimeField(_("To be collected by"), null=True)
    created_at = models.DateTimeField(_("Created"))
    waiting_since = models.DateTimeField(null=True, help_text=_("When it last began to wait for a route"))
    ready_from = models.DateTimeField(_("Can be dropped from"))
    routed_at = models.DateTimeField(_("Routed"), null=True)
    packed_at = models.DateTimeField(_("Packed"), null=True)
    reminders = models.PositiveSmallIntegerField(default=0, help_text=_("How many were sent since it arrived"))
    extended_at = models.DateTimeField(null=True, help_text=_("When the buyer asked for more time"))
    arrived_at = models.DateTimeField(_("Arrived"), null=True)
    handed_over_from = models.DateTimeField(
        null=True, help_text=_("When its point could hand it over first, by its opening hours when it arrived")
    )
    ended_at = models.DateTimeField(_("Ended"), null=True)  # for its buyer; goods that expired are back later
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
            models.Index(fields=["collect_by"], condition=Q(state="AT_POINT"), name="consignment_due"),
            # What the boards show as late, few of all.
            models.Index(
                fields=["state", "expected_at"],
                condition=Q(expected_at__gt=F("promised_at")),
                name="consignment_late",
            ),
            models.Index(
                fields=["promised_at"],
                condition=Q(state="IN_TRANSIT", expected_at=None, planned_at=None),
                name="consignment_taken_back",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(crates__gt=0), name="consignment_crates"),
            models.CheckConstraint(
                condition=Q(freight_funder="", freight_funded_fen=0) | Q(freight_funder__in=FreightFunder.values),
                name="consignment_freight_funder",
            ),
            known("state", ConsignmentState, name="consignment_state_known"),
            models.CheckConstraint(
                condition=~Q(state=ConsignmentState.AWAITING_ROUTE) | Q(waiting_since__isnull=False),
                name="consignment_waits_since",
            ),
            known("storage_class", StorageClass, name="consignment_class_known"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_taken_back(self) -> bool:
        """Whether its promise was taken back and no new one made: a vehicle stopped with a part of it aboard, or none
        can bring it.
        """
        if self.expected_at is not None or self.planned_at is not None:
            return False
        waits = self.state == ConsignmentState.AWAITING_ROUTE and self.promised_at is not None
        return waits or self.state == ConsignmentState.IN_TRANSIT


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


class LegQuerySet(models.QuerySet):
    def in_force(self) -> "LegQuerySet":
        """Keep the legs that are ridden or to be ridden; those of an abandoned route are released."""
        return self.filter(released_at=None)


class Leg(models.Model):
    """A consignment's planned place on one departure (路段). A re-route writes legs of the next route version.

    A parcel that was left behind while the others of its consignment went on has legs of its own: ``parcel`` names it.
    """

    consignment = models.ForeignKey(Consignment, models.PROTECT, related_name="legs")
    parcel = models.ForeignKey("logistics.Parcel", models.PROTECT, null=True, related_name="own_legs")
    route_version = models.PositiveIntegerField()
    sequence = models.PositiveSmallIntegerField()
    departure = models.ForeignKey(Departure, models.PROTECT, related_name="legs")
    direction = models.CharField(max_length=4, choices=Direction)
    crates = models.PositiveIntegerField()
    departs_at = models.DateTimeField(help_text=_("From the leg's own start, which on a round may be a stop"))
    arrives_at = models.DateTimeField()
    loaded_at = models.DateTimeField(null=True, help_text=_("When the last of its parcels was loaded"))
    released_at = models.DateTimeField(null=True)
    is_too_tight = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("The hub before it has come to need more time than there is: it is not got on"),
    )

    objects = LegQuerySet.as_manager()

    class Meta:
        ordering = ["consignment", "route_version", "sequence"]
        indexes = [
            models.Index(fields=["departs_at"], condition=Q(released_at=None, loaded_at=None), name="leg_to_be_loaded"),
            models.Index(fields=["departs_at"], condition=Q(released_at=None, is_too_tight=True), name="leg_too_tight"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["consignment", "route_version", "sequence"], condition=Q(parcel=None), name="leg_once"
            ),
            models.UniqueConstraint(
                fields=["parcel", "route_version", "sequence"], condition=~Q(parcel=None), name="leg_of_parcel_once"
            ),
            models.CheckConstraint(condition=Q(arrives_at__gte=F("departs_at")), name="leg_forward"),
            known("direction", Direction, name="leg_direction_known"),
        ]

    def __str__(self) -> str:
        return f"{self.consignment_id} v{self.route_version} #{self.sequence}"
