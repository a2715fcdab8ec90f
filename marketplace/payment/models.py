"""Payment attempts beside Oscar's payment models: the idempotency key is stored before the provider is called."""

from django.db import models
from django.db.models import Q

from core.constraints import known
from marketplace.payment.states import AttemptState


class PaymentAttempt(models.Model):
    """One try to pay an order with a provider; at most one is open an order."""

    order = models.ForeignKey("order.Order", models.PROTECT, related_name="payment_attempts")
    idempotency_key = models.CharField(max_length=64, unique=True)
    provider = models.CharField(max_length=16)
    provider_reference = models.CharField(max_length=128, blank=True)
    amount_fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=AttemptState, default=AttemptState.OPEN)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(state="OPEN"), name="payment_attempt_open_once"),
            models.UniqueConstraint(fields=["order"], condition=Q(state="SUCCEEDED"), name="payment_success_once"),
            known("state", AttemptState, name="payment_attempt_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


from oscar.apps.payment.models import *  # noqa: E402, F403
