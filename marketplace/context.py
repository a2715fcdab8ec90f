"""What every page's template knows."""

from django.conf import settings

from core.storage_class import StorageClass
from villages.models import PickupPoint

CHOSEN_POINT = "chosen_point"


def shop(request) -> dict:
    """Return the basket, the chosen point (fetched when first asked for) and the map's review number."""
    return {
        "basket": getattr(request, "basket", None),
        "chosen_point": chosen_point(request),
        "map_review_number": settings.MAP_REVIEW_NUMBER,
        "demo_messages_page": settings.DEMO_MESSAGES_PAGE,
    }


def chosen_point(request) -> PickupPoint | None:
    """Return the open point that this browser chose, or None; one query a request at most."""
    if not hasattr(request, "_chosen_point"):
        pk = request.session.get(CHOSEN_POINT) if hasattr(request, "session") else None
        points = PickupPoint.objects.open().select_related("division").keeping(*StorageClass.values)
        request._chosen_point = points.filter(pk=pk).first() if pk else None
    return request._chosen_point
