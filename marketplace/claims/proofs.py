"""How a buyer shows at the counter that a claim is theirs: a code that is derived and never stored, and a signed QR."""

import hashlib
import hmac

from django.conf import settings

from core import numbers
from logistics import signing

KIND = "XC1"
CODE_DIGITS = 7


class UnableToReadClaim(ValueError):
    """The text is no QR of a claim of ours."""


def code_of(claim_number: str) -> str:
    """Return the eight digits that the buyer reads out to be paid, the last one Damm's check digit."""
    digest = hmac.new(b"claim:" + settings.HASH_KEY.encode(), claim_number.encode(), hashlib.sha256).digest()
    digits = f"{int.from_bytes(digest[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
    return digits + numbers.check_digit(digits)


def qr_of(claim_number: str) -> str:
    """Return what the QR on the claim's page holds."""
    return signing.text_of(KIND, claim_number)


def is_qr(text: str) -> bool:
    """Tell whether a text means to be a claim's QR, whatever it proves."""
    return signing.is_a(KIND, text)


def read_qr(text: str) -> str:
    """Return the number of the claim that a QR proves; raise ``UnableToReadClaim`` where we did not sign it."""
    try:
        return signing.read(KIND, text, parts=1)[1][0]
    except signing.UnableToProve as error:
        raise UnableToReadClaim(str(error)) from error


def proves(text: str, claim_number: str) -> bool:
    """Tell in constant time whether a typed code, or a QR, is the claim's."""
    if is_qr(text):
        try:
            return read_qr(text) == claim_number
        except UnableToReadClaim:
            return False
    digits = "".join(character for character in text if character.isdigit())
    return hmac.compare_digest(digits, code_of(claim_number))


def is_well_formed(text: str) -> bool:
    """Tell whether a text can be a code or a QR at all; a mistyped digit is no try."""
    digits = "".join(character for character in text if character.isdigit())
    return is_qr(text) or (len(digits) == CODE_DIGITS + 1 and numbers.is_sound(digits))
