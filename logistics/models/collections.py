"""Hand-overs at the counter, and wrong codes typed there."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from core.sealed import SealedTextField
from logistics.models.consignments import ConsignmentLine
from logistics.states import CollectionProof, CounterPayment


class Collection(models.Model):
    """The hand-over of an order's waiting consignments at the counter (提货)."""

    order = models.ForeignKey("order.Order", models.PROTECT, related_name="collections")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="collections")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proof = models.CharField(max_length=10, choices=CollectionProof)
    proof_reference = models.CharField(max_length=64, blank=True, help_text=_("The nonce of the QR that was shown"))
    nonce = models.CharField(max_length=64, unique=True)
    device = models.ForeignKey("villages.Device", models.PROTECT, null=True, related_name="+")
    collector_name = SealedTextField(blank=True, help_text=_("Who collected for the buyer, where somebody else did"))
    collector_phone = SealedTextField(blank=True)
    cash_fen = models.PositiveIntegerField(default=0)
    paid_by = models.CharField(max_length=13, choices=CounterPayment, default=CounterPayment.CASH)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["point", "occurred_at"], name="collection_point_at"),
            models.Index(fields=["operator", "recorded_at"], name="collection_operator_at"),
        ]
        constraints = [
            known("proof", CollectionProof, name="collection_proof_known"),
            known("paid_by", CounterPayment, name="collection_paid_by_known"),
        ]

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
    """A wrong typed code, counted against the order's issue of it, the point, the device and the operator."""

    order = models.ForeignKey("order.Order", models.CASCADE, related_name="code_attempts")
    point = models.ForeignKey("villages.PickupPoint", models.CASCADE, related_name="code_attempts")
    device = models.ForeignKey("villages.Device", models.SET_NULL, null=True, related_name="+")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    epoch = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["order", "at"], name="code_attempt_order_at"),
            models.Index(fields=["point", "at"], name="code_attempt_point_at"),
            models.Index(fields=["operator", "at"], name="code_attempt_operator_at"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} at {self.at}"


class CodeStepUp(models.Model):
    """An operator gave the second factor, so that a point may go on with typed codes on a day of many wrong ones."""

    point = models.ForeignKey("villages.PickupPoint", models.CASCADE, related_name="code_step_ups")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["point", "at"], name="code_step_up_point_at")]

    def __str__(self) -> str:
        return f"{self.point_id} at {self.at}"
