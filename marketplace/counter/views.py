"""The operator's console: today, receiving, what waits, finding an order, handing it over, its receipt."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from logistics import queries as logistics
from logistics.services import scans
from logistics.states import PARCEL_MOVES, ParcelState
from marketplace import wording
from marketplace.counter import finding, lease_queries, queries
from marketplace.counter.forms import ParcelForm, SearchForm, ShelfForm
from marketplace.counter.middleware import device_at
from marketplace.counter.services import wrong_points
from marketplace.evidence import queries as evidence
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos
from marketplace.evidence.views import shown as photo_shown
from villages import queries as villages
from villages.models import PickupPoint
from villages.states import OperatorRole

PAGE_SIZE = 50
EXPECTED_SHOWN = 30
POINT, QR = "counter_point", "counter_qr"
QR_LASTS = dt.timedelta(minutes=15)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Today: what comes, what waits, the cash; the search; what falls due."""
    at = clock.now()
    context = console_context(request)
    point = context["point"]
    rows = queries.waiting(point)
    context |= {
        "at": at,
        "today": queries.today(point, at=at),
        "arrivals": queries.arrivals(point, at=at),
        "due_soon": queries.due_soon(rows, at=at),
        "going_back": queries.going_back(point),
        "exceptions": lease_queries.exceptions(point).count(),
        "form": SearchForm(),
    }
    return render(request, "counter/index.html", context)


