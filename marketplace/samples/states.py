"""States of a sample (网上看样): it stands at a point until it is taken down."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SampleState(TextChoices):
    ON_DISPLAY = "ON_DISPLAY", _("On display")
    TAKEN_DOWN = "TAKEN_DOWN", _("Taken down")


SAMPLE_MOVES = {SampleState.ON_DISPLAY: {SampleState.TAKEN_DOWN}, SampleState.TAKEN_DOWN: set()}
