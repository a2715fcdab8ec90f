"""The buyer's orders: the list, the page with its ticket and timeline, cancelling."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from logistics import codes, pickup_qr
from logistics.models import Consignment
from logistics.promises import Refusal
from logistics.services.redirecting import UnableToRedirect, offers
from logistics.states import CANCELLABLE, ConsignmentState, FreightFunder
from marketplace.claims.states import ClaimState
from marketplace.claims.windows import windows_of
from marketplace.communication.queries import on_page_of
from marketplace.order import links
from marketplace.order.models import Order
from marketplace.order.services import cancelling, redirecting, reissuing, reminding
from marketplace.order.states import Channel
from marketplace.storefront import timelines
from villages import queries as villages
from villages.models import PickupPoint

REMEMBERED = 20
POINTS_NEAR = 13  # the own one and twelve others


def remember(request: HttpRequest, order: Order) -> None:
    """Let this browser open the order without an account."""
    numbers = [number for number in request.session.get("orders", []) if number != order.number]
    request.session["orders"] = [*numbers, order.number][-REMEMBERED:]


def url_of(order: Order) -> str:
    """Return the order's page."""
    return reverse("customer:order", args=[order.number])


def mine(request: HttpRequest, number: str) -> Order:
    """Return the order if it is this person's or was placed in this browser; a 404 otherwise."""
    order = (
        Order.objects.select_related("pickup_point__division").prefetch_related("lines").filter(number=number).first()
    )
    if order is None:
        raise Http404("no such order")
    owner = request.user.is_authenticated and order.user_id == request.user.pk
    if not owner and number not in request.session.get("orders", []):
        raise Http404("not this person's order")
    return order


@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """The person's orders, or those placed in this browser."""
    orders = Order.objects.select_related("pickup_point").prefetch_related("lines__product__images", "consignments")
    if request.user.is_authenticated:
        orders = orders.visible_to(request.user)
    else:
        orders = orders.filter(number__in=request.session.get("orders", []))
    page = Paginator(orders.order_by("-date_placed", "-pk"), 10).get_page(request.GET.get("page"))
    return render(request, "storefront/order_list.html", {"page": page})


@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """An order with its ticket, its lines and where each consignment is."""
    return _page(request, mine(request, number))


@require_POST
def reissue(request: HttpRequest, number: str) -> HttpResponse:
    """Issue the pickup code anew; the browser keeps the order."""
    found = mine(request, number)
    try:
        reissuing.reissue(found, by=request.user if request.user.is_authenticated else None, at=clock.now())
    except reissuing.UnableToReissue as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("This is your new code. The old one no longer works."))
    return redirect(url_of(found))


@require_POST
def extend(request: HttpRequest, number: str) -> HttpResponse:
    """Have what waits kept longer, once."""
    found = mine(request, number)
    try:
        reminding.extend(found, by=request.user if request.user.is_authenticated else None, at=clock.now())
    except reminding.UnableToExtend as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The shop keeps it longer for you. See the new time below."))
    return redirect(url_of(found))


@require_safe
def order_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Open an order by the link of its message, and let this browser keep it."""
    try:
        number, epoch = links.read(token)
    except links.UnableToReadLink as error:
        raise Http404("no such link") from error
    found = Order.objects.filter(number=number, code_epoch=epoch).first()
    if found is None:
        raise Http404("the link is void")
    remember(request, found)
    return redirect(url_of(found))


@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel an order of which nothing is packed."""
    found = mine(request, number)
    try:
        cancelling.cancel(found, by=request.user if request.user.is_authenticated else None, at=clock.now())
    except cancelling.UnableToCancel as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The order is cancelled. You owe nothing for it."))
    return redirect(url_of(found))


@require_http_methods(["GET", "HEAD", "POST"])
def change_point(request: HttpRequest, number: str) -> HttpResponse:
    """Choose another point for an order that is on its way: those near its own, with the day at each."""
    found, at, status = mine(request, number), clock.now(), 200
    if request.method == "POST":
        asked = request.POST.get("point", "")
        try:
            changed = redirecting.change_point(
                found,
                point_id=int(asked) if asked.isdecimal() and len(asked) < 10 else 0,
                by=request.user if request.user.is_authenticated else None,
                at=at,
            )
        except redirecting.UnableToChangePoint as refusal:
            messages.error(request, str(refusal))
            status = 422
        else:
            messages.success(request, _("It now goes to %(point)s.") % {"point": changed.pickup_point.name})
            return redirect(url_of(found))
    return render(request, "storefront/order_point.html", _points(found, at), status=status)


