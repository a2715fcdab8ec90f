"""What the counter keeps of its own: the daily cash-up."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class WrongPointLookup(models.Model):
    """Somebody showed at a point what is kept at another, and was told where; counted, so that it is no way to search.

    :param shown: what was scanned: the buyer's QR of an order, or the label of a parcel.
    """

    point = models.ForeignKey("villages.PickupPoint", models.CASCADE, related_name="+")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    device = models.ForeignKey("villages.Device", models.SET_NULL, null=True, related_name="+")
    shown = models.CharField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["operator", "at"], name="wrong_point_operator_at")]

    def __str__(self) -> str:
        return f"{self.shown} at {self.point_id} {self.at}"


class CashUp(models.Model):
    """An operator counted the cash of a stretch of hand-overs (日结); the owner of the point signs it off.

    :param until: the last collection that is counted; the next cash-up begins after it.
    """

    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="cash_ups")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    until = models.ForeignKey("logistics.Collection", models.PROTECT, related_name="+")
    collections = models.PositiveIntegerField()
    expected_fen = models.PositiveIntegerField()
    counted_fen = models.PositiveIntegerField(_("Counted"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    counted_at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # One waits to be signed off at a time: the next one begins where it ends.
            models.UniqueConstraint(
                fields=["point", "operator"], condition=Q(signed_at=None), name="cash_up_one_unsigned"
            ),
            models.UniqueConstraint(fields=["operator", "until"], name="cash_up_once"),
            models.CheckConstraint(
                condition=Q(counted_fen=F("expected_fen")) | ~Q(note=""), name="cash_up_difference_explained"
            ),
        ]
        indexes = [models.Index(fields=["point", "counted_at"], name="cash_up_point_at")]

    def __str__(self) -> str:
        return f"{self.operator_id} at {self.point_id} {self.counted_at}"

    @property
    def difference_fen(self) -> int:
        """What is there beyond what was taken; negative where some is missing."""
        return self.counted_fen - self.expected_fen
