"""Pickup codes: derived from the order and its epoch, never stored; and the QR that carries them.

The typed code has seven digits of an HMAC and Damm's check digit, shown as ``482 · 3917 · 5``. The QR holds the order's
number, its epoch and a longer tag of the same key, so that it proves itself. Raising the epoch makes both void.
"""

import base64
import hashlib
import hmac

from django.conf import settings

from core import numbers

QR_PREFIX = "XP1"
CODE_DIGITS = 7


class UnableToReadCode(ValueError):
    """The text is no pickup code: wrong length, or its check digit does not fit. It counts as no try."""


def typed_code(order_number: str, *, epoch: int) -> str:
    """Return the eight digits that the buyer reads out."""
    digest = _tag("typed", order_number, epoch)
    digits = f"{int.from_bytes(digest[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
    return digits + numbers.check_digit(digits)


def shown(code: str) -> str:
    """Return a code as it is shown and read out: ``482 · 3917 · 5``."""
    return f"{code[:3]} · {code[3:7]} · {code[7:]}"


def read_typed(text: str) -> str:
    """Return the digits of a code that a person typed, blanks and dots dropped; raise ``UnableToReadCode``."""
    digits = "".join(character for character in text if character.isdigit())
    if len(digits) != CODE_DIGITS + 1 or not numbers.is_sound(digits):
        raise UnableToReadCode("the check digit does not fit")
    return digits


def is_typed_code_of(code: str, order_number: str, *, epoch: int) -> bool:
    """Tell in constant time whether a code belongs to an order's epoch."""
    return hmac.compare_digest(code, typed_code(order_number, epoch=epoch))


def qr_text(order_number: str, *, epoch: int) -> str:
    """Return what the buyer's QR holds: ``XP1.<order>.<epoch>.<tag>``."""
    tag = base64.b32encode(_tag("qr", order_number, epoch)[:15]).decode()
    return f"{QR_PREFIX}.{order_number}.{epoch}.{tag}"


def read_qr(text: str) -> tuple[str, int]:
    """Return the order number and epoch of a QR that proves itself; raise ``UnableToReadCode``."""
    parts = text.strip().split(".")
    if len(parts) != 4 or parts[0] != QR_PREFIX or not parts[2].isdigit() or len(parts[2]) > 6:
        raise UnableToReadCode("not a pickup code of this marketplace")
    order_number, epoch = parts[1], int(parts[2])
    if not hmac.compare_digest(text.strip().encode(), qr_text(order_number, epoch=epoch).encode()):
        raise UnableToReadCode("the tag does not fit")
    return order_number, epoch


def _tag(purpose: str, order_number: str, epoch: int) -> bytes:
    message = f"{purpose}:{order_number}:{epoch}".encode()
    return hmac.new(b"pickup:" + settings.HASH_KEY.encode(), message, hashlib.sha256).digest()
