"""Wrong passwords: after a few, an identifier has to wait, from one network address sooner than from all of them."""

from django.conf import settings
from django.core.cache import cache

from core import phones
from core.sealed import digest


class UnableToTry(Exception):
    """Too many wrong passwords; the person waits."""


def begin(identifier: str, network_address: str) -> None:
    """Count a try before the password is looked at, so that tries at once are counted too.

    A phone counts as one number however it is written. From one address an account is closed after ``SIGN_IN_TRIES``;
    for everybody only after ``SIGN_IN_TRIES_EVERYWHERE``, so that a stranger cannot lightly lock somebody out.

    :raises UnableToTry: past a limit.
    """
    who = _plain(identifier)
    limits = (
        (_key("pair", f"{who}|{network_address}"), settings.SIGN_IN_TRIES),
        (_key("who", who), settings.SIGN_IN_TRIES_EVERYWHERE),
        (_key("where", network_address), settings.SIGN_IN_TRIES_PER_ADDRESS),
    )
    if any(_count(key) > limit for key, limit in limits):
        raise UnableToTry


def succeeded(identifier: str, network_address: str) -> None:
    """Forget the tries of a person who knew the password; the others' of the account and the address stay."""
    who = _plain(identifier)
    cache.delete(_key("pair", f"{who}|{network_address}"))
    for key in (_key("who", who), _key("where", network_address)):
        try:
            cache.decr(key)
        except ValueError:  # it ran out meanwhile
            continue


def _count(key: str) -> int:
    cache.add(key, 0, settings.SIGN_IN_WAIT_SECONDS)
    try:
        return cache.incr(key)
    except ValueError:
        # It ran out between the two; counting begins anew.
        cache.set(key, 1, settings.SIGN_IN_WAIT_SECONDS)
        return 1


def _plain(identifier: str) -> str:
    try:
        return phones.normalise(identifier)
    except phones.UnableToReadPhone:
        return identifier.strip().lower()


def _key(kind: str, value: str) -> str:
    return f"sign-in:{kind}:{digest(value)}"
