"""Keeping photos from the moment they are sent, binding them to their matter, and forgetting those that never were."""

import datetime as dt
import secrets
from collections.abc import Iterable

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from PIL import Image

from catalogue import pictures
from marketplace.evidence.models import Photo

UNBOUND_FOR = dt.timedelta(hours=24)


class UnableToBind(Exception):
    """A photo is not there any more, or proves something else already."""


def keep(uploaded: UploadedFile, *, at: dt.datetime) -> Photo:
    """Check a photo, make it uniform without its metadata, and keep it for whoever knows its token.

    :raises catalogue.pictures.UnableToUsePhoto: where it is refused; nothing is kept then.
    """
    return _kept(pictures.normalised(uploaded), at)


def _kept(image: Image.Image, at: dt.datetime) -> Photo:
    token = secrets.token_urlsafe(32)
    photo = Photo(token=token, kept_at=at)
    photo.image.save(f"{secrets.token_hex(16)}.webp", ContentFile(pictures.webp(image)), save=True)
    return photo


def unbound(tokens: Iterable[str], *, at: dt.datetime) -> list[Photo]:
    """Return the photos that wait for their matter, in the order of the tokens; those that are gone are left out."""
    tokens = list(tokens)
    found = {
        photo.token: photo for photo in Photo.objects.filter(token__in=tokens, matter="", kept_at__gt=at - UNBOUND_FOR)
    }
    return [found[token] for token in tokens if token in found]


def bind(photos: Iterable[Photo], *, matter: str, at: dt.datetime) -> None:
    """Make photos the proof of a matter, inside its transaction; each proves one thing only.

    :raises UnableToBind: where one is gone or proves something else.
    """
    ids = [photo.pk for photo in photos]
    if Photo.objects.filter(pk__in=ids, matter="").update(matter=matter, bound_at=at) != len(set(ids)):
        raise UnableToBind("a photo is gone, or proves something else")


def release(photo: Photo, *, matter: str) -> None:
    """Let a photo prove a matter no more; it is deleted with the others that nobody sent again.

    :raises UnableToBind: where it is gone, or proves something else.
    """
    if not Photo.objects.filter(pk=photo.pk, matter=matter).update(matter="", bound_at=None):
        raise UnableToBind("the photo is gone, or proves something else")


def forget_unbound(*, at: dt.datetime, limit: int = 500) -> int:
    """Delete photos that came with a form nobody sent again; return how many."""
    gone = 0
    for pk in list(Photo.objects.filter(matter="", kept_at__lte=at - UNBOUND_FOR).values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            photo = Photo.objects.select_for_update().filter(pk=pk, matter="").first()
            if photo is not None:
                photo.delete()
                transaction.on_commit(lambda image=photo.image: image.delete(save=False))
                gone += 1
    return gone
