"""Somebody else's parcel, or a buyer, at the wrong shop: the right one is named a few times a day, and noted."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import locks
from core.clock import day_span
from marketplace.counter.models import WrongPointLookup
from villages.models import Device, PickupPoint

LOOKUPS_A_DAY = 20  # by an operator, and by a device


class UnableToLookUp(Exception):
    """Too much of other points was shown here today."""


@transaction.atomic
def note(*, point: PickupPoint, shown: str, by, at: dt.datetime, device: Device | None = None) -> None:
    """Note that a point told where something is kept that was shown to it.

    :param shown: ``order`` or ``parcel``.
    :raises UnableToLookUp: past ``LOOKUPS_A_DAY``.
    """
    locks.mutex(f"wrong-point:{by.pk}")
    begin, end = day_span(at)
    today = WrongPointLookup.objects.filter(at__gte=begin, at__lt=end)
    counts = [today.filter(operator=by).count(), *([today.filter(device=device).count()] if device else [])]
    if max(counts) >= LOOKUPS_A_DAY:
        raise UnableToLookUp(_("Too much of other points was shown here today. Please ask the platform."))
    WrongPointLookup.objects.create(point=point, operator=by, device=device, shown=shown, at=at)
