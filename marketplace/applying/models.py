"""Applications to become a pickup point."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.constraints import known
from core.sealed import SealedTextField
from marketplace.applying.states import ApplicationState
from villages import codes


class PointApplicationQuerySet(models.QuerySet):
    def within(self, divisions: list[str]) -> "PointApplicationQuerySet":
        """Keep what was submitted for places at or below some divisions."""
        found = Q(pk=None)
        for code in divisions:
            found |= Q(division__code__range=codes.span(code))
        return self.filter(found).exclude(state=ApplicationState.DRAFT)


class PointApplication(models.Model):
    """Somebody wants to run a pickup point.

    :param typed: the fields of the form as they were typed last, sealed: an unfinished draft may hold anything.
    :param stated: hours by weekday and crates by storage class, as they were submitted.
    """

    applicant = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="point_applications")
    state = models.CharField(_("State"), max_length=12, choices=ApplicationState, default=ApplicationState.DRAFT)
    division = models.ForeignKey("villages.Division", models.PROTECT, null=True, related_name="+")
    name = models.CharField(pgettext_lazy("of a place", "Name"), max_length=64, blank=True)
    typed = SealedTextField(blank=True)
    stated = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    point = models.OneToOneField("villages.PickupPoint", models.PROTECT, null=True, related_name="application")
    agreement = models.CharField(max_length=16, blank=True)
    agreed_at = models.DateTimeField(null=True)

    objects = PointApplicationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "division"], name="application_state_division")]
        constraints = [
            known("state", ApplicationState, name="application_state_known"),
            models.CheckConstraint(
                condition=~Q(state="OPENED") | (Q(point__isnull=False, agreed_at__isnull=False) & ~Q(agreement="")),
                name="application_opened_agreed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"
