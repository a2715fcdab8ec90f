"""Offline leases: one phone of a point may hand over without network; what it uploads later."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from core.sealed import SealedTextField
from logistics.models.collections import Collection
from logistics.models.consignments import Consignment
from logistics.states import UNDECIDED, LeaseEnd, LeaseState, UploadKind, UploadState, UploadWhy


class OfflineLeaseQuerySet(models.QuerySet):
    def live(self, at) -> "OfflineLeaseQuerySet":
        """Keep those in force at a moment; one whose time is over is not, whether or not that was noted."""
        return self.filter(state=LeaseState.LIVE, until__gt=at)

    def at_points_of(self, user) -> "OfflineLeaseQuerySet":
        """Keep those of points where the user is an operator now."""
        return self.filter(point__operators__user=user, point__operators__until=None)


class OfflineLease(models.Model):
    """One device's leave to hand over at its point without network (离线租约), until a time.

    :param epoch: counts up by point, so that what is done under an older lease is known as such.
    """

    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="leases")
    device = models.ForeignKey("villages.Device", models.PROTECT, related_name="leases")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=5, choices=LeaseState, default=LeaseState.LIVE)
    granted_at = models.DateTimeField()
    until = models.DateTimeField()
    synced_at = models.DateTimeField(null=True, help_text=_("When its device last uploaded what it did"))
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    end_reason = models.CharField(max_length=16, choices=LeaseEnd, blank=True)

    objects = OfflineLeaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point"], condition=Q(state="LIVE"), name="lease_one_live"),
            models.UniqueConstraint(fields=["point", "epoch"], name="lease_epoch_once"),
            models.CheckConstraint(condition=Q(until__gt=models.F("granted_at")), name="lease_forward"),
            models.CheckConstraint(
                condition=Q(state="LIVE", ended_at=None, end_reason="")
                | Q(state="ENDED", ended_at__isnull=False, end_reason__in=LeaseEnd.values),
                name="lease_ended_why",
            ),
            known("state", LeaseState, name="lease_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} epoch {self.epoch} {self.state}"


class LeasedConsignment(models.Model):
    """A consignment that only the lease's device may hand over while the lease lives."""

    lease = models.ForeignKey(OfflineLease, models.CASCADE, related_name="leased")
    consignment = models.ForeignKey(Consignment, models.PROTECT, related_name="leased")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lease", "consignment"], name="leased_once")]

    def __str__(self) -> str:
        return f"{self.lease_id}: {self.consignment_id}"


class OfflineUploadQuerySet(models.QuerySet):
    def at_points_of(self, user) -> "OfflineUploadQuerySet":
        """Keep those of points where the user is an operator now."""
        return self.filter(lease__point__operators__user=user, lease__point__operators__until=None)


class OfflineUpload(models.Model):
    """What a phone did without network, as it told it later: once by its nonce.

    :param payload: what the phone said, as JSON and sealed; it may name who collected. The code is not in it.
    :param code: the QR's text or the typed digits, sealed until they are checked, and dropped then.
    :param order: whose hand-over it means to be, where the point has such an order.
    :param detail: what the refusal said beyond ``why``.
    """

    nonce = models.CharField(max_length=64, unique=True)
    lease = models.ForeignKey(OfflineLease, models.PROTECT, related_name="uploads")
    kind = models.CharField(max_length=9, choices=UploadKind)
    order = models.ForeignKey("order.Order", models.PROTECT, null=True, related_name="uploads")
    payload = SealedTextField()
    code = SealedTextField(blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=UploadState, default=UploadState.PENDING)
    why = models.CharField(max_length=12, choices=UploadWhy, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    collection = models.OneToOneField(Collection, models.PROTECT, null=True, related_name="upload")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(_("Why it is closed"), max_length=200, blank=True)

    objects = OfflineUploadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["lease", "state"], name="upload_lease_state"),
            models.Index(fields=["order"], condition=Q(state__in=sorted(UNDECIDED)), name="upload_undecided"),
        ]
        constraints = [
            known("kind", UploadKind, name="upload_kind_known"),
            known("state", UploadState, name="upload_state_known"),
            models.CheckConstraint(condition=Q(why__in=["", *UploadWhy.values]), name="upload_why_known"),
            models.CheckConstraint(condition=~Q(state="EXCEPTION") | ~Q(why=""), name="upload_exception_why"),
            models.CheckConstraint(condition=~Q(state__in=["APPLIED", "CLOSED"]) | Q(code=""), name="upload_no_code"),
            models.CheckConstraint(
                condition=~Q(state="CLOSED") | Q(decided_by__isnull=False) & ~Q(note=""), name="upload_closed_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.nonce} {self.state}"
