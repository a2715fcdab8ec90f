"""The network address that a request came from."""

from django.conf import settings
from django.http import HttpRequest


def of(request: HttpRequest) -> str:
    """Return the client's address: the last one that our own proxy added where there is one, else the socket's."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if getattr(settings, "TRUST_PROXY", False) and forwarded:
        return forwarded.rpartition(",")[2].strip()
    return request.META.get("REMOTE_ADDR", "")
