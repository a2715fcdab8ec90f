"""Constraints that several tables share."""

from django.db import models
from django.db.models import Q
from django.db.models.enums import Choices


def known(field: str, choices: type[Choices], *, name: str) -> models.CheckConstraint:
    """Let a column hold only the values of its choices; where it may be null, null stays allowed."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": choices.values}), name=name)
