from oscar.apps.checkout.apps import CheckoutConfig as CoreCheckoutConfig


class CheckoutConfig(CoreCheckoutConfig):
    name = "marketplace.checkout"

    def ready(self):
        """Leave Oscar's multi-page checkout out: ours is one page."""

    def get_urls(self):
        return []
