"""Goods as the counter looks for them, to show a sample or to order for somebody."""

import datetime as dt

from catalogue import search
from catalogue.search import SearchUnavailable
from marketplace.storefront import queries as storefront
from marketplace.storefront.queries import Card
from villages.models import PickupPoint

FOUND_SHOWN = 12
LONGEST_QUERY = 60


def found(text: str, *, point: PickupPoint, at: dt.datetime) -> list[Card]:
    """Return what is on sale by words, with the promise for a point; without an engine, what the titles hold."""
    text = text.strip()[:LONGEST_QUERY]
    if not text:
        return []
    try:
        cards = storefront.by_ids(search.engine().search(text, offset=0, limit=FOUND_SHOWN).ids)
    except SearchUnavailable:
        named = storefront.on_sale().filter(title__icontains=text).order_by("pk")
        cards = storefront.cards(named[:FOUND_SHOWN])
    return storefront.with_promises(cards, point=point, at=at)
