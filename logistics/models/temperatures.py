"""What a vehicle's temperature loggers measured on a departure."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.storage_class import StorageClass
from logistics.models.network import Departure


class TemperatureReading(models.Model):
    """One reading of a logger; the nonce makes a repeated upload the same reading."""

    departure = models.ForeignKey(Departure, models.PROTECT, related_name="temperature_readings")
    device = models.CharField(max_length=40)
    storage_class = models.CharField(
        max_length=8, choices=StorageClass, blank=True, help_text=_("Of the hold that it hangs in; none: of all goods")
    )
    temperature_c = models.DecimalField(max_digits=5, decimal_places=2)
    nonce = models.CharField(max_length=64, unique=True)
    actor = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["departure", "occurred_at"], name="temperature_of_departure")]
        constraints = [
            models.CheckConstraint(
                condition=Q(storage_class="") | Q(storage_class__in=StorageClass.values),
                name="temperature_class_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} {self.temperature_c} °C"
