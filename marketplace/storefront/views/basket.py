"""The basket's page and its changes."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalogue.models import Product
from core import clock
from marketplace.context import chosen_point
from marketplace.storefront import quotes
from marketplace.storefront.services import baskets


@require_safe
def summary(request: HttpRequest) -> HttpResponse:
    """What is in the basket, by seller, with the promise for the chosen point."""
    quote = quotes.quote(request.basket, point=chosen_point(request), at=clock.now())
    _say_what_was_refused(request, quote)
    return render(request, "storefront/basket.html", {"quote": quote})


@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a listing into the basket; the listing's page says why not, beside what was typed."""
    product = get_object_or_404(Product.objects.listed(), pk=pk)
    typed = request.POST.get("quantity", "1")
    try:
        baskets.add(request.basket, product=product, quantity=baskets.units(typed))
    except baskets.UnableToAdd:
        return redirect(f"{product.get_absolute_url()}?{urlencode({'quantity': typed[: baskets.TYPED]})}")
    if request.POST.get("buy"):
        return redirect("checkout:index")
    messages.success(request, _("%(name)s is in your basket.") % {"name": product.title})
    return redirect(_back(request, reverse("basket:summary")))


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Change the units of a line: ``set`` is ``<line>:<units>`` from a stepper, or ``line`` and ``quantity``."""
    line, _sep, units = request.POST.get("set", "").partition(":")
    line = line or request.POST.get("line", "")
    units = units or request.POST.get("quantity", "")
    if _is_whole(line):
        try:
            baskets.set_quantity(request.basket, line_id=int(line), quantity=baskets.units(units, least=0))
        except baskets.UnableToAdd:
            return redirect(
                f"{reverse('basket:summary')}?{urlencode({'line': line, 'quantity': units[: baskets.TYPED]})}"
            )
    return redirect(_back(request, reverse("basket:summary")))


def _say_what_was_refused(request: HttpRequest, quote: quotes.Quote) -> None:
    """Show beside a line the number that was typed for it and cannot be."""
    line_id, typed = request.GET.get("line", ""), request.GET.get("quantity", "")[: baskets.TYPED]
    for line in (line for group in quote.groups for line in group.lines if str(line.pk) == line_id):
        line.refusal = baskets.why_not_set(request.basket, line_id=line.pk, typed=typed)
        line.typed = typed if line.refusal else ""


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


def _back(request: HttpRequest, default: str) -> str:
    target = request.POST.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}) else default
