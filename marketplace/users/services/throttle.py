"""Wrong passwords: after a few, an identifier from a network address has to wait."""

from django.conf import settings
from django.core.cache import cache

from core.sealed import digest


class UnableToTry(Exception):
    """Too many wrong passwords; the person waits."""


def permit(identifier: str, network_address: str) -> None:
    """Raise ``UnableToTry`` when the identifier, or the address with all its tries, is past its limit."""
    if cache.get(_key("who", identifier), 0) >= settings.SIGN_IN_TRIES:
        raise UnableToTry
    if cache.get(_key("where", network_address), 0) >= settings.SIGN_IN_TRIES_PER_ADDRESS:
        raise UnableToTry


def note_failure(identifier: str, network_address: str) -> None:
    """Count a wrong password for ``SIGN_IN_WAIT_SECONDS``."""
    for key in (_key("who", identifier), _key("where", network_address)):
        cache.add(key, 0, settings.SIGN_IN_WAIT_SECONDS)
        try:
            cache.incr(key)
        except ValueError:
            # It ran out between the two; the next failure begins anew.
            cache.set(key, 1, settings.SIGN_IN_WAIT_SECONDS)


def _key(kind: str, value: str) -> str:
    return f"sign-in:{kind}:{digest(value.strip().lower())}"
