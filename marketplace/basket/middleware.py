"""Oscar's basket middleware, without the search for offers where a basket has none to apply."""

from oscar.apps.basket.middleware import BasketMiddleware as CoreBasketMiddleware


class BasketMiddleware(CoreBasketMiddleware):
    """Load the basket lazily; offers are frozen into order lines at placing, so pages need no applicator."""

    def apply_offers_to_basket(self, request, basket):
        """Apply nothing: the marketplace grants no offers yet, and asking costs each page several queries."""
