"""The new phone's page: it asks to be paired, shows its number, and goes on when an owner has confirmed."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from marketplace import network_address
from marketplace.counter.middleware import COOKIE, keep
from villages.services import devices


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pair(request: HttpRequest) -> HttpResponse:
    """Show the number and the QR of this phone's request; a paired phone sees with which point."""
    at = clock.now()
    refusal = ""
    if request.method == "POST" and request.device is None:
        token = devices.new_token()
        try:
            devices.ask(token, network_address=network_address.of(request), at=at)
        except devices.UnableToPair as error:
            refusal = str(error)
        else:
            response = redirect("counter:pair")
            keep(response, token)
            return response
    waiting = None if request.device else devices.request_of(request.COOKIES.get(COOKIE, ""), at=at)
    context = {"device": request.device, "waiting": waiting, "prefix": devices.PREFIX, "refusal": refusal}
    return render(request, "counter/pair.html", context, status=429 if refusal else 200)


@never_cache
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Tell the new phone's page whether it is paired, or still waits."""
    waiting = devices.request_of(request.COOKIES.get(COOKIE, ""), at=clock.now())
    return JsonResponse({"paired": request.device is not None, "waiting": waiting is not None})
