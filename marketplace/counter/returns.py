"""Goods that go back: what lies here for the driver, what is to be written off, what came back for sellers of here."""

import datetime as dt

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from logistics import label_qr
from logistics.models import Departure, GoodsReturn
from logistics.services import goods_returns
from logistics.services.steps import UnableToScan
from logistics.states import DepartureState, Disposal, ReturnState
from marketplace.claims.services import goods_back
from marketplace.counter import claims
from marketplace.counter.forms import ReadingForm
from marketplace.counter.return_forms import ReturnLoadForm, ReturnReadingForm, WriteOffForm
from marketplace.counter.views import console_context
from marketplace.evidence import queries as evidence
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos
from marketplace.evidence.views import shown as photo_shown
from marketplace.selling.labels import code128
from villages.models import PickupPoint

AHEAD, BEHIND = dt.timedelta(hours=24), dt.timedelta(hours=4)
COMING = (ReturnState.AT_POINT, ReturnState.LOADED, ReturnState.AT_HUB)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What goes back from here, what comes back to sellers who drop here, and claims for which somebody comes."""
    context = console_context(request)
    point = context["point"]
    form, status = ReturnReadingForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            claim = claims.found(request, form.cleaned_data["number"], point=point)
            if claim is not None:
                return redirect("counter:claim", number=claim.number)
            found = goods_returns.at_stop_of(point, number=form.cleaned_data["number"])
            if found is None:
                form.add_error("number", _("No such return is at this point, or comes to it."))
                status = 404
            elif found.point_id == point.pk and found.state == ReturnState.AT_POINT:
                return redirect("counter:return", number=found.number)
            elif _taken_in(request, found, form):
                return redirect("counter:returns")
    mine = _rows(GoodsReturn.objects.under_way())
    here = mine.filter(point=point, state=ReturnState.AT_POINT)
    context |= {
        "form": form,
        "claims": claims.here(point),
        "to_write_off": here.filter(disposal=Disposal.WRITE_OFF),
        "to_hand_over": here.filter(disposal=Disposal.BACK),
        "for_sellers": mine.filter(stop=point, state=ReturnState.AT_STOP),
        "coming": mine.filter(stop=point, state__in=COMING, disposal=Disposal.BACK).exclude(point=point),
    }
    return render(request, "counter/returns.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def goods_return(request: HttpRequest, number: str) -> HttpResponse:
    """One return: given to the driver, or written off with the operator's word."""
    found = _mine(request, number)
    writes_off = found.disposal == Disposal.WRITE_OFF
    status, data, files = 200, request.POST or None, request.FILES or None
    departures = [] if writes_off else _departures(found.point, at=clock.now())
    form = WriteOffForm(data, files) if writes_off else ReturnLoadForm(data, departures=departures, at=clock.now())
    if request.method == "POST":
        if form.is_valid() and (_written_off if writes_off else _loaded)(request, found, form):
            return redirect("counter:returns")
        status = 422
    context = console_context(request, at_point=found.point) | {
        "found": found,
        "form": form,
        "departures": departures,
        "is_here": found.state == ReturnState.AT_POINT,
        "proofs": evidence.of([goods_back.matter_of(found)])[goods_back.matter_of(found)],
    }
    return render(request, "counter/return.html", context, status=status)


@require_safe
def label(request: HttpRequest, number: str) -> HttpResponse:
    """The label of what goes back, for print."""
    found = _mine(request, number)
    if found.disposal != Disposal.BACK:
        raise Http404("it does not travel")
    context = console_context(request, at_point=found.point) | {
        "found": found,
        "qr_text": label_qr.text_of(found.number),
        "barcode": code128(found.number),
    }
    return render(request, "counter/return_label.html", context)


@require_safe
def photo(request: HttpRequest, number: str, photo: int) -> HttpResponse:
    """A photo of goods that were written off at an own point."""
    found = _mine(request, number)
    return photo_shown(get_object_or_404(Photo, pk=photo, matter=goods_back.matter_of(found)))


def _rows(found: QuerySet[GoodsReturn]) -> QuerySet[GoodsReturn]:
    return (
        found.select_related("consignment__seller", "consignment__order", "stop", "point")
        .prefetch_related("lines__consignment_line__order_line__product__images")
        .order_by("due_at", "pk")
    )


def _mine(request: HttpRequest, number: str) -> GoodsReturn:
    return get_object_or_404(_rows(GoodsReturn.objects.at_points_of(request.user)), number=number)


def _departures(point: PickupPoint, *, at: dt.datetime) -> list[Departure]:
    """Return the rounds that stop at a point about now, the first one first."""
    running = [DepartureState.SCHEDULED, DepartureState.DEPARTED]
    found = Departure.objects.filter(
        round__stops__point=point, state__in=running, departs_at__lt=at + AHEAD, arrives_at__gt=at - BEHIND
    )
    return list(found.select_related("round").order_by("departs_at", "pk"))


def _taken_in(request: HttpRequest, found: GoodsReturn, form: ReadingForm) -> bool:
    try:
        goods_returns.drop(found, nonce=form.cleaned_data["nonce"], by=request.user, at=clock.now())
    except UnableToScan as refusal:
        form.add_error("number", str(refusal))
        return False
    messages.success(request, _("Taken in: %(number)s") % {"number": found.number})
    return True


def _loaded(request: HttpRequest, found: GoodsReturn, form: ReturnLoadForm) -> bool:
    data = form.cleaned_data
    try:
        goods_returns.load(found, departure=data["departure"], nonce=data["nonce"], by=request.user, at=clock.now())
    except UnableToScan as refusal:
        form.add_error("departure", str(refusal))
        return False
    messages.success(request, _("Given to the driver: %(number)s") % {"number": found.number})
    return True


def _written_off(request: HttpRequest, found: GoodsReturn, form: WriteOffForm) -> bool:
    try:
        goods_back.write_off(found, by=request.user, at=clock.now(), photos=form.cleaned_data["photos"])
    except UnableToScan as refusal:
        form.add_error(None, str(refusal))
        return False
    except photos.UnableToBind:
        form.add_error("photos", _("A photo is not there any more. Please take it again."))
        return False
    messages.success(request, _("Written off. Thank you."))
    return True
