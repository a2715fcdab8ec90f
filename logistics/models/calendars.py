"""Days on which the network runs otherwise than its timetables say, and the people who plan it."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.constraints import known
from logistics.states import ClosureKind, ClosureScope


class ClosureQuerySet(models.QuerySet):
    def in_force(self) -> "ClosureQuerySet":
        return self.filter(lifted_at=None)

    def during(self, first: dt.date, last: dt.date) -> "ClosureQuerySet":
        """Keep those that touch some days, both included."""
        return self.filter(first_day__lte=last, last_day__gte=first)


class Closure(models.Model):
    """Days of the calendar of a division (or, with the province's code, of all): a holiday, a closure, a working day
    in place of one off (调休). What is lifted stays as a row."""

    division = models.ForeignKey("villages.Division", models.PROTECT, related_name="closures")
    kind = models.CharField(max_length=16, choices=ClosureKind)
    scope = models.CharField(max_length=8, choices=ClosureScope)
    name = models.CharField(max_length=40)
    first_day = models.DateField()
    last_day = models.DateField()
    lifted_at = models.DateTimeField(null=True)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["first_day", "pk"]
        indexes = [models.Index(fields=["last_day", "first_day"], name="closure_days")]
        constraints = [
            known("kind", ClosureKind, name="closure_kind_known"),
            known("scope", ClosureScope, name="closure_scope_known"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="closure_days_forward"),
            models.CheckConstraint(
                condition=~Q(kind=ClosureKind.MAKE_UP_WORKDAY) | Q(scope=ClosureScope.NOTHING),
                name="closure_workday_stops_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.first_day}–{self.last_day}"


class PlannerQuerySet(models.QuerySet):
    def now(self) -> "PlannerQuerySet":
        return self.filter(until=None)


class Planner(models.Model):
    """A person who plans the network of a division (调度规划员): a county's rounds, a prefecture's lanes and rounds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="planner_of")
    division = models.ForeignKey("villages.Division", models.PROTECT, related_name="planners")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = PlannerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "division"], condition=Q(until=None), name="planner_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.division_id}"


class SheetImport(models.Model):
    """A spreadsheet of timetables that somebody sent: its rows as they were read, and what is wrong with them.

    It is checked whole and shown first; ``applied_at`` tells when the person agreed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=120)
    valid_from = models.DateField()
    sheets = models.JSONField(help_text="sheet → rows of cells as text")
    errors = models.JSONField(default=list)
    uploaded_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name
