"""The platform's console, in place of Oscar's dashboard: what is read is masked, what is written calls our services."""

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from catalogue.models import Product
from catalogue.states import ListingState
from core import clock, events
from logistics.models import Consignment
from marketplace.claims.models import Claim
from marketplace.claims.states import ClaimState
from marketplace.communication.models import Circuit, Message
from marketplace.communication.services import messages
from marketplace.communication.states import MessageState
from marketplace.order.models import Order
from marketplace.payment import queries as payments
from marketplace.selling.services import listings
from marketplace.statistics.services import rollups
from marketplace.storefront import timelines

PAGE_SIZE = 30


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits, and how far the readers are."""
    states = dict(Consignment.objects.filter(ended_at=None).values_list("state").annotate(count=Count("pk")))
    context = {
        "states": [
            (label, states.get(value, 0)) for value, label in Consignment.state.field.choices if value in states
        ],
        "claims": Claim.objects.filter(state=ClaimState.ESCALATED).count(),
        "payments": payments.troubled_refunds().count() + payments.silent_attempts(at=clock.now()).count(),
        "dead": Message.objects.filter(state=MessageState.DEAD).count(),
        "lag": events.lag(rollups.READER),
        "blocked": Product.objects.filter(state=ListingState.BLOCKED).count(),
    }
    return render(request, "dashboard/index.html", context)


@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """Orders, the latest first; a number in the search box finds one."""
    found = Order.objects.select_related("pickup_point").order_by("-date_placed", "-pk")
    text = request.GET.get("q", "").strip()
    if text:
        found = found.filter(number=text)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dashboard/orders.html", {"page": page, "text": text})


@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """An order, read only: its status, lines and amounts are moved by their own services."""
    found = get_object_or_404(Order.objects.select_related("pickup_point"), number=number)
    consignments = list(
        found.consignments.select_related("seller").prefetch_related("lines__order_line").order_by("pk")
    )
    context = {
        "order": found,
        "travels": timelines.of(consignments),
        "postings": found.postings.select_related("debit", "credit").order_by("pk"),
    }
    return render(request, "dashboard/order.html", context)


@require_safe
def listing_list(request: HttpRequest) -> HttpResponse:
    """Listings, the latest first."""
    found = Product.objects.select_related("seller").prefetch_related("images").order_by("-listed_at", "-pk")
    text = request.GET.get("q", "").strip()
    if text:
        found = found.filter(title__icontains=text)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dashboard/listings.html", {"page": page, "text": text})


@require_POST
def listing_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Block a listing, or let its seller put it on sale again."""
    product = get_object_or_404(Product, pk=pk)
    to = {"block": ListingState.BLOCKED, "release": ListingState.WITHDRAWN}.get(request.POST.get("to", ""))
    try:
        if to is None or (to == ListingState.WITHDRAWN and product.state != ListingState.BLOCKED):
            raise listings.UnableToList(_("This listing is not blocked."))
        listings.move(product, to=to, by=request.user, at=clock.now())
    except listings.UnableToList as refusal:
        notices.error(request, refusal.message)
    return redirect("dashboard:listings")


@require_safe
def dead_letters(request: HttpRequest) -> HttpResponse:
    """Messages that could not be delivered. Their words are not shown: they may hold codes."""
    found = Message.objects.filter(state=MessageState.DEAD).order_by("-pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    paused = Circuit.objects.filter(paused_until__gt=clock.now()).order_by("channel")
    return render(request, "dashboard/dead_letters.html", {"page": page, "paused": paused})


@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a dead message due again."""
    if messages.replay(get_object_or_404(Message, pk=pk), at=clock.now()):
        notices.success(request, _("The message is due again."))
    return redirect("dashboard:dead-letters")


@require_POST
def replay_all(request: HttpRequest) -> HttpResponse:
    """Make every dead message due again that is still of use."""
    count = messages.replay_all(at=clock.now())
    words = ngettext("%(count)d message is due again.", "%(count)d messages are due again.", count)
    notices.success(request, words % {"count": count})
    return redirect("dashboard:dead-letters")
