"""Phone numbers: read in any usual form, kept as E.164, shown with the middle hidden."""

import phonenumbers

REGION = "CN"


class UnableToReadPhone(ValueError):
    """The text is not a telephone number that can be reached."""


def normalise(text: str) -> str:
    """Return a phone number as E.164 (``+8613800138000``).

    Without a country code it is read as one of mainland China; full-width digits, blanks and hyphens are accepted.

    :raises UnableToReadPhone: when the text is no valid number.
    """
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException as error:
        raise UnableToReadPhone(str(error)) from error
    if not phonenumbers.is_valid_number(number):
        raise UnableToReadPhone("not a number that is in use")
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
