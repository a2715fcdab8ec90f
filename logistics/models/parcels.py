"""Parcels (件) and the scans that move them."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from logistics.models.consignments import Consignment, Leg
from logistics.models.network import Departure, Hub
from logistics.states import ParcelState, ScanKind


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
    strayed = models.BooleanField(default=False, help_text=_("It was left behind and travels on legs of its own"))
    epc = models.CharField(
        _("RFID tag"), max_length=24, null=True, unique=True, help_text=_("SGTIN-96 or SSCC-96, 24 hexadecimal digits")
    )
    temperature_breach_at = models.DateTimeField(null=True, help_text=_("First reading beyond its storage class"))
    damaged_at = models.DateTimeField(null=True, help_text=_("When its point found it damaged"))
    shelf = models.CharField(_("Shelf"), max_length=12, blank=True)
    packed_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    objects = ParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("Parcel")
        verbose_name_plural = _("Parcels")
        ordering = ["consignment", "sequence"]
        indexes = [models.Index(fields=["hub", "state"], name="parcel_hub_state")]
        constraints = [
            models.UniqueConstraint(fields=["consignment", "sequence"], name="parcel_once"),
            known("state", ParcelState, name="parcel_state_known"),
        ]

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
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    temperature_c = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        # What the sweep asks for: the few parcels that turned up where they were not expected.
        indexes = [models.Index(fields=["parcel"], condition=Q(kind="SURPLUS"), name="scan_surplus")]
        constraints = [
            known("kind", ScanKind, name="scan_kind_known"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="scan_position",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.parcel_id}"

    @property
    def number(self) -> str:
        return self.parcel.number


class StopClosing(models.Model):
    """An operator has checked off what a departure brought to a point."""

    departure = models.ForeignKey(Departure, models.PROTECT, related_name="stop_closings")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="+")
    actor = models.CharField(max_length=64)
    closed_at = models.DateTimeField()
    expected = models.PositiveIntegerField()
    short = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["departure", "point"], name="stop_closing_once")]

    def __str__(self) -> str:
        return f"{self.departure_id} at {self.point_id}"
