"""The basket: putting in, changing, taking out. It holds no stock; placing does."""

from django.conf import settings
from django.utils.translation import gettext as _

from catalogue.models import Product
from marketplace.basket.models import Basket, Line
from marketplace.partner.models import StockRecord

MAX_UNITS = 99
TYPED = 12  # characters of a refused number that are shown again


class UnableToAdd(Exception):
    """The listing cannot be put into the basket so."""


def units(text: str, *, least: int = 1) -> int:
    """Read a number of units as typed.

    :raises UnableToAdd: when it is no whole number, or fewer than `least`.
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 12) or int(text) < least:
        raise UnableToAdd(_("Please give the quantity as a whole number from 1 to %(most)d.") % {"most": MAX_UNITS})
    return int(text)


def why_not(basket: Basket, *, product: Product, typed: str) -> str:
    """Say why the typed number of units cannot be put in on top of those in it; empty when it can."""
    try:
        _admit(basket, product=product, quantity=units(typed))
    except UnableToAdd as refusal:
        return str(refusal)
    return ""


def why_not_set(basket: Basket, *, line_id: int, typed: str) -> str:
    """Say why the units of a line cannot be set to the typed number; empty when they can."""
    line = basket.lines.select_related("product", "stockrecord").filter(pk=line_id).first() if basket.pk else None
    try:
        wanted = units(typed, least=0)
        if line is not None and _is_more(line, wanted):
            _check(line.product, line.stockrecord, wanted)
    except UnableToAdd as refusal:
        return str(refusal)
    return ""


def add(basket: Basket, *, product: Product, quantity: int) -> None:
    """Put units of a listing into the basket, on top of those in it.

    :raises UnableToAdd: when it is not on sale, or fewer units are left than the basket would hold.
    """
    record, line = _admit(basket, product=product, quantity=quantity)
    if basket.pk is None:
        basket.save()
    if line:
        line.quantity += quantity
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

    :raises UnableToAdd: when there are to be more, and fewer are left.
    """
    line = basket.lines.select_related("product", "stockrecord").filter(pk=line_id).first() if basket.pk else None
    if line is None:
        return
    if quantity <= 0:
        line.delete()
    else:
        if _is_more(line, quantity):
            _check(line.product, line.stockrecord, quantity)
        line.quantity = quantity
        line.save(update_fields=["quantity"])
    basket._lines = None


def _admit(basket: Basket, *, product: Product, quantity: int) -> tuple[StockRecord, Line | None]:
    """Return the stock record, and the line that holds the listing already."""
    record = product.stockrecords.first()
    if not product.is_public or product.state != "LISTED" or record is None or record.price is None:
        raise UnableToAdd(_("%(name)s is not on sale.") % {"name": product.title})
    line = basket.lines.filter(product=product).first() if basket.pk else None
    _check(product, record, quantity + (line.quantity if line else 0))
    return record, line


def _is_more(line: Line, quantity: int) -> bool:
    """Whether it asks for more than the line has: fewer than before may always be had, if still too many."""
    return quantity > min(line.quantity, MAX_UNITS)


def _check(product: Product, record: StockRecord, wanted: int) -> None:
    left = record.num_in_stock - record.num_allocated
    if left <= 0:
        raise UnableToAdd(_("%(name)s: sold out.") % {"name": product.title})
    if wanted > min(left, MAX_UNITS):
        raise UnableToAdd(
            _("%(name)s: at most %(left)d can be ordered now.") % {"name": product.title, "left": min(left, MAX_UNITS)}
        )
