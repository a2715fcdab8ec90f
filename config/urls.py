"""The site's URLs. Each one is declared with a policy in ``config/policies.py``."""

from django.conf import settings
from django.urls import include, path, re_path
from django.views.static import serve

from config.health import health

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", health, name="health"),
    path("", include("marketplace.storefront.urls")),
    path("seller/", include("marketplace.selling.urls")),
    path("", include("marketplace.applying.urls")),
    path("photos/", include("marketplace.evidence.urls")),
    path("point/", include("marketplace.counter.urls")),
    path("network/", include("marketplace.network.urls")),
    path("", include("marketplace.payment.urls")),
    path("dashboard/", include("marketplace.dashboard.urls")),
    path("province/", include("marketplace.statistics.urls")),
    # Behind nginx these are answered before they get here.
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}, name="media"),
]
