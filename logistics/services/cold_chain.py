"""Whether goods were kept as warm and as cold as their storage class asks for."""

import datetime as dt
from decimal import Decimal

from django.conf import settings
from django.db.models import Q

from core.events import NewEvent
from logistics.models import Consignment, TemperatureReading


def is_breach(temperature_c: Decimal | None, *, storage_class: str) -> bool:
    """Tell whether goods of a storage class were measured beyond ``settings.TEMPERATURE_LIMITS_C``."""
    least, most = _limits(storage_class)
    if temperature_c is None:
        return False
    return (least is not None and temperature_c < least) or (most is not None and temperature_c > most)


def first_breach(
    departure_id: int, *, storage_class: str, since: dt.datetime, until: dt.datetime
) -> TemperatureReading | None:
    """Return the first reading of a departure's loggers beyond a storage class from ``since`` until ``until``."""
    least, most = _limits(storage_class)
    if least is None and most is None:
        return None
    beyond = Q()
    if least is not None:
        beyond |= Q(temperature_c__lt=least)
    if most is not None:
        beyond |= Q(temperature_c__gt=most)
    found = TemperatureReading.objects.filter(beyond, departure=departure_id, storage_class__in=["", storage_class])
    return found.filter(occurred_at__gte=since, occurred_at__lt=until).order_by("occurred_at", "pk").first()


def told(number: str, consignment: Consignment, reading: TemperatureReading) -> NewEvent:
    """Return what the log is told of a parcel that a logger flagged."""
    return NewEvent(
        "parcel",
        number,
        "parcel.temperature-breached",
        {
            "order": consignment.order.number,
            "consignment": consignment.number,
            "departure": reading.departure_id,
            "device": reading.device,
            "storage_class": consignment.storage_class,
            "temperature_c": str(reading.temperature_c),
        },
    )


def _limits(storage_class: str) -> tuple[float | None, float | None]:
    """Return the least and the most that goods may have, in °C; None where they may have any."""
    return settings.TEMPERATURE_LIMITS_C.get(storage_class, (None, None))
