"""Keeping the search engine up: listings marked stale are written or forgotten, and the mark taken off."""

from catalogue import search
from catalogue.models import Product
from catalogue.search import Document
from catalogue.states import ListingState
from villages import codes
from villages.models import Division


def index_stale(*, limit: int = 500) -> int:
    """Tell the engine of stale listings and return how many; raise ``SearchUnavailable``, marks kept.

    A listing that changes again meanwhile keeps its mark, since only the version that was read is unmarked.
    """
    stale = list(Product.objects.filter(index_stale=True).select_related("seller", "origin").order_by("pk")[:limit])
    if not stale:
        return 0
    listed = [product for product in stale if product.state == ListingState.LISTED and product.is_public]
    gone = [product.pk for product in stale if product not in listed]
    engine = search.engine()
    if listed:
        prefectures = {codes.prefecture_of(p.origin_id) for p in listed if p.origin_id}
        names = dict(Division.objects.filter(pk__in=prefectures).values_list("pk", "name"))
        engine.replace([_document(product, names) for product in listed])
    if gone:
        engine.delete(gone)
    for product in stale:
        Product.objects.filter(pk=product.pk, date_updated=product.date_updated).update(index_stale=False)
    return len(stale)


def _document(product: Product, prefectures: dict[str, str]) -> Document:
    origin = ""
    if product.origin:
        origin = f"{prefectures.get(codes.prefecture_of(product.origin_id), '')} {product.origin.name}"
    return Document(
        pk=product.pk,
        title=product.title,
        category_path=product.category_path.replace("/", " "),
        origin=origin,
        seller=product.seller.display_name if product.seller else "",
        keywords=product.keywords,
    )
