"""The storage classes (温层) that goods, points, lanes and vehicles speak of."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class StorageClass(TextChoices):
    AMBIENT = "AMBIENT", _("Ambient")
    CHILLED = "CHILLED", _("Chilled")
    FROZEN = "FROZEN", _("Frozen")
