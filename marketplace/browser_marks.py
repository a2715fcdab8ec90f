"""A mark by which a browser is known again from one request to the next, for limits; it says nothing of who it is."""

import secrets

from django.http import HttpRequest

KEY = "browser_mark"


def of(request: HttpRequest) -> str:
    """Return the mark of a request's browser, which lasts as long as its session; a new one where it has none."""
    if KEY not in request.session:
        request.session[KEY] = secrets.token_urlsafe(16)
    return request.session[KEY]
