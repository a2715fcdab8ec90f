"""The pickup QR (提货二维码): signed by us with Ed25519 (RFC 8032), so that a counter can prove it without the network.

It holds ``XP2.<key id>.<order>.<point>.<epoch>.<nonce>.<signature>``, nothing personal, in the capitals and digits of
a QR's alphanumeric mode (the signature in base32). Raising the order's epoch, or moving the order to another point,
makes it void.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

PREFIX = "XP2"
NONCE_BYTES = 5
SIGNATURE_BYTES = 64


class UnableToReadQr(ValueError):
    """The text is no pickup QR that we signed."""


@dataclass(frozen=True)
class PickupQr:
    """What a QR says, proven: which order may be collected where, by which issue of its code.

    :param nonce: drawn each time that a QR is made, so that two pictures of the same code can be told apart.
    """

    order_number: str
    point_id: int
    epoch: int
    nonce: str
    key_id: str


def text_of(order_number: str, *, point_id: int, epoch: int) -> str:
    """Return what the buyer's QR holds, signed with the newest key."""
    key_id, key = next(iter(_keys(tuple(settings.PICKUP_KEYS)).items()))
    nonce = _base32(secrets.token_bytes(NONCE_BYTES))
    statement = f"{PREFIX}.{key_id}.{order_number}.{point_id}.{epoch}.{nonce}"
    return f"{statement}.{_base32(key.sign(statement.encode()))}"


def is_one(text: str) -> bool:
    """Tell whether a text means to be a pickup QR, whatever it proves."""
    return text.strip().startswith(f"{PREFIX}.")


def read(text: str) -> PickupQr:
    """Return what a QR says; raise ``UnableToReadQr`` where none of our keys has signed just that."""
    statement, _, signature = text.strip().rpartition(".")
    parts = statement.split(".")
    if len(parts) != 6 or parts[0] != PREFIX or not statement.isascii():
        raise UnableToReadQr("not a pickup QR of this marketplace")
    key = _keys(tuple(settings.PICKUP_KEYS)).get(parts[1])
    if key is None:
        raise UnableToReadQr("signed with a key that is not ours, or no longer")
    try:
        key.public_key().verify(_unbase32(signature), statement.encode())
    except (InvalidSignature, binascii.Error) as error:
        raise UnableToReadQr("the signature does not fit") from error
    return PickupQr(order_number=parts[2], point_id=int(parts[3]), epoch=int(parts[4]), nonce=parts[5], key_id=parts[1])


def public_keys() -> Mapping[str, bytes]:
    """Return by key id the public keys (32 bytes each) with which a device proves a QR."""
    return {key_id: key.public_key().public_bytes_raw() for key_id, key in _keys(tuple(settings.PICKUP_KEYS)).items()}


@lru_cache(maxsize=4)
def _keys(written: tuple[str, ...]) -> dict[str, Ed25519PrivateKey]:
    """Return the keys of ``settings.PICKUP_KEYS``, each ``<id>:<32 bytes in base64>``, the newest first."""
    found = {}
    for each in written:
        key_id, _, seed = each.partition(":")
        found[key_id] = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed))
    return found


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")


def _unbase32(text: str) -> bytes:
    """Return the bytes of a signature; raise ``binascii.Error`` where another writing of them would do as well."""
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    if len(raw) != SIGNATURE_BYTES or _base32(raw) != text:
        raise binascii.Error("not a signature as we write it")
    return raw