def _points(found: Order, at: dt.datetime) -> dict:
    here, consignments = found.pickup_point, redirecting.on_their_way(found)
    context = {"order": found, "choices": [], "too_late": "", "now": at}
    near = villages.points_near(float(here.longitude), float(here.latitude), limit=POINTS_NEAR)
    others = [other for other in near if other.point.pk != here.pk]
    try:
        if not redirecting.may_change_point(found):
            raise UnableToRedirect(_("It is too late: a part of it is already on the vehicle to the point, or there."))
        offered = offers(consignments, points=[other.point for other in others], at=at)
    except UnableToRedirect as refusal:
        return context | {"too_late": str(refusal)}
    hours = villages.openings_of([other.point.pk for other in others])
    context["choices"] = [
        {
            "point": other.point,
            "distance_km": other.distance_km,
            "hours": hours[other.point.pk].today(at),
            "problem": offer.label if isinstance(offer := offered[other.point.pk], Refusal) else "",
            "promised_at": None if isinstance(offer, Refusal) else offer,
        }
        for other in others
    ]
    return context


_NOT_COLLECTED = {
    ConsignmentState.CANCELLED,
    ConsignmentState.EXPIRED,
    ConsignmentState.RETURNED,
    ConsignmentState.WRITTEN_OFF,
}


def _page(request: HttpRequest, found: Order) -> HttpResponse:
    consignments = list(
        found.consignments.select_related("seller", "origin_stop")
        .prefetch_related("lines__order_line__product__images", "parcels")
        .order_by("pk")
    )
    _note_what_is_claimable(consignments)
    claims = list(found.claims.select_related("consignment_line__order_line").order_by("pk"))
    ready = [c for c in consignments if c.state == ConsignmentState.AT_POINT]
    shown = ready or [c for c in consignments if c.state not in {ConsignmentState.COLLECTED, *CANCELLABLE}]
    context = {
        "order": found,
        "consignments": timelines.of(consignments),
        "ready": ready,
        "shelves": sorted({parcel.shelf for c in ready for parcel in c.parcels.all() if parcel.shelf}),
        "parcels": sum(len(c.parcels.all()) for c in ready),
        "code": codes.shown(codes.typed_code(found.number, epoch=found.code_epoch)) if ready else "",
        "qr_text": pickup_qr.text_of(found.number, point_id=found.pickup_point_id, epoch=found.code_epoch)
        if ready
        else "",
        "on_the_way": bool(shown) and not ready,
        "cancellable": bool(consignments) and all(c.state in CANCELLABLE and c.packed_at is None for c in consignments),
        "promised_at": max((c.promised_at for c in consignments if c.promised_at), default=None),
        "expected_at": None
        if any(c.is_taken_back for c in consignments)
        else max((time for c in consignments if (time := c.expected_at or c.promised_at)), default=None),
        "is_taken_back": any(c.is_taken_back for c in consignments),
        "point_changeable": redirecting.may_change_point(found),
        "keeps_longer": max((more for c in ready if (more := reminding.extendable(c))), default=None),
        "collect_by": min((c.collect_by for c in ready if c.collect_by), default=None),
        "uncollected": bool(consignments) and {c.state for c in consignments} <= _NOT_COLLECTED,
        "now": clock.now(),
        "told": on_page_of(found.number, at=clock.now()),
        "claims": claims,
        "ordered_at": _ordered_at(found),
        "refunded_fen": sum(claim.refund_fen for claim in claims if claim.state == ClaimState.REFUNDED),
        "paid_fen": sum(map(sum, found.collections.values_list("cash_fen", Coalesce("payment__spent_fen", 0)))),
        "funded": _funded(consignments),
        "ended": all(c.ended_at for c in consignments),
    }
    return render(request, "storefront/order.html", context)


def _ordered_at(found: Order) -> PickupPoint | None:
    """Return the point whose operator ordered for the buyer; None where the buyer did."""
    if found.channel != Channel.PROXY:
        return None
    return next((line.channel_point for line in found.lines.select_related("channel_point")), None)


def _note_what_is_claimable(consignments: list[Consignment]) -> None:
    """Set ``claimable`` of the lines of which something can be claimed now."""
    at = clock.now()
    lines = [line for c in consignments if c.state == ConsignmentState.COLLECTED for line in c.lines.all()]
    windows = windows_of(lines) if lines else {}
    for line in lines:
        line.claimable = windows[line.pk].is_open(at)


def _funded(consignments: list[Consignment]) -> list[tuple[str, int]]:
    """Return who pays freight in the buyer's place, and how much of it in fen."""
    found: dict[str, int] = {}
    for consignment in consignments:
        if consignment.freight_funded_fen:
            label = FreightFunder(consignment.freight_funder).label
            found[label] = found.get(label, 0) + consignment.freight_funded_fen
    return list(found.items())
