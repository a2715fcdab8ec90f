"""What the operator typed or scanned, and which order at the point it stands for."""

from contextlib import suppress
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core import numbers
from logistics import codes, label_qr, pickup_qr
from logistics.models import Parcel
from marketplace.counter import queries
from marketplace.order.models import Order
from marketplace.order.services.freezing import NUMBER_LENGTH
from marketplace.selling.services.packing import PARCEL_NUMBER_LENGTH
from villages.models import PickupPoint

PICKUP_CODE_LENGTH = codes.CODE_DIGITS + 1


class UnableToRead(Exception):
    """What was typed is nothing that can be looked for."""


class Elsewhere(Exception):
    """What was scanned proves that it is kept at another point; ``point`` is that one, ``shown`` what was scanned."""

    def __init__(self, point: PickupPoint, *, shown: str):
        super().__init__(f"{shown} of {point.pk}")
        self.point, self.shown = point, shown


class NotHere(Exception):
    """Nothing of the kind is at this point. Whether it is somewhere else is not told."""


@dataclass(frozen=True)
class Found:
    """An order of the point, or the last digits of a phone that some have; ``qr`` is a QR that proved itself."""

    order_number: str = ""
    tail: str = ""
    qr: str = ""


def find(text: str, *, point: PickupPoint) -> Found:
    """Return what a text stands for at a point.

    :raises UnableToRead: with a sentence that says what can be typed.
    :raises Elsewhere: for a buyer's QR or a label's that proves itself and is kept at another point.
    :raises NotHere: with the same sentence for what does not exist and for what is at another point.
    """
    text = text.strip()
    if pickup_qr.is_one(text):
        return _by_qr(text, point)
    if label_qr.is_one(text):
        return _by_label(text, point)
    digits = "".join(character for character in text if not (character.isspace() or character in "·-."))
    if not digits.isascii() or not digits.isdigit():
        raise UnableToRead(_("Please type digits: of the parcel, of the order, or the phone's last 4."))
    if len(digits) == queries.TAIL_DIGITS:
        return _by_tail(digits, point)
    if len(digits) == PICKUP_CODE_LENGTH:
        raise UnableToRead(_("This is a pickup code. First find the order, by the phone's last 4 digits."))
    if len(digits) not in (NUMBER_LENGTH, PARCEL_NUMBER_LENGTH):
        raise UnableToRead(
            _("A parcel has 13 digits, an order 12, a phone's tail 4. These are %(count)d.") % {"count": len(digits)}
        )
    if not numbers.is_sound(digits):
        raise UnableToRead(_("One digit is mistyped. Please compare them once more."))
    return _by_number(digits, point)


def see_label(text: str, *, point: PickupPoint) -> None:
    """Raise ``Elsewhere`` where a text is a label's QR that proves itself, of a parcel for another point."""
    if label_qr.is_one(text):
        with suppress(NotHere, UnableToRead):
            _by_label(text, point)


def _by_qr(text: str, point: PickupPoint) -> Found:
    try:
        said = pickup_qr.read(text)
    except pickup_qr.UnableToReadQr as error:
        raise UnableToRead(_("This QR is not a pickup code.")) from error
    order = Order.objects.filter(number=said.order_number).select_related("pickup_point").first()
    if order is None:
        raise NotHere(_not_here())
    if order.pickup_point_id != point.pk:
        if (said.point_id, said.epoch) != (order.pickup_point_id, order.code_epoch):
            raise NotHere(_not_here())
        raise Elsewhere(order.pickup_point, shown="order")
    if (said.point_id, said.epoch) != (point.pk, order.code_epoch):
        raise UnableToRead(_("This QR is no longer valid: the buyer has had a new one made."))
    return Found(order_number=said.order_number, qr=text)


def _by_label(text: str, point: PickupPoint) -> Found:
    try:
        number = label_qr.read(text)
    except label_qr.UnableToReadLabel as error:
        raise UnableToRead(_("This is not a label of ours.")) from error
    parcel = Parcel.objects.filter(number=number).select_related("consignment__order", "consignment__point").first()
    if parcel is None:
        raise NotHere(_not_here())
    if parcel.consignment.point_id != point.pk:
        raise Elsewhere(parcel.consignment.point, shown="parcel")
    return Found(order_number=parcel.consignment.order.number)


def _by_tail(tail: str, point: PickupPoint) -> Found:
    rows = queries.waiting(point, tail=tail)
    if not rows:
        raise NotHere(_("Nothing waits here for a phone that ends in %(tail)s.") % {"tail": tail})
    return Found(order_number=rows[0].order.number) if len(rows) == 1 else Found(tail=tail)


def _by_number(digits: str, point: PickupPoint) -> Found:
    if len(digits) == PARCEL_NUMBER_LENGTH:
        parcel = Parcel.objects.filter(consignment__point=point, number=digits).select_related("consignment__order")
        order = next((found.consignment.order for found in parcel), None)
    else:
        here = Order.objects.filter(pickup_point=point)
        order = here.filter(number=digits).first() or here.filter(consignments__number=digits).first()
    if order is None:
        raise NotHere(_not_here())
    return Found(order_number=order.number)


def _not_here() -> str:
    return _("There is nothing with this number at this point.")
