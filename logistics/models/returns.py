"""Goods that go back (退回件): from a point to the seller's stop, or written off at the point."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from logistics.models.consignments import Consignment, ConsignmentLine
from logistics.models.network import Departure, Hub
from logistics.states import RETURN_ENDED, Disposal, ReturnReason, ReturnState, ScanKind


class GoodsReturnQuerySet(models.QuerySet):
    def under_way(self) -> "GoodsReturnQuerySet":
        """Keep what is neither back nor written off."""
        return self.exclude(state__in=RETURN_ENDED)

    def at_points_of(self, user) -> "GoodsReturnQuerySet":
        """Keep what goes back from points where the user is an operator now."""
        return self.filter(point__operators__user=user, point__operators__until=None)

    def of_sellers_of(self, user) -> "GoodsReturnQuerySet":
        """Keep what comes back to the user's own sellers."""
        return self.filter(consignment__seller__users=user)


class GoodsReturn(models.Model):
    """One box that goes back, with a label and a number of its own. It has no promise and no place on departures."""

    number = models.CharField(_("Number"), max_length=16, unique=True)
    consignment = models.ForeignKey(Consignment, models.PROTECT, related_name="goods_returns")
    reason = models.CharField(_("Reason"), max_length=8, choices=ReturnReason)
    disposal = models.CharField(max_length=9, choices=Disposal)
    state = models.CharField(_("State"), max_length=11, choices=ReturnState, default=ReturnState.AT_POINT)
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="returns_out")
    stop = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="returns_in")
    hub = models.ForeignKey(Hub, models.PROTECT, null=True, related_name="goods_returns")
    departure = models.ForeignKey(Departure, models.PROTECT, null=True, related_name="goods_returns")
    shelf = models.CharField(_("Shelf"), max_length=12, blank=True)
    created_at = models.DateTimeField(_("Created"))
    due_at = models.DateTimeField(help_text=_("By when it is to be back, or written off by an operator"))
    ended_at = models.DateTimeField(_("Ended"), null=True)

    objects = GoodsReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("Return")
        verbose_name_plural = _("Returns")
        indexes = [
            models.Index(fields=["point", "state"], name="goods_return_point_state"),
            models.Index(fields=["stop", "state"], name="goods_return_stop_state"),
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="goods_return_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["consignment", "reason", "disposal"],
                condition=~Q(reason=ReturnReason.CLAIM),
                name="goods_return_once",
            ),
            known("state", ReturnState, name="goods_return_state_known"),
            known("reason", ReturnReason, name="goods_return_reason_known"),
            known("disposal", Disposal, name="goods_return_disposal_known"),
            models.CheckConstraint(
                condition=Q(disposal=Disposal.BACK)
                | Q(disposal=Disposal.WRITE_OFF, state__in=[ReturnState.AT_POINT, ReturnState.WRITTEN_OFF]),
                name="goods_return_written_off_stays",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RETURN_ENDED, ended_at__isnull=False)
                | (~Q(state__in=RETURN_ENDED) & Q(ended_at=None)),
                name="goods_return_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class GoodsReturnLine(models.Model):
    """How many units of a consignment line are in the box, and how many of them the seller can sell again."""

    goods_return = models.ForeignKey(GoodsReturn, models.PROTECT, related_name="lines")
    consignment_line = models.ForeignKey(ConsignmentLine, models.PROTECT, related_name="return_lines")
    units = models.PositiveIntegerField()
    received = models.PositiveIntegerField(null=True)
    resaleable = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["goods_return", "consignment_line"], name="goods_return_line_once"),
            models.CheckConstraint(condition=Q(units__gt=0), name="goods_return_line_some"),
            models.CheckConstraint(
                condition=Q(received=None, resaleable=None)
                | Q(received__lte=F("units"), resaleable__lte=F("received")),
                name="goods_return_line_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goods_return_id}: {self.consignment_line_id} × {self.units}"


class ReturnScan(models.Model):
    """One reading of a return's label; the nonce makes a repeated upload the same scan."""

    goods_return = models.ForeignKey(GoodsReturn, models.PROTECT, related_name="scans")
    kind = models.CharField(max_length=8, choices=ScanKind)
    hub = models.ForeignKey(Hub, models.PROTECT, null=True, related_name="+")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, null=True, related_name="+")
    departure = models.ForeignKey(Departure, models.PROTECT, null=True, related_name="+")
    nonce = models.CharField(max_length=64, unique=True)
    actor = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [known("kind", ScanKind, name="return_scan_kind_known")]

    def __str__(self) -> str:
        return f"{self.kind} {self.goods_return_id}"

    @property
    def number(self) -> str:
        return self.goods_return.number
