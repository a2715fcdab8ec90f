"""A vehicle at the own point: its manifest, taking all of it in by count, and checking it off."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from logistics.models import Leg, StopClosing
from logistics.services import receiving
from logistics.services.steps import UnableToScan
from logistics.states import Direction, ParcelState
from marketplace.counter import queries
from marketplace.counter.forms import CountForm
from marketplace.counter.views import console_context


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: HttpRequest, pk: int) -> HttpResponse:
    """What a vehicle brings to the own point; counting it in, or checking off what is here."""
    departure = get_object_or_404(queries.departures_to(request.user).select_related("round"), pk=pk)
    context = console_context(request)
    point = point_of(departure, context)
    form, status = CountForm(request.POST if request.POST.get("do") == "count" else None), 200
    if request.method == "POST":
        try:
            if request.POST.get("do") == "close":
                missing = receiving.close_stop(departure, point=point, by=request.user, at=clock.now())
                _told(request, len(missing))
                return redirect("counter:index")
            if form.is_valid():
                data = form.cleaned_data
                received = receiving.receive_counted(
                    departure,
                    point=point,
                    counted=data["counted"],
                    nonce=data["nonce"],
                    by=request.user,
                    at=clock.now(),
                )
                words = ngettext("%(n)d parcel is received.", "%(n)d parcels are received.", len(received))
                messages.success(request, words % {"n": len(received)})
                return redirect("counter:arrival", pk=departure.pk)
        except UnableToScan as refusal:
            if form.is_bound:
                form.add_error("counted", str(refusal))
            else:
                messages.error(request, str(refusal))
        status = 422
    parcels = list(
        receiving.manifest(departure, point)
        .select_related("consignment__order")
        .prefetch_related("consignment__lines__order_line")
    )
    context |= {
        "departure": departure,
        "arrives_at": _arrives_at(departure, point),
        "point": point,
        "parcels": parcels,
        "missing": sum(parcel.state in queries.COMING for parcel in parcels),
        "coming": queries.COMING,
        "slips": sum(parcel.state == ParcelState.AT_POINT for parcel in parcels),
        "form": form,
        "closing": StopClosing.objects.filter(departure=departure, point=point).first(),
    }
    return render(request, "counter/arrival.html", context, status=status)


def point_of(departure, context: dict):
    """Return which of the own points the vehicle serves: the chosen one, or the first that it brings something to."""
    served = set(
        Leg.objects.in_force()
        .filter(departure=departure, direction=Direction.OUT)
        .values_list("consignment__point_id", flat=True)
    )
    mine = [each for each in (context["point"], *context["points"]) if each.pk in served]
    return mine[0]


def _arrives_at(departure, point):
    legs = Leg.objects.in_force().filter(departure=departure, direction=Direction.OUT, consignment__point=point)
    return legs.order_by("arrives_at").values_list("arrives_at", flat=True).first()


def _told(request: HttpRequest, missing: int) -> None:
    if missing:
        words = ngettext("Checked off: %(n)d parcel is short.", "Checked off: %(n)d parcels are short.", missing)
        messages.warning(request, words % {"n": missing})
    else:
        messages.success(request, _("Checked off: all of it is here."))
