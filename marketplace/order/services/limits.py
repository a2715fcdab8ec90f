"""How much may be ordered without paying: limits by phone and by network address."""

import datetime as dt

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from core import clock, locks, money
from marketplace.order.models import Order
from marketplace.order.services.refusals import UnableToPlace
from marketplace.order.states import Channel, OrderState, PaymentMethod


def check(phone_hash: str, *, verified: bool, address_hash: str, total_fen: int, at: dt.datetime) -> None:
    """Refuse an order to be paid at the point past the limits; a phone's orders are placed one after the other.

    :param phone_hash: the keyed hash of the phone; ``address_hash`` that of the network address, or "".
    :raises UnableToPlace: naming the field ``phone`` or ``phone_code``.
    """
    if not verified:
        raise UnableToPlace(_("Please confirm your phone with the code that we sent to it."), field="phone_code")
    locks.mutex(f"unpaid:{phone_hash}")
    unpaid = Q(status=OrderState.OPEN, payment_method=PaymentMethod.AT_POINT)
    since = at - dt.timedelta(hours=settings.UNPAID_ADDRESS_HOURS)
    phone, address = Q(contact_phone_hash=phone_hash), Q(network_address_hash=address_hash, date_placed__gt=since)
    scope = (phone | address) if address_hash else phone
    found = Order.objects.filter(unpaid & scope).aggregate(
        count=Count("pk", filter=phone),
        fen=Sum("total_fen", filter=phone, default=0),
        by_address=Count("pk", filter=address),
    )
    if found["count"] >= settings.MAX_UNPAID_ORDERS_PER_PHONE:
        raise UnableToPlace(
            _("This phone has %(count)d orders to be paid on collection. Collect or cancel one of them first.")
            % {"count": found["count"]},
            field="phone",
        )
    if found["fen"] + total_fen > settings.MAX_UNPAID_FEN_PER_PHONE:
        raise UnableToPlace(
            _("Orders to be paid on collection may come to ¥%(limit)s for one phone. Collect one first.")
            % {"limit": money.to_yuan(settings.MAX_UNPAID_FEN_PER_PHONE)},
            field="phone",
        )
    if address_hash and found["by_address"] >= settings.MAX_UNPAID_ORDERS_PER_ADDRESS:
        raise UnableToPlace(
            _("Too many orders to be paid on collection came from your network today. Please try again tomorrow."),
            field="phone",
        )


def check_proxy(operator, *, at: dt.datetime) -> None:
    """Refuse an operator's order for somebody past the limit of a day; an operator's are placed one after the other.

    :raises UnableToPlace: naming no field.
    """
    locks.mutex(f"proxy:{operator.pk}")
    begin, end = clock.day_span(at)
    today = Order.objects.filter(
        placed_by=operator, channel=Channel.PROXY, date_placed__gte=begin, date_placed__lt=end
    ).count()
    if today >= settings.MAX_PROXY_ORDERS_PER_DAY:
        raise UnableToPlace(
            _("You have ordered %(count)d times for others today. Please go on tomorrow.") % {"count": today}
        )
