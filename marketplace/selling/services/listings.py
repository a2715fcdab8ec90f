"""Listings: adding, changing, putting on sale and taking off sale."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from catalogue import pictures
from catalogue.models import Category, Product, ProductClass, ProductImage
from catalogue.services import richtext
from catalogue.states import LISTING_MOVES, ListingState
from core import events, money
from core.events import NewEvent
from marketplace.partner.models import Partner, StockRecord
from marketplace.partner.services import stock
from marketplace.partner.states import SellerState
from villages import codes

MAX_PRICE_FEN = 10_000_000


class UnableToList(Exception):
    """The listing is refused; ``field`` names the part of the form to blame."""

    def __init__(self, message: str, *, field: str = ""):
        super().__init__(message)
        self.message = message
        self.field = field


@dataclass(frozen=True)
class Details:
    """What a seller says of a listing. ``photo`` names a stored picture, "" keeps the old one."""

    title: str
    category: Category
    price_fen: int
    on_hand: int
    pack: str = ""
    description: str = ""
    storage_class: str = "AMBIENT"
    shelf_life_days: int | None = None
    harvest_from_month: int | None = None
    harvest_to_month: int | None = None
    units_per_crate: int = 4
    origin_code: str = ""
    keywords: str = ""
    upc: str = ""
    photo: str = ""


@transaction.atomic
def add(seller: Partner, *, details: Details, by, at: dt.datetime) -> Product:
    """Add a listing and put it on sale.

    :raises UnableToList: when the seller may not sell, or a detail makes no sense.
    """
    if seller.state != SellerState.ACTIVE:
        raise UnableToList(_("Your shop is not open for selling."))
    product = Product(structure=Product.STANDALONE, product_class=_goods(), seller=seller, state=ListingState.LISTED)
    product.listed_at = at
    _fill(product, seller, details)
    product.save()
    product.categories.set([details.category])
    record = StockRecord.objects.create(
        product=product,
        partner=seller,
        partner_sku=details.upc or f"{seller.pk}-{product.pk}",
        price_currency="CNY",
        price=money.to_yuan(details.price_fen),
    )
    stock.set_on_hand(record, on_hand=details.on_hand, by=by, at=at)
    _set_photo(product, details)
    _log(product, "listing.added", {"seller": seller.pk, "price_fen": details.price_fen}, by, at)
    return product


@transaction.atomic
def change(product: Product, *, details: Details, by, at: dt.datetime) -> Product:
    """Change a listing; orders that were placed keep what they froze.

    :raises UnableToList: when a detail makes no sense.
    :raises marketplace.partner.services.stock.UnableToAdjust: when the stock would fall below what is sold.
    """
    record = product.stockrecords.get()
    before = money.to_fen(record.price)
    _fill(product, product.seller, details)
    product.save()
    product.categories.set([details.category])
    if before != details.price_fen:
        StockRecord.objects.filter(pk=record.pk).update(price=money.to_yuan(details.price_fen))
    stock.set_on_hand(record, on_hand=details.on_hand, by=by, at=at)
    _set_photo(product, details)
    _log(product, "listing.changed", {"price_fen_before": before, "price_fen_after": details.price_fen}, by, at)
    return product


@transaction.atomic
def move(product: Product, *, to: ListingState, by, at: dt.datetime) -> Product:
    """Put a listing on sale or take it off; raise ``UnableToList`` where its state does not allow that."""
    product = Product.objects.select_for_update(of=("self",)).get(pk=product.pk)
    if to not in LISTING_MOVES[ListingState(product.state)]:
        raise UnableToList(
            _("A listing that is “%(state)s” cannot be changed so.") % {"state": product.get_state_display()}
        )
    before, product.state = product.state, to
    product.index_stale = True
    if to == ListingState.LISTED:
        product.listed_at = at
    product.save(update_fields=["state", "index_stale", "listed_at"])
    _log(product, "listing.moved", {"before": before, "after": to}, by, at)
    return product


def _fill(product: Product, seller: Partner, details: Details) -> None:
    if not details.title.strip():
        raise UnableToList(_("Please give the product a name."), field="title")
    if not 0 < details.price_fen <= MAX_PRICE_FEN:
        raise UnableToList(_("The price must be above 0 and at most ¥100,000."), field="price")
    if (details.harvest_from_month is None) != (details.harvest_to_month is None):
        raise UnableToList(_("Please give both months of the harvest, or none."), field="harvest_to_month")
    product.title = details.title.strip()
    product.pack = details.pack.strip()
    product.description = richtext.clean(details.description)
    product.storage_class = details.storage_class
    product.shelf_life_days = details.shelf_life_days
    product.harvest_from_month = details.harvest_from_month
    product.harvest_to_month = details.harvest_to_month
    product.units_per_crate = details.units_per_crate
    product.origin_id = details.origin_code or product.origin_id or codes.county_of(seller.home_division_id)
    product.category_path = category_path(details.category)
    product.keywords = details.keywords
    product.upc = details.upc or product.upc
    product.index_stale = True


def category_path(category: Category) -> str:
    """Return the names from the root down: ``茶叶/黑茶``."""
    return "/".join(part.name for part in category.get_ancestors_and_self())


def _set_photo(product: Product, details: Details) -> None:
    if not details.photo:
        return
    image = product.images.first() or ProductImage(product=product, display_order=0)
    image.original.name = details.photo
    image.is_illustration = pictures.is_composed(details.photo)
    image.save()


def _goods() -> ProductClass:
    return ProductClass.objects.get_or_create(
        slug="goods", defaults={"name": "农产品", "requires_shipping": True, "track_stock": True}
    )[0]


def _log(product: Product, name: str, payload: dict, by, at: dt.datetime) -> None:
    events.append([NewEvent("listing", product.pk, name, payload)], by=by, at=at)
