"""Showing photos that are proof: an unsent one to whoever just took it, a bound one through its console."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import clock
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def unbound(request: HttpRequest, token: str) -> HttpResponse:
    """Show a photo that waits for its form to be accepted; afterwards this address is gone."""
    found = photos.unbound([token], at=clock.now())
    if not found:
        raise Http404("no such photo")
    return shown(found[0])


def shown(photo: Photo) -> HttpResponse:
    """Return a photo to somebody whom the caller has found to be concerned."""
    try:
        with photo.image.open("rb") as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError as error:
        logger.error("the photo %s of %s is not in its storage", photo.pk, photo.matter)
        raise Http404("the photo is lost") from error
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = "inline"
    return response
