"""Sellers, their stock records with movements, and lots (Oscar's partner app, forked)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from oscar.apps.partner.abstract_models import AbstractPartner, AbstractStockRecord

from core.constraints import known
from marketplace.partner.states import MovementKind, SellerKind, SellerState


class PartnerQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PartnerQuerySet":
        """Keep the sellers whose user this is."""
        return self.filter(users=user)


class Partner(AbstractPartner):
    """A seller (卖家)."""

    kind = models.CharField(_("Kind"), max_length=12, choices=SellerKind, default=SellerKind.FARMER)
    state = models.CharField(_("State"), max_length=10, choices=SellerState, default=SellerState.ACTIVE)
    home_division = models.ForeignKey(
        "villages.Division", models.PROTECT, null=True, related_name="sellers", verbose_name=_("Home division")
    )
    drop_off = models.ForeignKey(
        "villages.PickupPoint", models.PROTECT, null=True, related_name="sellers", verbose_name=_("Drop-off stop")
    )

    objects = PartnerQuerySet.as_manager()

    class Meta(AbstractPartner.Meta):
        constraints = [
            known("kind", SellerKind, name="seller_kind_known"),
            known("state", SellerState, name="seller_state_known"),
        ]


class StockRecord(AbstractStockRecord):
    """The one stock record of a listing. On hand is the sum of its movements; only services change it."""

    num_in_stock = models.PositiveIntegerField(_("On hand"), default=0)
    num_allocated = models.PositiveIntegerField(_("Allocated"), default=0)

    class Meta(AbstractStockRecord.Meta):
        constraints = [
            models.UniqueConstraint(fields=["product"], name="stock_record_once"),
            models.CheckConstraint(
                condition=Q(num_allocated__gte=0) & Q(num_allocated__lte=F("num_in_stock")), name="stock_allocated"
            ),
            models.CheckConstraint(condition=Q(price=None) | Q(price__gt=0), name="stock_price"),
        ]

    def _refused(self, *args, **kwargs):
        raise TypeError("stock moves through marketplace.partner.services.stock only")

    allocate = consume_allocation = cancel_allocation = _refused


class Lot(models.Model):
    """What was harvested or made together (批次): rows under the one stock record."""

    stock_record = models.ForeignKey(StockRecord, models.PROTECT, related_name="lots")
    code = models.CharField(max_length=32)
    made_on = models.DateField()
    best_before = models.DateField(null=True)
    origin = models.ForeignKey("villages.Division", models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    inspection = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stock_record", "code"], name="lot_once")]

    def __str__(self) -> str:
        return self.code


class LotAllocation(models.Model):
    """Units of a consignment line that come from a lot."""

    line = models.ForeignKey("logistics.ConsignmentLine", models.PROTECT, related_name="lot_allocations")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="allocations")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "lot"], name="lot_allocation_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="lot_allocation_some"),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} × {self.quantity}"


class StockMovement(models.Model):
    """One change of what is on hand, signed. Append-only by trigger."""

    stock_record = models.ForeignKey(StockRecord, models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=12, choices=MovementKind)
    quantity = models.IntegerField(help_text=_("Units, negative where stock leaves"))
    reference = models.CharField(max_length=64, blank=True, help_text=_("A consignment's number, or a note"))
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="stock_movement_some"),
            known("kind", MovementKind, name="stock_movement_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="ADJUSTED")
                | Q(kind__in=["PACKED", "WRITTEN_OFF"], quantity__lt=0)
                | Q(kind__in=["OPENING", "RECEIVED", "RETURNED"], quantity__gt=0),
                name="stock_movement_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+}"


from oscar.apps.partner.models import *  # noqa: E402, F403
