"""The stop at which the seller drops parcels: the nearest ones at which a vehicle calls, to choose from."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from marketplace.partner.services import stops
from marketplace.selling.views import seller_of
from villages.models import PickupPoint


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Show the stop, with others near it; another one is taken from the next order on."""
    seller, at, status = seller_of(request), clock.now(), 200
    if request.method == "POST":
        asked = request.POST.get("stop", "")
        chosen = PickupPoint.objects.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 19 else None
        try:
            if chosen is None:
                raise stops.UnableToChangeStop(_("Please choose a stop from the list."))
            stops.change(seller, stop=chosen, by=request.user, at=at)
        except stops.UnableToChangeStop as refusal:
            messages.error(request, str(refusal))
            status = 422
        else:
            messages.success(request, _("What is ordered from now on goes from %(name)s.") % {"name": chosen.name})
            return redirect("selling:stop")
    near = stops.offered(seller, at=at)
    return render(request, "selling/stop.html", {"seller": seller, "near": near}, status=status)
