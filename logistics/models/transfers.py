"""How long goods need at a hub, from a day on."""

from django.db import models
from django.db.models import Q

from logistics.models.network import Hub


class HubTransferQuerySet(models.QuerySet):
    def in_force(self) -> "HubTransferQuerySet":
        return self.filter(withdrawn_at=None)


class HubTransfer(models.Model):
    """Minutes that goods need at a hub, from one vehicle to the dock of the next, before its cut-off.

    It holds for what arrives from a day on, until another begins; before the first of a hub there is no such time.
    None is edited: one that was withdrawn or replaced before it began stays as a row.
    """

    hub = models.ForeignKey(Hub, models.CASCADE, related_name="transfers")
    minutes = models.PositiveSmallIntegerField()
    valid_from = models.DateField()
    withdrawn_at = models.DateTimeField(null=True)

    objects = HubTransferQuerySet.as_manager()

    class Meta:
        ordering = ["hub", "valid_from", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hub", "valid_from"], condition=Q(withdrawn_at=None), name="hub_transfer_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hub_id}: {self.minutes} from {self.valid_from}"
