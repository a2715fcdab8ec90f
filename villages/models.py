"""The register of divisions, and the pickup points with their hours, capacity, operators and devices."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.constraints import known
from core.storage_class import StorageClass
from villages import codes
from villages.states import (
    InvitationState,
    Level,
    LocationPrecision,
    OperatorRole,
    PairingState,
    PointKind,
    PointState,
)

REGISTER_BEGAN = dt.date(2023, 1, 1)


class DivisionQuerySet(models.QuerySet):
    def within(self, code: str) -> "DivisionQuerySet":
        """Keep the divisions at or below a code: an index range."""
        return self.filter(code__range=codes.span(code))

    def valid_on(self, day: dt.date) -> "DivisionQuerySet":
        """Keep the divisions that exist on a day."""
        return self.filter(valid_from__lte=day).filter(Q(valid_to=None) | Q(valid_to__gt=day))


class Division(models.Model):
    """A row of the national register. Rows are never edited: they end, and a succession names what follows."""

    code = models.CharField(_("Code"), max_length=12, primary_key=True)
    name = models.CharField(pgettext_lazy("of a place", "Name"), max_length=64)
    level = models.CharField(_("Level"), max_length=10, choices=Level)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children", verbose_name=_("Parent"))
    longitude = models.DecimalField(_("Longitude"), max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(_("Latitude"), max_digits=9, decimal_places=6, null=True)
    is_urban = models.BooleanField(_("Urban"), null=True, help_text=_("Known for village-level divisions"))
    host = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="zones",
        verbose_name=_("Host county"),
        help_text=_("The county on whose ground a statistical zone lies"),
    )
    valid_from = models.DateField(_("Valid from"), default=REGISTER_BEGAN)
    valid_to = models.DateField(_("Valid until"), null=True, help_text=_("The first day on which it is no more"))

    objects = DivisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("Division")
        verbose_name_plural = _("Divisions")
        indexes = [models.Index(fields=["level", "code"], name="division_level_code")]
        constraints = [
            models.CheckConstraint(condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="division_dates"),
            known("level", Level, name="division_level_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def hub_county_code(self) -> str:
        """The county whose hub serves this division: its own, or the host's for a statistical zone."""
        return self.host_id or self.code


class DivisionSuccession(models.Model):
    """One division followed another on a day: 宁乡县 430124 became 宁乡市 430182."""

    predecessor = models.ForeignKey(Division, models.PROTECT, related_name="successions")
    successor = models.ForeignKey(Division, models.PROTECT, related_name="predecessions")
    on_date = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["predecessor", "successor"], name="succession_once")]

    def __str__(self) -> str:
        return f"{self.predecessor_id} → {self.successor_id}"


class PickupPointQuerySet(models.QuerySet):
    def open(self) -> "PickupPointQuerySet":
        return self.filter(state=PointState.OPEN)

    def within(self, code: str) -> "PickupPointQuerySet":
        """Keep the points at or below a division."""
        return self.filter(division__code__range=codes.span(code))

    def keeping(self, *storage_classes: str) -> "PickupPointQuerySet":
        """Tell of each point, in the same query, whether it keeps these storage classes: ``point.storage_classes``."""
        kept = PointCapacity.objects.filter(point=models.OuterRef("pk"), crates_per_day__gt=0)
        return self.annotate(
            **{f"keeps_{each}": models.Exists(kept.filter(storage_class=each)) for each in storage_classes}
        )

    def visible_to(self, user) -> "PickupPointQuerySet":
        """Keep the points at which the user is an operator now."""
        return self.filter(operators__user=user, operators__until=None)

    def owned_by(self, user) -> "PickupPointQuerySet":
        """Keep the points that the user owns now."""
        return self.filter(operators__user=user, operators__until=None, operators__role=OperatorRole.OWNER)


