"""Proof that the goods go to the right person: the buyer's QR, or the code read out, of which few wrong ones are heard.

Every limit is of wrong codes that are well formed: a mistyped digit is seen by the check digit and is no try. What a
guesser can hope for in a day at a point is ``MOST_TRIES_A_DAY`` in ten million.
"""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.clock import day_span
from core.events import NewEvent
from logistics import codes, pickup_qr
from logistics.models import CodeAttempt, CodeStepUp
from logistics.services.collections import UnableToCollect
from logistics.states import CollectionProof
from marketplace.order.models import Order
from villages.models import Device, PickupPoint

TRIES_PER_ORDER = 5  # of one issue of its code
TRIES_PER_DEVICE = 10
DEVICE_WINDOW = dt.timedelta(minutes=15)
TRIES_PER_POINT = 30  # a day, and as many again after each step-up
STEP_UPS_A_DAY = 2
MOST_TRIES_A_DAY = TRIES_PER_POINT * (1 + STEP_UPS_A_DAY)


class UnableToProve(UnableToCollect):
    """The code is wrong, or too many wrong ones were typed."""


class TooManyTries(UnableToProve):
    """The code was not looked at."""


class StepUpNeeded(TooManyTries):
    """Too many wrong codes were typed at this point today; an operator who gives the second factor may go on."""


def prove(
    order: Order,
    *,
    point: PickupPoint,
    proof: CollectionProof,
    code: str,
    by,
    at: dt.datetime,
    device: Device | None = None,
    stepped_up: bool = False,
    typed_before: bool = False,
) -> str:
    """See that a code is the order's; a wrong one is counted in a transaction of its own.

    :returns: the nonce of the QR, or nothing for a typed code.

    :param code: the digits as they were read out, or the QR's text.
    :param stepped_up: the operator gave the second factor just now, so that the point's tries of the day may go on.
    :param typed_before: it was typed without network, whenever that was: the tries of the last minutes do not count.
    :raises TooManyTries: where it was not looked at.
    :raises UnableToProve: with a sentence that says what can be done.
    """
    if proof == CollectionProof.QR:
        return _by_qr(order, code)
    try:
        typed = codes.read_typed(code)
    except codes.UnableToReadCode as error:
        raise UnableToProve(
            _("The code has 8 digits and one of them is mistyped. Please read it out again.")
        ) from error
    with transaction.atomic():
        locks.mutex(f"code:{point.pk}")
        _may_try(order, point, by, device, at, stepped_up=stepped_up, typed_before=typed_before)
        fits = codes.is_typed_code_of(typed, order.number, epoch=order.code_epoch)
        if not fits:
            CodeAttempt.objects.create(
                order=order, point=point, device=device, operator=by, epoch=order.code_epoch, at=at
            )
    if not fits:
        raise UnableToProve(_("The code does not belong to this order."))
    return ""


def _by_qr(order: Order, text: str) -> str:
    try:
        said = pickup_qr.read(text)
    except pickup_qr.UnableToReadQr as error:
        raise UnableToProve(_("This QR is not a pickup code.")) from error
    if (said.order_number, said.point_id, said.epoch) != (order.number, order.pickup_point_id, order.code_epoch):
        raise UnableToProve(_("This QR belongs to another order or is no longer valid."))
    return said.nonce


def _may_try(
    order: Order,
    point: PickupPoint,
    by,
    device: Device | None,
    at: dt.datetime,
    *,
    stepped_up: bool,
    typed_before: bool,
) -> None:
    tries = CodeAttempt.objects
    if tries.filter(order=order, epoch=order.code_epoch).count() >= TRIES_PER_ORDER:
        raise TooManyTries(_("Too many wrong codes for this order. The buyer can have a new code issued."))
    lately = tries.filter(at__gt=at - DEVICE_WINDOW)
    by_hand = [lately.filter(operator=by), *([lately.filter(device=device)] if device else [])]
    if not typed_before and any(each.count() >= TRIES_PER_DEVICE for each in by_hand):
        raise TooManyTries(_("Too many wrong codes. Please wait 15 minutes, or scan the buyer's QR."))
    today = day_span(at)
    allowed = CodeStepUp.objects.filter(point=point, at__gte=today[0], at__lt=today[1]).count()
    if tries.filter(point=point, at__gte=today[0], at__lt=today[1]).count() < TRIES_PER_POINT * (1 + allowed):
        return
    if allowed >= STEP_UPS_A_DAY:
        raise TooManyTries(_("Too many wrong codes at this point today. Please scan the buyer's QR."))
    if not stepped_up:
        raise StepUpNeeded(
            _("Too many wrong codes at this point today. Please scan the buyer's QR, or confirm that it is you.")
        )
    CodeStepUp.objects.create(point=point, operator=by, at=at)
    events.append([NewEvent("point", point.pk, "point.code_tries_extended")], by=by, at=at)
