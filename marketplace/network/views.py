"""The console of hub workers and drivers: what lies at the hub, what leaves and comes, loading and unloading."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock, numbers
from logistics.models import Departure, Hub, Parcel
from logistics.services import arrivals, departures, scans
from logistics.services.drivers import STILL_DRIVEN
from logistics.states import DepartureState, ScanKind
from marketplace.access import MOVER, PLANNING
from marketplace.network import manifests, paper, queries, returns
from marketplace.network.forms import DelayForm, ScanForm
from marketplace.network.queries import Act
from marketplace.network.words import DONE

PARCELS_SHOWN = 200
NUMBER_LENGTH = 13


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What lies at the own hubs, and the own departures that are due; whoever moves nothing plans or watches."""
    hubs, now = queries.hubs_of(request.user), clock.now()
    if not hubs and not MOVER.admits(request.user):
        return redirect("network:planning-map")
    context = _context(hubs) | {
        "parcels": queries.at_hubs(hubs, limit=PARCELS_SHOWN) if hubs else [],
        "goods_returns": returns.at_hubs(hubs)[:PARCELS_SHOWN],
        "due": queries.due(request.user, at=now),
        "now": now,
        "plans": PLANNING.admits(request.user),
    }
    return render(request, "network/index.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def departure(request: HttpRequest, pk: int) -> HttpResponse:
    """A departure's manifest by its stops; a parcel that is read is loaded, or taken in where it ends."""
    found, hubs = _mine(request, pk), queries.hubs_of(request.user)
    kinds = queries.kinds(found, hubs=hubs, at=clock.now())
    form, status = ScanForm(request.POST or None, kinds=kinds, initial={"do": request.GET.get("do")}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            parcel = _parcel(found, form, hubs)
            goods_return = returns.scanned(form) if parcel is None else None
            if goods_return is not None:
                if returns.moved(request, found, goods_return, form, hub=queries.takes_in(found, hubs=hubs)):
                    return redirect(f"{reverse('network:departure', args=[pk])}?do={form.cleaned_data['do']}")
            elif parcel is None:
                form.add_error("number", _("This departure has no such parcel."))
                status = 404
            elif _scanned(request, found, parcel, form, hubs):
                return redirect(f"{reverse('network:departure', args=[pk])}?do={form.cleaned_data['do']}")
    return _page(request, found, hubs, form=form, delay_form=DelayForm(), status=status)


def _page(request: HttpRequest, found: Departure, hubs: list[Hub], *, form, delay_form, status: int) -> HttpResponse:
    stops = manifests.stops_of(found)
    parcels, crates = manifests.totals(stops)
    acts = queries.acts(found, user=request.user, hubs=hubs, at=clock.now())
    unloads = queries.takes_in(found, hubs=hubs) is not None and form.kinds[0] == ScanKind.UNLOADED
    arrived = manifests.arrived(found) if unloads else None
    if arrived and not (arrived.came or arrived.surplus or arrivals.can_have_come(found, at=clock.now())):
        arrived = None  # nothing is missing of what is still to come
    context = _context(hubs) | {
        "departure": found,
        "form": form,
        "delay_form": delay_form,
        "stops": stops,
        "booked": max(found.taken_out, found.taken_back),
        "parcels": parcels,
        "crates": crates,
        "aboard": sum(manifests.is_aboard(parcel, found) for stop in stops for parcel in stop.parcels),
        "arrived": arrived,
        "driver": found.driver or (found.round.driver if found.round else None),
        "goods_returns": returns.of(found, hubs=hubs),
        "can_change_driver": bool(found.round and _end(found, hubs)) and found.state in STILL_DRIVEN,
        **{f"can_{act.name.lower()}": act in acts for act in Act},
    }
    return render(request, "network/departure.html", context, status=status)


@require_POST
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the vehicle left, arrived, is late, broke down; or close the departure at its end."""
    found, hubs, now = _mine(request, pk), queries.hubs_of(request.user), clock.now()
    act = request.POST.get("act")
    if act not in queries.acts(found, user=request.user, hubs=hubs, at=now):
        if act in set(Act):
            messages.error(request, _("This cannot be noted of this departure now."))
            return redirect("network:departure", pk=pk)
        raise Http404("no such act")
    try:
        if act == Act.DELAY:
            delay_form = DelayForm(request.POST)
            if not delay_form.is_valid():
                form = ScanForm(None, kinds=queries.kinds(found, hubs=hubs, at=now))
                return _page(request, found, hubs, form=form, delay_form=delay_form, status=422)
            minutes = delay_form.cleaned_data["minutes"]
            departures.delay(found, minutes=minutes, by=request.user, at=now)
            said = _("Noted: %(minutes)d minutes late.") % {"minutes": minutes}
        elif act == Act.DEPART:
            departures.depart(found, by=request.user, at=now)
            said = _("Noted: the vehicle has left.")
        elif act == Act.ARRIVE:
            departures.arrive(found, by=request.user, at=now)
            said = _("Noted: the vehicle is here.")
        elif act == Act.BREAK_DOWN:
            departures.break_down(found, by=request.user, at=now)
            said = _("Noted: the vehicle has broken down. What it carries goes on from the hub that takes it.")
        else:
            short = arrivals.close(found, hub=queries.takes_in(found, hubs=hubs), by=request.user, at=now)
            said = (
                _("Closed. %(count)d parcels are short.") % {"count": len(short)}
                if short
                else _("Closed. All is here.")
            )
    except (departures.UnableToRun, arrivals.UnableToClose) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("network:departure", pk=pk)


@require_safe
def manifest(request: HttpRequest, pk: int) -> HttpResponse:
    """The manifest for print, by stop and storage class, with places to sign."""
    found = _mine(request, pk)
    stops = manifests.stops_of(found)
    parcels, crates = manifests.totals(stops)
    context = _context(queries.hubs_of(request.user)) | {
        "departure": found,
        "stops": stops,
        "parcels": parcels,
        "crates": crates,
        "now": clock.now(),
    }
    return render(request, "network/manifest.html", context)


@require_safe
def manifest_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as PDF."""
    found = _mine(request, pk)
    drawn = paper.manifest(found, manifests.stops_of(found), at=clock.now())
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="manifest-{found.pk}-{found.day:%Y%m%d}.pdf"'
    return answer


def _mine(request: HttpRequest, pk: int) -> Departure:
    mine = Departure.objects.visible_to(request.user).distinct()
    return get_object_or_404(
        mine.select_related("lane__origin", "lane__destination", "round__hub", "round__driver", "driver"), pk=pk
    )


def _end(found: Departure, hubs: list[Hub]) -> Hub | None:
    """Return the own hub where a departure ends."""
    return next((hub for hub in hubs if hub.pk == queries.end_of(found)), None)


def _parcel(found: Departure, form: ScanForm, hubs: list[Hub]) -> Parcel | None:
    """Return the parcel that was read; at the end of the trip also one that the manifest does not have.

    For that its whole number is asked for: nobody has it who does not have the label before him.
    """
    number = form.cleaned_data["number"]
    parcel = queries.parcel_of(found, number=number)
    takes_in = form.cleaned_data["do"] == ScanKind.UNLOADED and queries.takes_in(found, hubs=hubs) is not None
    if parcel is None and takes_in and len(number) == NUMBER_LENGTH and numbers.is_sound(number):
        parcel = Parcel.objects.filter(number=number).first()
    return parcel


def _scanned(request: HttpRequest, found: Departure, parcel: Parcel, form: ScanForm, hubs: list[Hub]) -> bool:
    """Load the parcel or take it in, or say above the field why not."""
    act = {"departure": found, "nonce": form.cleaned_data["nonce"], "by": request.user, "at": clock.now()}
    hub = queries.takes_in(found, hubs=hubs)
    try:
        if form.cleaned_data["do"] == ScanKind.UNLOADED and hub is not None:
            scan = arrivals.take_in(parcel, hub=hub, **act)
        else:
            scan = scans.load(parcel, **act)
    except scans.UnableToScan as refusal:
        form.add_error("number", str(refusal))
        return False
    say = messages.warning if scan.kind == ScanKind.SURPLUS else messages.success
    say(request, DONE[ScanKind(scan.kind)] % {"number": parcel.number})
    if scan.kind == ScanKind.UNLOADED:
        _ask_whether_it_is_here(request, found)
    return True


def _ask_whether_it_is_here(request: HttpRequest, found: Departure) -> None:
    """Say so where a parcel was taken off a vehicle that cannot be at its end yet."""
    found.refresh_from_db(fields=["state", "departed_at"])
    asked = {
        DepartureState.DEPARTED: _(
            "By its times this vehicle cannot be here before %(time)s, so its trip goes on. If it is here, note that."
        ),
        DepartureState.SCHEDULED: _(
            "Nobody has noted that this vehicle left, and by its times it cannot be here before %(time)s: "
            "its trip goes on."
        ),
    }
    if found.state in asked:
        earliest = f"{timezone.localtime(departures.earliest_end(found)):%H:%M}"
        messages.warning(request, asked[found.state] % {"time": earliest})


def _context(hubs: list[Hub]) -> dict:
    return {"hubs": hubs, "place": "、".join(hub.name for hub in hubs)}
