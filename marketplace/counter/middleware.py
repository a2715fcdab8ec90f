"""Which paired device a request of the counter comes from."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from villages.models import Device, PickupPoint
from villages.services import devices

COOKIE = "point_device"
LASTS_SECONDS = 400 * 24 * 3600  # as long as browsers keep any


class DeviceMiddleware:
    """Set ``request.device`` on the counter's pages: the paired device, or None for any other phone.

    It is asked each time, so that a revoked device is none with its next request.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.device = None
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        if request.resolver_match.app_name == "counter":
            request.device = devices.of_token(request.COOKIES.get(COOKIE, ""))


def device_at(request: HttpRequest, *, point: PickupPoint) -> Device | None:
    """Return the request's device where it is paired with this very point."""
    device = request.device
    return device if device is not None and device.point_id == point.pk else None


def keep(response: HttpResponse, token: str) -> None:
    """Let the phone keep a token; no script can read it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=LASTS_SECONDS,
        path="/point/",
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )
