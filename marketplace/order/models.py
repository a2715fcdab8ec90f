"""Orders (Oscar's order app, forked): one checkout, one buyer, one pickup point, any number of sellers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from oscar.apps.order.abstract_models import AbstractLine, AbstractOrder, AbstractOrderLineDiscount

from core.constraints import known
from core.sealed import SealedTextField
from core.storage_class import StorageClass
from marketplace.order.states import Channel, Funder, OrderState, PaymentMethod, TradeDirection


class OrderQuerySet(models.QuerySet):
    def visible_to(self, user) -> "OrderQuerySet":
        """Keep the buyer's own orders."""
        return self.filter(user=user)


class Order(AbstractOrder):
    """An order. Its status is an ``OrderState``; its amounts are frozen, the ledger holds what changes."""

    pickup_point = models.ForeignKey(
        "villages.PickupPoint", models.PROTECT, null=True, related_name="orders", verbose_name=_("Pickup point")
    )
    contact_name = SealedTextField(_("Name"), blank=True)
    contact_phone = SealedTextField(_("Phone"), blank=True)
    contact_phone_hash = models.CharField(max_length=64, blank=True)
    contact_phone_tail = models.CharField(max_length=4, blank=True)
    network_address_hash = models.CharField(max_length=64, blank=True)
    payment_method = models.CharField(_("Payment"), max_length=8, choices=PaymentMethod, default=PaymentMethod.AT_POINT)
    channel = models.CharField(_("Channel"), max_length=8, choices=Channel, default=Channel.WEB)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    goods_fen = models.PositiveBigIntegerField(default=0)
    discount_fen = models.PositiveBigIntegerField(default=0)
    freight_fen = models.PositiveBigIntegerField(default=0)
    total_fen = models.PositiveBigIntegerField(default=0)
    code_epoch = models.PositiveIntegerField(default=1, help_text=_("Raised when the pickup code is issued again"))
    hold_until = models.DateTimeField(null=True)
    language = models.CharField(max_length=10, default="zh-hans")

    objects = OrderQuerySet.as_manager()

    class Meta(AbstractOrder.Meta):
        indexes = [
            models.Index(fields=["contact_phone_hash", "status"], name="order_phone_status"),
            models.Index(fields=["network_address_hash", "date_placed"], name="order_address_placed"),
            models.Index(fields=["hold_until"], condition=Q(status="AWAITING_PAYMENT"), name="order_hold"),
        ]
        constraints = [
            # A second submit of the same basket lands on the same order.
            models.UniqueConstraint(fields=["basket"], name="order_basket_once"),
            models.CheckConstraint(
                condition=Q(total_fen=models.F("goods_fen") - models.F("discount_fen") + models.F("freight_fen")),
                name="order_total",
            ),
            known("status", OrderState, name="order_status_known"),
            known("payment_method", PaymentMethod, name="order_payment_known"),
            known("channel", Channel, name="order_channel_known"),
        ]

    def set_status(self, new_status):
        raise TypeError("an order's status is moved by marketplace.order.services only")


class Line(AbstractLine):
    """An order line, frozen at placing."""

    unit_price_fen = models.PositiveIntegerField(default=0)
    seller_division = models.CharField(max_length=12, blank=True)
    origin_division = models.CharField(max_length=12, blank=True)
    point_division = models.CharField(max_length=12, blank=True)
    category_path = models.CharField(max_length=128, blank=True)
    storage_class = models.CharField(max_length=8, choices=StorageClass, default=StorageClass.AMBIENT)
    direction = models.CharField(max_length=10, choices=TradeDirection, default=TradeDirection.NEUTRAL)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.WEB)
    sample = models.CharField(max_length=32, blank=True, help_text=_("The sample that led here"))
    channel_point = models.ForeignKey(
        "villages.PickupPoint",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Where the sample stands, or whose operator ordered; the point keeps it, wherever it is collected"),
    )
    pack = models.CharField(max_length=64, blank=True)

    class Meta(AbstractLine.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity"),
            known("storage_class", StorageClass, name="order_line_class_known"),
            known("direction", TradeDirection, name="order_line_direction_known"),
            known("channel", Channel, name="order_line_channel_known"),
        ]


class OrderLineDiscount(AbstractOrderLineDiscount):
    """A discount on a line, with who funds it."""

    funder = models.CharField(max_length=10, choices=Funder, default=Funder.SELLER)
    amount_fen = models.PositiveIntegerField(default=0)

    class Meta(AbstractOrderLineDiscount.Meta):
        constraints = [known("funder", Funder, name="order_line_discount_funder_known")]


from oscar.apps.order.models import *  # noqa: E402, F403
