"""Oscar's basket, forked: its lines arrive with all that a page shows of them in one query."""

from django.db.models import Sum
from django.db.models.functions import Coalesce
from oscar.apps.basket.abstract_models import AbstractBasket
from oscar.apps.basket.managers import OpenBasketManager


class CountedOpenBasketManager(OpenBasketManager):
    """Open baskets with their number of units, so that the header's count costs no query of its own."""

    def get_queryset(self):
        return super().get_queryset().annotate(units=Coalesce(Sum("lines__quantity"), 0))


class Basket(AbstractBasket):
    """A basket whose number of queries does not grow with its lines."""

    open = CountedOpenBasketManager()

    @property
    def num_items(self) -> int:
        """Return the number of units, as fetched with the basket or as its lines say."""
        if self._lines is None and "units" in self.__dict__:
            return self.units
        return sum(line.quantity for line in self.all_lines())

    def all_lines(self):
        """Return the lines with product, seller, stock record and pictures fetched, cached on the instance."""
        if self.pk is None:
            return self.lines.model.objects.none()
        if self._lines is None:
            self._lines = (
                self.lines.select_related("product__seller__drop_off", "product__origin", "stockrecord__partner")
                .prefetch_related("product__images", "attributes")
                .order_by(self._meta.pk.name)
            )
        return self._lines


from oscar.apps.basket.models import *  # noqa: E402, F403
