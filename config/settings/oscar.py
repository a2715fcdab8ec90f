"""What Oscar is told: its apps with our forks, its texts, and what of it stays out."""

from django.utils.translation import gettext_lazy as _
from oscar.defaults import *  # noqa: F403

OSCAR_APPS = [
    "marketplace.apps.Shop",
    # The next three have no page here; a migration of Oscar's customer app asks for their tables.
    "django.contrib.flatpages",
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.analytics.apps.AnalyticsConfig",
    "oscar.apps.address.apps.AddressConfig",
    "marketplace.checkout.apps.CheckoutConfig",
    "logistics.shipping.apps.ShippingConfig",
    "catalogue.apps.CatalogueConfig",
    "marketplace.communication.apps.CommunicationConfig",
    "marketplace.partner.apps.PartnerConfig",
    "marketplace.basket.apps.BasketConfig",
    "marketplace.payment.apps.PaymentConfig",
    "oscar.apps.offer.apps.OfferConfig",
    "marketplace.order.apps.OrderConfig",
    "marketplace.customer.apps.CustomerConfig",
    "oscar.apps.voucher.apps.VoucherConfig",
    "marketplace.dashboard.apps.DashboardConfig",
    "widget_tweaks",
    "treebeard",
]

OSCAR_SHOP_NAME = _("Xiangpin Online")
OSCAR_DEFAULT_CURRENCY = "CNY"
OSCAR_CURRENCY_FORMAT = {"CNY": {"format": "¥#,##0.00"}}
OSCAR_SLUG_FUNCTION = "catalogue.slugs.pinyin_slug"
OSCAR_SLUG_ALLOW_UNICODE = False
OSCAR_ALLOW_ANON_CHECKOUT = True
OSCAR_MAX_BASKET_QUANTITY_THRESHOLD = 200
OSCAR_EAGER_ALERTS = False
OSCAR_SEND_REGISTRATION_EMAIL = False
OSCAR_HOMEPAGE = "/"
OSCAR_DELETE_IMAGE_FILES = False
OSCAR_HIDDEN_FEATURES = ["reviews", "wishlists"]
OSCAR_REQUIRED_ADDRESS_FIELDS = ("first_name", "line1", "country")
# The order moves through our own services only (marketplace/order/states.py); Oscar's pipeline is left empty so
# that its ``set_status`` refuses every move.
OSCAR_INITIAL_ORDER_STATUS = ""
OSCAR_ORDER_STATUS_PIPELINE = {}
OSCAR_LINE_STATUS_PIPELINE = {}
# Oscar imports haystack in its own search app, which is not installed here; the setting keeps the import quiet.
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
