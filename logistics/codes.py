"""Pickup codes (提货码): derived from the order and its epoch, never stored.

A code has seven digits of an HMAC and Damm's check digit, shown as ``482 · 3917 · 5``. Raising the epoch makes it void.
"""

import hashlib
import hmac

from django.conf import settings

from core import numbers

CODE_DIGITS = 7


class UnableToReadCode(ValueError):
    """The text is no pickup code: wrong length, or its check digit does not fit. It counts as no try."""


def typed_code(order_number: str, *, epoch: int) -> str:
    """Return the eight digits that the buyer reads out."""
    digest = _tag(order_number, epoch)
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


def _tag(order_number: str, epoch: int) -> bytes:
    message = f"typed:{order_number}:{epoch}".encode()
    return hmac.new(b"pickup:" + settings.HASH_KEY.encode(), message, hashlib.sha256).digest()
