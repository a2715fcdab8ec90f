"""Rollups of sales, kept up by the reader of the event log."""

from django.db import models
from django.db.models import F, Q


class SalesDay(models.Model):
    """What was sold on a day (Beijing time) from a county of origin, in a category, to a county of collection.

    Placed figures count at placing, collected figures at collection; each keeps the division codes of its own day.
    """

    day = models.DateField()
    seller_county = models.CharField(max_length=12)
    point_county = models.CharField(max_length=12)
    category_path = models.CharField(max_length=128)
    placed_units = models.BigIntegerField(default=0)
    placed_fen = models.BigIntegerField(default=0)
    taken_units = models.BigIntegerField(default=0)
    taken_fen = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["seller_county", "day"], name="sales_day_seller"),
            models.Index(fields=["point_county", "day"], name="sales_day_point"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "seller_county", "point_county", "category_path"], name="sales_day_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.seller_county} {self.category_path}"


class OrdersDay(models.Model):
    """How many orders were placed, completed, cancelled or expired on a day for points of a county."""

    day = models.DateField()
    point_county = models.CharField(max_length=12)
    placed = models.BigIntegerField(default=0)
    collected = models.BigIntegerField(default=0)
    cancelled = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "point_county"], name="orders_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.point_county}"


class PromiseMonth(models.Model):
    """How many consignments arrived in a month (Beijing time) at points of a county, and how many of them in time.

    In time is what the point could hand over, by its opening hours, at the time that was promised or before.
    """

    month = models.DateField()
    point_county = models.CharField(max_length=12)
    arrived = models.BigIntegerField(default=0)
    in_time = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["point_county", "month"], name="promise_month_county")]
        constraints = [
            models.UniqueConstraint(fields=["month", "point_county"], name="promise_month_once"),
            models.CheckConstraint(condition=Q(in_time__lte=F("arrived")), name="promise_month_in_time"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.point_county}"


class ChannelDay(models.Model):
    """What was sold on a day from a point's samples, or by its operators' orders for others (``channel``).

    :param point_id: where the sample stands, or whose operator ordered; not where it is collected.
    :param point_county: the county of the point for which it was ordered, as in the other rollups.
    """

    day = models.DateField()
    channel = models.CharField(max_length=8)
    point_id = models.BigIntegerField()
    point_county = models.CharField(max_length=12)
    placed_units = models.BigIntegerField(default=0)
    placed_fen = models.BigIntegerField(default=0)
    taken_units = models.BigIntegerField(default=0)
    taken_fen = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["point_id", "day"], name="channel_day_point"),
            models.Index(fields=["point_county", "day"], name="channel_day_county"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["day", "channel", "point_id", "point_county"], name="channel_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.channel} {self.point_id}"
