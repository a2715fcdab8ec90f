"""Freight: tariffs that hold from a day on, their rates, and who delivers free."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from core.storage_class import StorageClass
from logistics.states import FreightFunder, Reach


class Tariff(models.Model):
    """The freight rates of a time. Rows in force are not changed: another tariff follows from a day on."""

    valid_from = models.DateField(_("Valid from"), unique=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    changed_by = models.CharField(max_length=64)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.valid_from}"


class FreightRate(models.Model):
    """What the first crate and each further one of a storage class cost, between two counties or by how far apart."""

    tariff = models.ForeignKey(Tariff, models.CASCADE, related_name="rates")
    storage_class = models.CharField(max_length=8, choices=StorageClass)
    reach = models.CharField(max_length=16, choices=Reach)
    origin_county = models.CharField(max_length=12, blank=True, help_text=_("Only between two named counties"))
    destination_county = models.CharField(max_length=12, blank=True)
    first_fen = models.PositiveIntegerField()
    further_fen = models.PositiveIntegerField()

    class Meta:
        ordering = ["tariff", "storage_class", "reach", "origin_county", "destination_county"]
        constraints = [
            models.UniqueConstraint(
                fields=["tariff", "storage_class", "reach", "origin_county", "destination_county"],
                name="freight_rate_once",
            ),
            models.CheckConstraint(
                condition=Q(reach=Reach.PAIR) & ~Q(origin_county="") & ~Q(destination_county="")
                | ~Q(reach=Reach.PAIR) & Q(origin_county="", destination_county=""),
                name="freight_rate_pair",
            ),
            known("storage_class", StorageClass, name="freight_rate_class_known"),
            known("reach", Reach, name="freight_rate_reach_known"),
        ]

    def __str__(self) -> str:
        return f"{self.storage_class} {self.reach} {self.first_fen}+{self.further_fen}"


class FreeDelivery(models.Model):
    """From so much of one seller's goods on, the buyer pays no freight; ``funder`` pays it."""

    seller = models.ForeignKey(
        "partner.Partner",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="free_deliveries",
        verbose_name=_("Seller"),
    )
    funder = models.CharField(_("Who pays"), max_length=10, choices=FreightFunder)
    from_fen = models.PositiveIntegerField(_("From goods worth (fen)"))
    valid_from = models.DateField(_("Valid from"))
    valid_to = models.DateField(_("Valid until"), null=True, blank=True, help_text=_("The first day without it"))
    changed_by = models.CharField(max_length=64)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="free_delivery_dates"
            ),
            models.CheckConstraint(
                condition=~Q(funder=FreightFunder.SELLER) | Q(seller__isnull=False), name="free_delivery_funder"
            ),
            known("funder", FreightFunder, name="free_delivery_funder_known"),
        ]

    def __str__(self) -> str:
        return f"{self.seller_id or 'all'} from {self.from_fen}"
