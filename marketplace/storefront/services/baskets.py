"""The basket: putting in, changing, taking out. It holds no stock; placing does."""

from django.conf import settings
from django.utils.translation import gettext as _

from catalogue.models import Product
from marketplace.basket.models import Basket

MAX_UNITS = 99


class UnableToAdd(Exception):
    """The listing cannot be put into the basket so."""


def add(basket: Basket, *, product: Product, quantity: int) -> None:
    """Put units of a listing into the basket, on top of those in it.

    :raises UnableToAdd: when it is not on sale, or fewer units are left than the basket would hold.
    """
    record = product.stockrecords.first()
    if not product.is_public or product.state != "LISTED" or record is None or record.price is None:
        raise UnableToAdd(_("%(name)s is not on sale.") % {"name": product.title})
    if basket.pk is None:
        basket.save()
    line = basket.lines.filter(product=product).first()
    wanted = quantity + (line.quantity if line else 0)
    _check(product, record, wanted)
    if line:
        line.quantity = wanted
        line.save(update_fields=["quantity"])
    else:
        basket.lines.create(
            line_reference=f"{product.pk}_{record.pk}",
            product=product,
            stockrecord=record,
            quantity=quantity,
            price_currency=settings.OSCAR_DEFAULT_CURRENCY,
            price_excl_tax=record.price,
            price_incl_tax=record.price,
        )
    basket._lines = None


def set_quantity(basket: Basket, *, line_id: int, quantity: int) -> None:
    """Set the units of a line of this basket; zero takes it out. An unknown line changes nothing.

    :raises UnableToAdd: when fewer units are left.
    """
    line = basket.lines.select_related("product", "stockrecord").filter(pk=line_id).first() if basket.pk else None
    if line is None:
        return
    if quantity <= 0:
        line.delete()
    else:
        if quantity > line.quantity:
            _check(line.product, line.stockrecord, quantity)
        line.quantity = min(quantity, MAX_UNITS)
        line.save(update_fields=["quantity"])
    basket._lines = None


def _check(product: Product, record, wanted: int) -> None:
    left = record.num_in_stock - record.num_allocated
    if left <= 0:
        raise UnableToAdd(_("%(name)s: sold out.") % {"name": product.title})
    if wanted > min(left, MAX_UNITS):
        raise UnableToAdd(
            _("%(name)s: at most %(left)d can be ordered now.") % {"name": product.title, "left": min(left, MAX_UNITS)}
        )
