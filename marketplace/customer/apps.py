from oscar.apps.customer.apps import CustomerConfig as CoreCustomerConfig


class CustomerConfig(CoreCustomerConfig):
    name = "marketplace.customer"

    def ready(self):
        """Leave Oscar's own pages and receivers out: the account pages are ours."""

    def get_urls(self):
        return []
