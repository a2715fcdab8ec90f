"""Ordering for somebody (代客下单): one page from goods to consent, and the page of what was ordered.

Every button sends the whole form, so that nothing typed is lost; what the buttons do is safe to be sent again.
"""

import datetime as dt
import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalogue.models import Product
from core import clock
from core.names import masked
from core.sealed import digest
from logistics.states import CANCELLABLE
from marketplace import network_address
from marketplace.basket.models import Basket
from marketplace.counter import goods, queries
from marketplace.counter.forms import ProxyForm
from marketplace.counter.services import ordering
from marketplace.counter.views import console_context
from marketplace.order.models import Order
from marketplace.order.services import cancelling
from marketplace.order.services.refusals import UnableToPlace
from marketplace.storefront import quotes
from marketplace.storefront.services import baskets
from marketplace.users.services import phone_codes
from villages.models import PickupPoint
from villages.states import PointState

BASKET, ASKED = "proxy_basket", "proxy_asked"
STEP = re.compile(r"(?P<what>add|set):(?P<pk>\d{1,10})(:(?P<units>-?\d{1,4}))?")
SHOWN = 10


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Choose goods, say who they are for, have the buyer consent, order."""
    context, at = console_context(request), clock.now()
    point, basket = context["point"], _basket(request)
    do = request.POST.get("do", "")
    if do == "place" and (placed := _placed_already(request)):
        return redirect("counter:proxy-order", number=placed.number)
    context |= {"recent": queries.proxy_orders_at(point)[:SHOWN], "takes": point.state == PointState.OPEN}
    if not context["takes"]:  # nobody is asked to agree to what cannot come here
        return render(request, "counter/ordering.html", context, status=422 if request.method == "POST" else 200)
    refusal = _change(request, basket, do) if request.method == "POST" else ""
    quote = quotes.quote(basket, point=point, at=at)
    form, status, asked = ProxyForm(request.POST or None), 200, False
    if do in {"ask", "place"}:
        asks = do == "ask"
        order = _order(request, form, basket, quote, point, at, asks=asks)
        if order is not None:
            return redirect("counter:proxy-order", number=order.number)
        status = 422 if form.errors else 200
    elif request.method == "POST":
        form = ProxyForm(initial=request.POST.dict())
    asked = request.session.get(ASKED) == _asked(form["phone"].value() or "", basket, quote, point)
    text = request.POST.get("q", "")
    in_basket = {line.product.pk for group in quote.groups for line in group.lines}
    cards = goods.found(text, point=point, at=at) if do == "search" else []
    context |= {
        "form": form,
        "quote": quote,
        "text": text,
        "looked": do == "search" and bool(text.strip()),
        "cards": [(card, card.pk in in_basket) for card in cards],
        "refusal": refusal,
        "asked": asked,
        "basket": basket,
    }
    return render(request, "counter/ordering.html", context, status=422 if refusal else status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, number: str) -> HttpResponse:
    """What was ordered for somebody at an own point: its state, nothing that collects it; cancelling it for them."""
    mine = queries.proxy_orders_of(request.user).select_related("pickup_point", "placed_by")
    found = get_object_or_404(mine, number=number)
    if request.method == "POST":
        try:
            cancelling.cancel(found, by=request.user, at=clock.now())
        except cancelling.UnableToCancel as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The order is cancelled. The buyer owes nothing and is told."))
        return redirect("counter:proxy-order", number=number)
    consignments = list(found.consignments.select_related("seller").order_by("pk"))
    context = console_context(request) | {
        "order": found,
        "name": masked(found.contact_name),
        "lines": found.lines.select_related("product").prefetch_related("product__images").order_by("pk"),
        "consignments": consignments,
        "promised_at": max((each.promised_at for each in consignments if each.promised_at), default=None),
        "cancellable": bool(consignments)
        and all(each.state in CANCELLABLE and each.packed_at is None for each in consignments),
    }
    return render(request, "counter/proxy_order.html", context)


def _basket(request: HttpRequest) -> Basket:
    """Return the basket that this browser fills for somebody, a new one once that is ordered."""
    kept = request.session.get(BASKET)
    found = Basket.objects.filter(pk=kept, owner=None, status__in=Basket.editable_statuses).first() if kept else None
    return found or Basket(owner=None)


def _placed_already(request: HttpRequest) -> Order | None:
    """Return the order that the page's basket has become: a second submit lands on it."""
    text = request.POST.get("basket", "")
    is_whole = text.isascii() and text.isdigit() and len(text) < 12
    return ordering.placed(int(text), by=request.user) if is_whole else None


def _change(request: HttpRequest, basket: Basket, do: str) -> str:
    """Do what a button says about the goods, and return why it cannot be."""
    step = STEP.fullmatch(do)
    if step is None:
        return ""
    pk = int(step["pk"])
    try:
        if step["what"] == "add":
            product = get_object_or_404(Product.objects.listed(), pk=pk)
            if basket.pk is None or not basket.lines.filter(product=product).exists():
                if basket.pk is None:
                    basket.save()
                    request.session[BASKET] = basket.pk
                baskets.add(basket, product=product, quantity=1)
        else:
            baskets.set_quantity(basket, line_id=pk, quantity=baskets.units(step["units"] or "", least=0))
    except baskets.UnableToAdd as refusal:
        return str(refusal)
    return ""


def _order(
    request: HttpRequest,
    form: ProxyForm,
    basket: Basket,
    quote: quotes.Quote,
    point: PickupPoint,
    at: dt.datetime,
    *,
    asks: bool,
) -> Order | None:
    """Ask the buyer, or order with what the buyer answered; what is wrong stands in the form."""
    form.full_clean()
    if asks:
        form.errors.pop("code", None)
    if not quote.is_sound:
        form.add_error(
            None, _("Please choose goods first.") if not quote.groups else _("Please see to the goods first.")
        )
    if form.errors:
        return None
    data = form.cleaned_data
    try:
        if asks:
            ordering.ask(
                basket,
                point=point,
                total_fen=quote.total_fen,
                phone=data["phone"],
                by=request.user,
                network_address=network_address.of(request),
                at=at,
            )
            request.session[ASKED] = _asked(request.POST.get("phone", ""), basket, quote, point)
            return None
        return ordering.place(
            basket,
            point=point,
            name=data["name"],
            phone=data["phone"],
            code=data["code"],
            total_fen=quote.total_fen,
            by=request.user,
            at=at,
        )
    except (phone_codes.UnableToSendCode, ordering.UnableToAsk) as refusal:
        form.add_error("phone", str(refusal))
    except phone_codes.UnableToVerify as refusal:
        placed = _placed_already(request)
        if placed is not None:
            return placed
        form.add_error("code", str(refusal))
    except UnableToPlace as refusal:
        form.add_error("phone" if refusal.field.startswith("phone") else None, refusal.message)
    return None


def _asked(phone: str, basket: Basket, quote: quotes.Quote, point: PickupPoint) -> str:
    """Return what the session notes of a code that was sent: to whom, and for what."""
    if basket.pk is None:
        return ""
    return digest(f"{phone.strip()}:{ordering.purpose_of(basket, point=point, total_fen=quote.total_fen)}")
