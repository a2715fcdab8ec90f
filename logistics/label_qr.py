"""The QR on a parcel's label: its number, signed, so that holding the parcel is told from guessing a number."""

from logistics import signing

KIND = "XL1"


class UnableToReadLabel(ValueError):
    """The text is no label that we printed."""


def text_of(parcel_number: str) -> str:
    """Return what the QR of a parcel's label holds."""
    return signing.text_of(KIND, parcel_number)


def is_one(text: str) -> bool:
    """Tell whether a text means to be a label's QR, whatever it proves."""
    return signing.is_a(KIND, text)


def read(text: str) -> str:
    """Return the number of the parcel that a label is of; raise ``UnableToReadLabel`` where we did not sign it."""
    try:
        return signing.read(KIND, text, parts=1)[1][0]
    except signing.UnableToProve as error:
        raise UnableToReadLabel(str(error)) from error
