"""Phone numbers: read in any usual form, kept as E.164, shown with the middle hidden."""

import re
import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberType

REGION, COUNTRY_CODE = "CN", 86
_WRITTEN = re.compile(r"[0-9+() .\-]+")


class UnableToReadPhone(ValueError):
    """The text is not a telephone number that can be reached."""


def normalise(text: str) -> str:
    """Return a mobile number of mainland China as E.164 (``+8613800138000``): the only ones our messages reach.

    Full-width digits, blanks, hyphens and the country code are accepted; words and extensions are not.

    :raises UnableToReadPhone: when the text is no such number.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if not _WRITTEN.fullmatch(text):
        raise UnableToReadPhone("not written as a number")
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException as error:
        raise UnableToReadPhone(str(error)) from error
    if not phonenumbers.is_valid_number(number):
        raise UnableToReadPhone("not a number that is in use")
    if number.country_code != COUNTRY_CODE or phonenumbers.number_type(number) != PhoneNumberType.MOBILE:
        raise UnableToReadPhone("not a mobile number of mainland China")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national(e164: str) -> str:
    """Return the number as dialled within China where it is a Chinese one, else as E.164."""
    return e164.removeprefix("+86")


def masked(e164: str) -> str:
    """Return the number with all but the first three and last two digits hidden: ``138******00``.

    At least six digits are hidden, as GB/T on express waybills asks (see design P1).
    """
    digits = national(e164)
    keep = max(0, len(digits) - 6)
    head = min(3, keep)
    tail = min(2, keep - head)
    return digits[:head] + "*" * (len(digits) - head - tail) + (digits[-tail:] if tail else "")


def tail(e164: str) -> str:
    """Return the last four digits."""
    return e164[-4:]
