from oscar.apps.basket.apps import BasketConfig as CoreBasketConfig


class BasketConfig(CoreBasketConfig):
    name = "marketplace.basket"

    def ready(self):
        """Leave Oscar's basket pages out: ours are the storefront's."""

    def get_urls(self):
        return []
