"""The console of hub workers and drivers: what lies at the hub, what leaves and comes, loading and unloading."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from logistics.models import Departure, Hub, Parcel
from logistics.services import scans
from logistics.states import ParcelState, ScanKind
from marketplace.network import queries
from marketplace.network.forms import ScanForm
from marketplace.network.words import DONE

PARCELS_SHOWN = 200


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What lies at the own hubs, and the own departures that are due."""
    hubs, now = queries.hubs_of(request.user), clock.now()
    context = _context(hubs) | {
        "parcels": queries.at_hubs(hubs, limit=PARCELS_SHOWN) if hubs else [],
        "due": queries.due(request.user, at=now),
        "now": now,
    }
    return render(request, "network/index.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def departure(request: HttpRequest, pk: int) -> HttpResponse:
    """A departure's manifest by its stops; a parcel that is read is loaded, or unloaded where it ends."""
    mine = Departure.objects.visible_to(request.user)
    found = get_object_or_404(mine.select_related("lane__origin", "lane__destination", "round__hub"), pk=pk)
    hubs, now = queries.hubs_of(request.user), clock.now()
    kinds = queries.kinds(found, hubs=hubs, at=now)
    form, status = ScanForm(request.POST or None, kinds=kinds, initial={"do": request.GET.get("do")}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            parcel = queries.parcel_of(found, number=form.cleaned_data["number"])
            if parcel is None:
                form.add_error("number", _("This departure has no such parcel."))
                status = 404
            elif _scanned(request, found, parcel, form, hubs):
                return redirect(f"{reverse('network:departure', args=[pk])}?do={form.cleaned_data['do']}")
    stops = queries.manifest(found)
    context = _context(hubs) | {
        "departure": found,
        "form": form,
        "stops": stops,
        "booked": max(found.taken_out, found.taken_back),
        "parcels": sum(len(stop.parcels) for stop in stops),
        "aboard": sum(_is_aboard(parcel, found) for stop in stops for parcel in stop.parcels),
    }
    return render(request, "network/departure.html", context, status=status)


def _scanned(request: HttpRequest, found: Departure, parcel: Parcel, form: ScanForm, hubs: list[Hub]) -> bool:
    """Load or unload the parcel, or say above the field why not."""
    act = {"nonce": form.cleaned_data["nonce"], "by": request.user, "at": clock.now()}
    hub = next((hub for hub in hubs if hub.pk == queries.end_of(found)), None)
    try:
        if form.cleaned_data["do"] == ScanKind.UNLOADED and hub is not None:
            scan = scans.unload(parcel, hub=hub, **act)
        else:
            scan = scans.load(parcel, departure=found, **act)
    except scans.UnableToScan as refusal:
        form.add_error("number", str(refusal))
        return False
    messages.success(request, DONE[ScanKind(scan.kind)] % {"number": parcel.number})
    return True


def _is_aboard(parcel: Parcel, found: Departure) -> bool:
    return parcel.state == ParcelState.LOADED and parcel.departure_id == found.pk


def _context(hubs: list[Hub]) -> dict:
    return {"hubs": hubs, "place": "、".join(hub.name for hub in hubs)}
