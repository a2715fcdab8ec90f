"""Samples (网上看样): listings that can be looked at, at a pickup point."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.constraints import known
from marketplace.samples.states import SampleState
from villages.states import PointState


class SampleQuerySet(models.QuerySet):
    def visible_to(self, user) -> "SampleQuerySet":
        """Keep the samples of the points at which a person is an operator now."""
        return self.filter(point__operators__user=user, point__operators__until=None)

    def to_be_seen(self) -> "SampleQuerySet":
        """Keep those on display at points that are open."""
        return self.filter(state=SampleState.ON_DISPLAY, point__state=PointState.OPEN)


class Sample(models.Model):
    """One listing on display at one point; put up again after it was taken down, it is another sample."""

    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="samples")
    product = models.ForeignKey("catalogue.Product", models.PROTECT, related_name="samples")
    state = models.CharField(max_length=12, choices=SampleState, default=SampleState.ON_DISPLAY)
    put_up_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    put_up_at = models.DateTimeField()
    taken_down_at = models.DateTimeField(null=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["point", "product"], condition=Q(state="ON_DISPLAY"), name="sample_once_on_display"
            ),
            models.CheckConstraint(
                condition=Q(state="ON_DISPLAY", taken_down_at=None)
                | Q(state="TAKEN_DOWN", taken_down_at__isnull=False),
                name="sample_taken_down_at",
            ),
            known("state", SampleState, name="sample_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} at {self.point_id}"
