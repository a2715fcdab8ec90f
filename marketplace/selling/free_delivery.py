"""The seller's own free delivery: from so much of the own goods on, at the own cost."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from core import clock, money
from logistics.models import FreeDelivery
from logistics.services import tariffs
from logistics.states import FreightFunder
from marketplace.dashboard.freight_forms import yuan_field
from marketplace.plain_words import PlainForm
from marketplace.selling.views import seller_of


class FreeDeliveryForm(PlainForm):
    """From goods of which worth on."""

    from_yuan = yuan_field(label=gettext_lazy("Free from goods worth"))


@require_http_methods(["GET", "HEAD", "POST"])
def free_delivery(request: HttpRequest) -> HttpResponse:
    """Offer free delivery, change from how much on, or end it."""
    seller, today, status = seller_of(request), clock.today(), 200
    own = {"seller_id": seller.pk, "funder": FreightFunder.SELLER, "by": request.user, "at": clock.now()}
    running = FreeDelivery.objects.filter(seller=seller, funder=FreightFunder.SELLER)
    offer = running.filter(Q(valid_to=None) | Q(valid_to__gt=today)).order_by("-pk").first()
    initial = {"from_yuan": money.to_yuan(offer.from_fen)} if offer else None
    form = FreeDeliveryForm(
        request.POST if request.method == "POST" and "end" not in request.POST else None, initial=initial
    )
    if request.method == "POST":
        if "end" in request.POST:
            if tariffs.end_free_delivery(**own):
                messages.success(request, _("Free delivery has ended."))
            return redirect("selling:free-delivery")
        if form.is_valid():
            tariffs.offer_free_delivery(from_fen=money.to_fen(form.cleaned_data["from_yuan"]), **own)
            messages.success(request, _("Free delivery is offered from today on."))
            return redirect("selling:free-delivery")
        status = 422
    context = {"seller": seller, "offer": offer, "form": form}
    return render(request, "selling/free_delivery.html", context, status=status)