class PickupPoint(models.Model):
    """A place where parcels are collected (提货网点), and where sellers drop theirs."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(pgettext_lazy("of a place", "Name"), max_length=64)
    kind = models.CharField(_("Kind"), max_length=20, choices=PointKind)
    state = models.CharField(_("State"), max_length=10, choices=PointState, default=PointState.APPLIED)
    division = models.ForeignKey(Division, models.PROTECT, related_name="points", verbose_name=_("Division"))
    address = models.CharField(_("Address"), max_length=128)
    contact_name = models.CharField(_("Contact"), max_length=32)
    contact_phone = models.CharField(_("Public phone"), max_length=20)
    longitude = models.DecimalField(_("Longitude"), max_digits=9, decimal_places=6)
    latitude = models.DecimalField(_("Latitude"), max_digits=9, decimal_places=6)
    location_precision = models.CharField(
        _("Precision of the place"), max_length=12, choices=LocationPrecision, default=LocationPrecision.APPROXIMATE
    )
    created_at = models.DateTimeField(_("Created"))
    opened_at = models.DateTimeField(_("Opened"), null=True)

    objects = PickupPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("Pickup point")
        verbose_name_plural = _("Pickup points")
        indexes = [models.Index(fields=["state", "division"], name="point_state_division")]
        constraints = [
            known("kind", PointKind, name="point_kind_known"),
            known("state", PointState, name="point_state_known"),
            known("location_precision", LocationPrecision, name="point_precision_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def county_code(self) -> str:
        return codes.county_of(self.division_id)

    @property
    def storage_classes(self) -> set[str]:
        """The storage classes that the point keeps; without a query where it was fetched by ``keeping``."""
        if hasattr(self, f"keeps_{StorageClass.AMBIENT}"):
            return {each for each in StorageClass.values if getattr(self, f"keeps_{each}", False)}
        return {capacity.storage_class for capacity in self.capacities.all() if capacity.crates_per_day}


class PointHours(models.Model):
    """When a point is open on one weekday (0 is Monday)."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.UniqueConstraint(fields=["point", "weekday", "opens"], name="point_hours_once"),
            models.CheckConstraint(condition=Q(weekday__lte=6) & Q(closes__gt=F("opens")), name="point_hours_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.weekday} {self.opens}–{self.closes}"


class PointHoliday(models.Model):
    """Days on which a point stays closed (放假); one that was withdrawn counts no more."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="holidays")
    first_day = models.DateField(_("First day"))
    last_day = models.DateField(_("Last day"))
    note = models.CharField(_("Why"), max_length=40, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["first_day"]
        indexes = [
            models.Index(fields=["point", "last_day"], name="point_holiday_ahead"),
            models.Index(fields=["withdrawn_at"], name="point_holiday_withdrawn"),  # whoever promises asks for the last
        ]
        constraints = [models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="point_holiday_days")]

    def __str__(self) -> str:
        return f"{self.point_id} {self.first_day}–{self.last_day}"


class PointCapacity(models.Model):
    """A storage class that a point keeps, and how many crates of it a day. No row: the point does not keep it."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="capacities")
    storage_class = models.CharField(max_length=8, choices=StorageClass)
    crates_per_day = models.PositiveIntegerField()

    class Meta:
        ordering = ["storage_class"]
        constraints = [
            models.UniqueConstraint(fields=["point", "storage_class"], name="point_capacity_once"),
            known("storage_class", StorageClass, name="point_capacity_class_known"),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.storage_class} {self.crates_per_day}"


class PointDay(models.Model):
    """The crates of one storage class at one point on one day: capacity of that day, and what is held of it."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="days")
    day = models.DateField()
    storage_class = models.CharField(max_length=8, choices=StorageClass)
    capacity = models.PositiveIntegerField()
    held = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point", "day", "storage_class"], name="point_day_once"),
            models.CheckConstraint(condition=Q(held__gte=0) & Q(held__lte=F("capacity")), name="point_day_held"),
            known("storage_class", StorageClass, name="point_day_class_known"),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.day} {self.storage_class} {self.held}/{self.capacity}"


class Operator(models.Model):
    """A person authorised at a point (操作员), until a moment or still."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="operators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="operator_of")
    role = models.CharField(max_length=8, choices=OperatorRole, default=OperatorRole.OPERATOR)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point", "user"], condition=Q(until=None), name="operator_once"),
            known("role", OperatorRole, name="operator_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.point_id}"


class Invitation(models.Model):
    """A link by which one person becomes an operator of a point; the link itself is signed and not kept."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="invitations")
    state = models.CharField(max_length=10, choices=InvitationState, default=InvitationState.OPEN)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("state", InvitationState, name="invitation_state_known"),
            models.CheckConstraint(
                condition=Q(state="ACCEPTED", accepted_by__isnull=False) | (~Q(state="ACCEPTED") & Q(accepted_by=None)),
                name="invitation_accepted_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} to {self.point_id} {self.state}"


class Device(models.Model):
    """A phone or scanner paired with a point; only the hash of its token is kept."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="devices")
    name = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True)
    paired_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    paired_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class PairingRequest(models.Model):
    """A phone asks to be paired (配对); what it keeps becomes the device's token when an owner confirms.

    :param number: what the owner scans or types. :param compare_code: six digits that both screens show.
    """

    number = models.CharField(max_length=12, unique=True)
    compare_code = models.CharField(max_length=6)
    token_hash = models.CharField(max_length=64, unique=True)
    network_address_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=PairingState, default=PairingState.WAITING)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["network_address_hash", "asked_at"], name="pairing_address_at")]
        constraints = [known("state", PairingState, name="pairing_state_known")]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"
