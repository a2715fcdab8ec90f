"""Payment attempts and refunds beside Oscar's payment models: each key is stored before the provider is called."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.constraints import known
from marketplace.payment.states import CAPTURED, AttemptState, RefundReason, RefundState


class PaymentAttempt(models.Model):
    """One try to pay an order with a provider; at most one is open an order, and one paid that nothing was given for.

    ``collection`` is the hand-over that it paid for, and ``spent_fen`` what that cost; neither changes afterwards.
    """

    order = models.ForeignKey("order.Order", models.PROTECT, related_name="payment_attempts")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, null=True, related_name="+")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=40, unique=True)
    provider = models.CharField(max_length=16)
    provider_reference = models.CharField(max_length=128, blank=True)
    qr_text = models.CharField(max_length=512, blank=True)
    amount_fen = models.PositiveBigIntegerField()
    captured_fen = models.PositiveBigIntegerField(null=True, help_text="What the provider says was paid")
    state = models.CharField(max_length=10, choices=AttemptState, default=AttemptState.OPEN)
    collection = models.OneToOneField("logistics.Collection", models.PROTECT, null=True, related_name="payment")
    spent_fen = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField()
    next_look_at = models.DateTimeField(null=True, help_text="Until then somebody has asked, or asks, the provider")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="OPEN"), name="payment_attempt_open"),
            models.Index(
                fields=["settled_at"], condition=Q(state="SUCCEEDED", collection=None), name="payment_unspent"
            ),
            models.Index(fields=["provider_reference"], name="payment_attempt_reference"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(state="OPEN"), name="payment_attempt_open_once"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="SUCCEEDED", collection=None), name="payment_unspent_once"
            ),
            known("state", AttemptState, name="payment_attempt_state_known"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payment_attempt_amount"),
            models.CheckConstraint(
                condition=Q(state__in=CAPTURED, captured_fen__isnull=False, captured_fen__gt=0)
                | (~Q(state__in=CAPTURED) & Q(captured_fen=None)),
                name="payment_attempt_captured",
            ),
            models.CheckConstraint(
                condition=Q(collection=None, spent_fen=None)
                | Q(
                    collection__isnull=False,
                    state="SUCCEEDED",
                    spent_fen__isnull=False,
                    spent_fen__gt=0,
                    spent_fen__lte=F("captured_fen"),
                ),
                name="payment_attempt_spent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"

    @property
    def change_fen(self) -> int:
        """What was paid beyond what the hand-over cost; the provider pays it back."""
        return (self.captured_fen or 0) - (self.spent_fen or 0)


class PaymentRefund(models.Model):
    """Money that the provider pays back of an attempt: once by its key, tried until the provider says it is done."""

    attempt = models.ForeignKey(PaymentAttempt, models.PROTECT, related_name="refunds")
    key = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=6, choices=RefundReason)
    amount_fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=7, choices=RefundState, default=RefundState.DUE)
    tries = models.PositiveIntegerField(default=0)
    turn = models.PositiveIntegerField(default=0, help_text="How often staff had a refused one tried again")
    next_try_at = models.DateTimeField()
    last_error = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="DUE"), name="payment_refund_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"], condition=Q(reason__in=["CHANGE", "UNUSED"]), name="payment_refund_once"
            ),
            known("state", RefundState, name="payment_refund_state_known"),
            known("reason", RefundReason, name="payment_refund_reason_known"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payment_refund_amount"),
            models.CheckConstraint(
                condition=Q(state="DONE", done_at__isnull=False) | (~Q(state="DONE") & Q(done_at=None)),
                name="payment_refund_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.amount_fen} {self.state}"


class RehearsedPayment(models.Model):
    """What the demonstration's provider knows of a payment; no money moves."""

    reference = models.CharField(max_length=32, unique=True)
    key = models.CharField(max_length=40, unique=True)
    description = models.CharField(max_length=128)
    amount_fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=AttemptState, default=AttemptState.OPEN)

    class Meta:
        constraints = [known("state", AttemptState, name="payment_rehearsed_state_known")]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"


class RehearsedRefund(models.Model):
    """What the demonstration's provider paid back, once by its key."""

    payment = models.ForeignKey(RehearsedPayment, models.CASCADE, related_name="refunds")
    key = models.CharField(max_length=64, unique=True)
    amount_fen = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.payment_id} {self.amount_fen}"


from oscar.apps.payment.models import *  # noqa: E402, F403
