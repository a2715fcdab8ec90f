"""What we print and show so that it proves itself: statements signed with Ed25519 (RFC 8032), in a QR's small alphabet.

A text is ``<kind>.<key id>.<parts…>.<signature>``, the signature in base32. The first of ``settings.PICKUP_KEYS``
signs, the others still prove, so that keys are changed without making void what is about.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

SIGNATURE_BYTES = 64


class UnableToProve(ValueError):
    """None of our keys has signed just that."""


def text_of(kind: str, *parts: object) -> str:
    """Return a statement of a kind, signed; no part may hold a point."""
    key_id, key = next(iter(_current().items()))
    statement = ".".join([kind, key_id, *(str(part) for part in parts)])
    return f"{statement}.{base32(key.sign(statement.encode()))}"


def is_a(kind: str, text: str) -> bool:
    """Tell whether a text means to be a statement of a kind, whatever it proves."""
    return text.strip().startswith(f"{kind}.")


def read(kind: str, text: str, *, parts: int) -> tuple[str, list[str]]:
    """Return the key id and the parts of a statement; raise ``UnableToProve`` where it is not one of ours."""
    statement, _, signature = text.strip().rpartition(".")
    said = statement.split(".")
    if len(said) != parts + 2 or said[0] != kind or not statement.isascii():
        raise UnableToProve("not a statement of this kind")
    key = _current().get(said[1])
    if key is None:
        raise UnableToProve("signed with a key that is not ours, or no longer")
    try:
        key.public_key().verify(_unbase32(signature), statement.encode())
    except (InvalidSignature, binascii.Error) as error:
        raise UnableToProve("the signature does not fit") from error
    return said[1], said[2:]


def public_keys() -> Mapping[str, bytes]:
    """Return by key id the public keys (32 bytes each) with which a device proves a statement."""
    return {key_id: key.public_key().public_bytes_raw() for key_id, key in _current().items()}


def base32(raw: bytes) -> str:
    """Return bytes in the capitals and digits of a QR's alphanumeric mode."""
    return base64.b32encode(raw).decode().rstrip("=")


def _current() -> dict[str, Ed25519PrivateKey]:
    return _keys(tuple(settings.PICKUP_KEYS))


@lru_cache(maxsize=4)
def _keys(written: tuple[str, ...]) -> dict[str, Ed25519PrivateKey]:
    """Return the keys, each written ``<id>:<32 bytes in base64>``, the newest first."""
    found = {}
    for each in written:
        key_id, _, seed = each.partition(":")
        found[key_id] = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed))
    return found


def _unbase32(text: str) -> bytes:
    """Return the bytes of a signature; raise ``binascii.Error`` where another writing of them would do as well."""
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    if len(raw) != SIGNATURE_BYTES or base32(raw) != text:
        raise binascii.Error("not a signature as we write it")
    return raw
