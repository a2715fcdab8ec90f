"""The seller's console: what is to be packed, the goods, and the labels."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.models import Product
from catalogue.states import ListingState
from core import clock
from logistics.models import Consignment, GoodsReturn
from logistics.states import ConsignmentState, ReturnState
from marketplace.claims.models import Claim
from marketplace.claims.states import ClaimState
from marketplace.partner.models import Partner
from marketplace.partner.services.stock import UnableToAdjust
from marketplace.selling import label_paper, labels, queries
from marketplace.selling.forms import ListingForm, PackingForm
from marketplace.selling.services import listings, packing

PAGE_SIZE = 30
EARNED_DAYS = 30


def seller_of(request: HttpRequest) -> Partner:
    """Return the person's seller; whoever has several chooses by ``?shop=``."""
    sellers = list(queries.sellers_of(request.user))
    if not sellers:
        raise Http404("no seller")
    wanted = request.session.get("seller")
    return next((seller for seller in sellers if seller.pk == wanted), sellers[0])


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What must be done today, then the goods, then the money."""
    seller, at = seller_of(request), clock.now()
    context = {
        "seller": seller,
        "work": queries.work(seller),
        "to_pack": queries.to_pack(seller)[:PAGE_SIZE],
        "listings": queries.listings(seller)[:PAGE_SIZE],
        "earned_fen": queries.earned_fen(seller, since=at - dt.timedelta(days=EARNED_DAYS)),
        "earned_days": EARNED_DAYS,
        "claims_open": Claim.objects.filter(consignment__seller=seller, state=ClaimState.OPEN).count(),
        "returns_here": GoodsReturn.objects.filter(consignment__seller=seller, state=ReturnState.AT_STOP).count(),
        "on_sale": seller.listings.filter(state=ListingState.LISTED).count(),
    }
    return render(request, "selling/index.html", context)


@require_safe
def consignments(request: HttpRequest) -> HttpResponse:
    """What was packed, the latest first."""
    seller = seller_of(request)
    page = Paginator(queries.sent(seller), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "selling/consignments.html", {"seller": seller, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def consignment(request: HttpRequest, number: str) -> HttpResponse:
    """A consignment: what goes in, by when it is to be at the stop; packing it."""
    found = _consignment(request, number)
    form = PackingForm(request.POST or None, crates=found.crates)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                packing.pack(found, parcels=form.cleaned_data["parcels"], by=request.user, at=clock.now())
            except packing.UnableToPack as refusal:
                form.add_error("parcels", str(refusal))
            else:
                messages.success(request, _("Packed. Print the labels and drop the parcels at the stop."))
                return redirect("selling:labels", number=found.number)
        status = 422
    context = {
        "seller": found.seller,
        "consignment": found,
        "form": form,
        "to_pack": found.state == ConsignmentState.ROUTED,
        "parcels": found.parcels.annotate(last_scan_at=Max("scans__occurred_at")) if found.packed_at else (),
        "first_leg": found.legs.filter(released_at=None).order_by("sequence").first(),
    }
    return render(request, "selling/consignment.html", context, status=status)


@require_safe
def label_sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The labels of a packed consignment, for print."""
    found = _labelled(request, number)
    return render(request, "selling/labels.html", {"seller": found.seller, "labels": labels.of(found), "found": found})


@require_safe
def label_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The same labels as PDF, one to a sheet of a label printer."""
    found = _labelled(request, number)
    answer = HttpResponse(label_paper.draw(labels.of(found)), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="labels-{found.number}.pdf"'
    return answer


def _consignment(request: HttpRequest, number: str) -> Consignment:
    mine = Consignment.objects.of_sellers_of(request.user).select_related("seller", "point", "origin_stop")
    return get_object_or_404(mine.prefetch_related("lines__order_line__product__images", "parcels"), number=number)


def _labelled(request: HttpRequest, number: str) -> Consignment:
    found = _consignment(request, number)
    if found.packed_at is None or not found.parcels.all():
        raise Http404("not packed yet, or in boxes that nobody wrote down")
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def listing_add(request: HttpRequest) -> HttpResponse:
    """Add a listing and put it on sale."""
    seller = seller_of(request)
    return _edit(request, seller, None)


@require_http_methods(["GET", "HEAD", "POST"])
def listing_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a listing."""
    product = get_object_or_404(Product.objects.visible_to(request.user).select_related("seller"), pk=pk)
    return _edit(request, product.seller, product)


@require_POST
def listing_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a listing on sale or take it off."""
    product = get_object_or_404(Product.objects.visible_to(request.user), pk=pk)
    to = {"on": ListingState.LISTED, "off": ListingState.WITHDRAWN}.get(request.POST.get("to", ""))
    if to is None:
        return redirect("selling:index")
    try:
        listings.move(product, to=to, by=request.user, at=clock.now())
    except listings.UnableToList as refusal:
        messages.error(request, refusal.message)
    else:
        words = _("%(name)s is on sale.") if to == ListingState.LISTED else _("%(name)s is taken off sale.")
        messages.success(request, words % {"name": product.title})
    return redirect("selling:index")


def _edit(request: HttpRequest, seller: Partner, product: Product | None) -> HttpResponse:
    form = ListingForm(request.POST or None, request.FILES or None, product=product)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _save(request, form, seller, product):
            return redirect("selling:index")
        status = 422
    return render(request, "selling/listing.html", {"seller": seller, "form": form, "product": product}, status=status)


def _save(request: HttpRequest, form: ListingForm, seller: Partner, product: Product | None) -> bool:
    try:
        if product is None:
            saved = listings.add(seller, details=form.details(), by=request.user, at=clock.now())
        else:
            saved = listings.change(product, details=form.details(), by=request.user, at=clock.now())
    except listings.UnableToList as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return False
    except UnableToAdjust as refusal:
        form.add_error("on_hand", str(refusal))
        return False
    messages.success(request, _("%(name)s is saved.") % {"name": saved.title})
    return True
