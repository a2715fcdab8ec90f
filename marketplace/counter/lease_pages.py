"""Who works without network at the point, until when; and taking it over from another phone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from logistics.services import leases
from marketplace import stepping_up
from marketplace.counter import lease_queries
from marketplace.counter.middleware import device_at
from marketplace.counter.services import syncing
from marketplace.counter.views import console_context


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The lease in force, by which device and since when it was synced; those before it."""
    context, at = console_context(request), clock.now()
    point = context["point"]
    rows = list(lease_queries.leases_of(point))
    live = next((row for row in rows if row.state == "LIVE" and row.until > at), None)
    context |= {
        "live": live,
        "former": [row for row in rows if row is not live],
        "device": device_at(request, point=point),
        "exceptions": lease_queries.exceptions(point).count(),
    }
    return render(request, "counter/leases.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@stepping_up.required
def take_over(request: HttpRequest) -> HttpResponse:
    """Ask once more what it means, then end the other phone's lease."""
    device, at = request.device, clock.now()
    context = console_context(request, at_point=device.point if device else None)
    point = context["point"]
    back = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = ""
    device = device_at(request, point=point)
    live = leases.live(point.pk, at=at)
    if request.method == "POST" and device is not None:
        try:
            leases.take_over(point, device=device, by=request.user, at=at)
        except leases.UnableToEnd as refusal:
            messages.error(request, str(refusal))
        else:
            syncing.give_up(by=request.user, at=at, point_id=point.pk)
            messages.success(request, _("Taken over. Everything can be handed over here again."))
        return redirect(back or "counter:offline-leases")
    context |= {"live": live, "device": device, "next": back, "is_own": live is not None and live.device == device}
    return render(request, "counter/take_over.html", context)
