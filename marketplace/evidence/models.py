"""Photos that are proof of something, apart from the public ones."""

from django.core.files.storage import storages
from django.db import models
from django.db.models import Q


def private_storage():
    """Return where photos lie that no address leads to by itself."""
    return storages["private"]


class Photo(models.Model):
    """A photo that was sent as proof: first kept for whoever sends it, then bound to the matter that it proves.

    :param matter: what it proves, such as ``collection-line:17``; empty until the form that it came with was accepted.
    """

    token = models.CharField(max_length=43, unique=True)
    image = models.FileField(storage=private_storage, upload_to="evidence/%Y/%m")
    matter = models.CharField(max_length=64, blank=True, default="")
    kept_at = models.DateTimeField()
    bound_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["matter"], name="evidence_matter"),
            models.Index(fields=["kept_at"], condition=Q(matter=""), name="evidence_unbound"),
        ]

    def __str__(self) -> str:
        return f"{self.matter or 'unbound'} {self.kept_at}"
