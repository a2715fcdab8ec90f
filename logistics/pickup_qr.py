"""The pickup QR (提货二维码): signed, so that a counter can prove it without the network.

It says order, point, epoch and a nonce, nothing personal. Raising the order's epoch, or moving the order to another
point, makes it void.
"""

import secrets
from dataclasses import dataclass

from logistics import signing

KIND = "XP2"
NONCE_BYTES = 5


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
    return signing.text_of(KIND, order_number, point_id, epoch, signing.base32(secrets.token_bytes(NONCE_BYTES)))


def is_one(text: str) -> bool:
    """Tell whether a text means to be a pickup QR, whatever it proves."""
    return signing.is_a(KIND, text)


def read(text: str) -> PickupQr:
    """Return what a QR says; raise ``UnableToReadQr`` where none of our keys has signed just that."""
    try:
        key_id, (number, point_id, epoch, nonce) = signing.read(KIND, text, parts=4)
    except signing.UnableToProve as error:
        raise UnableToReadQr(str(error)) from error
    return PickupQr(number, int(point_id), int(epoch), nonce, key_id)
