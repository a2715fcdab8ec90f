"""Ordering for somebody at the counter (代客下单): the buyer consents by a code, and pays on collection."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.sealed import digest
from marketplace.basket.models import Basket
from marketplace.order.models import Order
from marketplace.order.services import placing
from marketplace.order.services.freezing import Source
from marketplace.order.services.placing import Contact
from marketplace.order.services.refusals import UnableToPlace
from marketplace.order.states import Channel
from marketplace.users.services import phone_codes
from marketplace.wording import yuan_text
from villages.models import PickupPoint
from villages.states import PointState

PURPOSE = "proxy"
DIGITS = 10  # of what is consented to, in a code's purpose


class UnableToAsk(Exception):
    """The buyer is not asked: nothing can be consented to here and now, or the phone is the operator's own."""


def new_basket() -> Basket:
    """Return a basket for somebody whom the operator orders for; it is nobody's own."""
    return Basket.objects.create(owner=None)


def purpose_of(basket: Basket, *, point: PickupPoint, total_fen: int) -> str:
    """Return what a code is good for: these goods, at this point, for this total and no other."""
    lines = sorted(basket.lines.values_list("product_id", "quantity"))
    return f"{PURPOSE}:{digest(f'{point.pk}:{total_fen}:{lines}')[:DIGITS]}"


def ask(
    basket: Basket, *, point: PickupPoint, total_fen: int, phone: str, by, network_address: str, at: dt.datetime
) -> str:
    """Send the buyer a code with what is ordered, by whom and for how much; return what it is good for.

    :param phone: E.164.
    :raises UnableToAsk: for an empty basket, the operator's own phone, or a point that is not open.
    :raises phone_codes.UnableToSendCode: past the limits.
    """
    if point.state != PointState.OPEN:
        raise UnableToAsk(_("%(point)s takes no parcels at the moment.") % {"point": point.name})
    _see_other(phone, by=by)
    lines = list(basket.lines.select_related("product"))
    if not lines:
        raise UnableToAsk(_("Please choose goods first."))
    purpose = purpose_of(basket, point=point, total_fen=total_fen)
    units = sum(line.quantity for line in lines)
    with translation.override(settings.LANGUAGE_CODE):
        words = ngettext(
            "%(who)s at %(point)s orders for you: %(name)s, %(units)d piece, ¥%(total)s, to be paid when you collect. "
            "If you want it, tell them %(code)s within %(minutes)d minutes; if not, tell it to nobody.",
            "%(who)s at %(point)s orders for you: %(name)s, %(units)d pieces, ¥%(total)s, to be paid when you collect. "
            "If you want it, tell them %(code)s within %(minutes)d minutes; if not, tell it to nobody.",
            units,
        )
        phone_codes.send(
            phone,
            purpose=purpose,
            network_address=network_address,
            device=f"operator:{by.pk}",
            at=at,
            words=words,
            named={
                "who": by.get_full_name(),
                "point": point.name,
                "name": lines[0].product.title,
                "units": units,
                "total": yuan_text(total_fen),
            },
        )
    return purpose


def place(
    basket: Basket,
    *,
    point: PickupPoint,
    name: str,
    phone: str,
    code: str,
    total_fen: int,
    by,
    at: dt.datetime,
) -> Order:
    """Place the order that a buyer consented to by the code; the operator is its actor and the buyer its contact.

    :param total_fen: that the page showed and the code was sent for.
    :raises phone_codes.UnableToVerify: when the code is wrong, or was sent for other goods or another total.
    :raises UnableToPlace: as placing does, and past the operator's limit of a day.
    """
    try:
        _see_other(phone, by=by)
    except UnableToAsk as refusal:
        raise UnableToPlace(str(refusal), field="phone") from refusal
    purpose = purpose_of(basket, point=point, total_fen=total_fen)
    phone_codes.check(phone, code=code, purpose=purpose, at=at)
    with transaction.atomic():
        order = placing.place(
            basket,
            point_id=point.pk,
            contact=Contact(name, phone, verified=True),
            expected_fen=total_fen,
            by=by,
            at=at,
            source=Source(Channel.PROXY, point.pk),
            language=settings.LANGUAGE_CODE,
        )
        phone_codes.use(phone, purpose=purpose, at=at)
    return order


def placed(basket_id: int, *, by) -> Order | None:
    """Return the order that an operator's basket for somebody has become."""
    return Order.objects.filter(basket_id=basket_id, placed_by=by, channel=Channel.PROXY).first()


def _see_other(phone: str, *, by) -> None:
    if phone == by.phone:
        raise UnableToAsk(_("This is your own phone. For yourself, please order in the shop."))