@require_POST
def choose_point(request: HttpRequest) -> HttpResponse:
    """Go on at another of the own points."""
    wanted = request.POST.get("point", "")
    point = next((each for each in queries.points_of(request.user) if str(each.pk) == wanted), None)
    if point is None:
        raise Http404("not a point of this person")
    request.session[POINT] = point.pk
    return redirect("counter:index")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Read a parcel's label, or type its number; what is to come stands below."""
    context = console_context(request)
    point, at = context["point"], clock.now()
    form, status = ParcelForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            parcel = queries.parcel_at(point, number=form.cleaned_data["number"])
            if parcel is not None:
                return redirect("counter:receive-parcel", number=parcel.number)
            status = 404
            try:
                finding.see_label(form.data["number"], point=point)
                form.add_error("number", _("No such parcel comes to this point."))
            except finding.Elsewhere as found:
                try:
                    return _elsewhere(request, found)
                except wrong_points.UnableToLookUp as refusal:
                    form.add_error("number", str(refusal))
    expected = list(queries.expected_parcels(point, at=at)[: EXPECTED_SHOWN + 1])
    context |= {
        "form": form,
        "today": queries.today(point, at=at),
        "expected": expected[:EXPECTED_SHOWN],
        "more": len(expected) > EXPECTED_SHOWN,
    }
    return render(request, "counter/receive.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receive_parcel(request: HttpRequest, number: str) -> HttpResponse:
    """Put a parcel on a shelf, and so receive it."""
    mine = queries.parcels_of(request.user).prefetch_related("consignment__lines__order_line__product__images")
    parcel = get_object_or_404(mine, number=number)
    context = console_context(request, at_point=parcel.consignment.point)
    suggestions = logistics.shelf_suggestions(parcel.consignment)
    form, status = ShelfForm(request.POST or None, request.FILES or None, suggestions=suggestions), 200
    if request.method == "POST":
        if form.is_valid() and _receive(request, parcel, form):
            messages.success(
                request, _("Received. It stands at %(shelf)s.") % {"shelf": form.cleaned_data["shelf"] or "—"}
            )
            return redirect("counter:receive")
        status = 422
    context |= {
        "parcel": parcel,
        "of": parcel.consignment.parcels.count(),
        "proofs": evidence.of([matter_of_damage(parcel.pk)])[matter_of_damage(parcel.pk)] if parcel.damaged_at else [],
        "form": form,
        "is_here": parcel.state == ParcelState.AT_POINT,
        "handed_over_at": queries.handed_over_at(parcel) if parcel.state == ParcelState.HANDED_OVER else None,
        "can_be_received": ParcelState.AT_POINT in PARCEL_MOVES[parcel.state],
    }
    return render(request, "counter/receive_parcel.html", context, status=status)


def _receive(request: HttpRequest, parcel, form: ShelfForm) -> bool:
    data, at = form.cleaned_data, clock.now()
    try:
        with transaction.atomic():
            scan = scans.receive(
                parcel,
                point=parcel.consignment.point,
                shelf=data["shelf"],
                nonce=data["nonce"],
                by=request.user,
                at=at,
                damaged=data["damaged"],
            )
            photos.bind(data["photos"], matter=matter_of_damage(scan.parcel_id), at=at)
    except scans.UnableToScan as refusal:
        form.add_error(None, str(refusal))
        return False
    except photos.UnableToBind:
        form.add_error("photos", _("A photo is not there any more. Please take it again."))
        return False
    return True


def matter_of_damage(parcel_id: int) -> str:
    """Return what photos of a parcel that came damaged are kept under."""
    return f"parcel:{parcel_id}"


@require_safe
def damage(request: HttpRequest, number: str, photo: int) -> HttpResponse:
    """A photo of a parcel that came damaged to an own point."""
    parcel = get_object_or_404(queries.parcels_of(request.user), number=number)
    return photo_shown(get_object_or_404(Photo, pk=photo, matter=matter_of_damage(parcel.pk)))


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits to be collected: by the time it falls due, by shelf, or by the phone's last digits."""
    context = console_context(request)
    rows = queries.waiting(context["point"])
    by = request.GET.get("by", "due")
    if by == "shelf":
        rows.sort(key=lambda row: (row.shelves[0], row.order.pk))
    elif by == "phone":
        rows.sort(key=lambda row: (row.order.contact_phone_tail, row.order.pk))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    at = clock.now()
    room = queries.room(context["point"], at=at)
    context |= {"page": page, "by": by, "at": at, "soon": at + queries.DUE_SOON, "room": room}
    return render(request, "counter/waiting.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Find an order by its QR, its number, a parcel, or the last digits of the phone.

    The search is sent by POST: a QR proves who may collect, and belongs in no address.
    """
    context = console_context(request)
    point = context["point"]
    form, status = SearchForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _found(request, finding.find(form.cleaned_data["q"], point=point))
            except finding.Elsewhere as found:
                try:
                    return _elsewhere(request, found)
                except wrong_points.UnableToLookUp as refusal:
                    form.add_error("q", str(refusal))
                    status = 429
            except finding.UnableToRead as refusal:
                form.add_error("q", str(refusal))
            except finding.NotHere as refusal:
                form.add_error("q", str(refusal))
                status = 404
    tail = request.GET.get("tail", "")
    rows = queries.waiting(point, tail=tail) if len(tail) == queries.TAIL_DIGITS and tail.isdigit() else []
    context |= {"form": form, "tail": tail if rows else "", "rows": rows, "at": clock.now()}
    return render(request, "counter/find.html", context, status=status)


def _elsewhere(request: HttpRequest, found: finding.Elsewhere) -> HttpResponse:
    """Say where something is kept that was scanned here; an own point is gone to instead."""
    context = console_context(request)
    if any(each.pk == found.point.pk for each in context["points"]):
        request.session[POINT] = found.point.pk
        messages.info(request, _("This is kept at your other point: %(name)s.") % {"name": found.point.name})
        return redirect("counter:find")
    at = clock.now()
    here = context["point"]
    wrong_points.note(point=here, shown=found.shown, by=request.user, at=at, device=device_at(request, point=here))
    hours = villages.openings_of([found.point.pk])[found.point.pk].today(at)
    context |= {"right": found.point, "hours": hours}
    return render(request, "counter/elsewhere.html", context)


def _found(request: HttpRequest, found: finding.Found) -> HttpResponse:
    if found.tail:
        return redirect(f"{reverse('counter:find')}?tail={found.tail}")
    if found.qr:
        request.session[QR] = {
            "order": found.order_number,
            "text": found.qr,
            "at": clock.now().isoformat(),
        }
    return redirect("counter:order", number=found.order_number)


def console_context(request: HttpRequest, *, at_point: PickupPoint | None = None) -> dict:
    """Return what every page of the console knows: the point that is worked at, and the own ones to choose from.

    :param at_point: the own point that the page's object belongs to, which goes before the chosen one.
    """
    points = queries.points_of(request.user)
    if not points:
        raise Http404("no point")
    wanted = at_point.pk if at_point else request.session.get(POINT)
    point = next((each for each in points if each.pk == wanted), points[0])
    today = clock.today()
    day = f"{wording.WEEKDAYS[today.weekday()]} {date_format(today, str(wording.DAY_OF_YEAR))}"
    is_own = any(each.own_role == OperatorRole.OWNER for each in points)
    return {"point": point, "points": points, "day": day, "owns_point": is_own}


def owner_context(request: HttpRequest) -> dict:
    """Return what every page of the console knows, at the chosen point where it is the person's own, else the first."""
    owned = [each for each in queries.points_of(request.user) if each.own_role == OperatorRole.OWNER]
    if not owned:
        raise Http404("no point of one's own")
    chosen = next((each for each in owned if each.pk == request.session.get(POINT)), owned[0])
    return console_context(request, at_point=chosen)
