"""Which photos prove a matter."""

from collections.abc import Iterable

from marketplace.evidence.models import Photo


def of(matters: Iterable[str]) -> dict[str, list[Photo]]:
    """Return the photos of matters, in one query, in the order in which they were sent."""
    found: dict[str, list[Photo]] = {matter: [] for matter in matters}
    for photo in Photo.objects.filter(matter__in=list(found)).order_by("pk"):
        found[photo.matter].append(photo)
    return found
