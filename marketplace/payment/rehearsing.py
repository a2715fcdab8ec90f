"""The page of the demonstration that plays the buyer's phone: pay, or do not."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from marketplace.payment.models import RehearsedPayment
from marketplace.payment.providers import rehearsal


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is asked for, as a phone would, and take the answer."""
    if not settings.DEMO_PAYMENTS:
        raise Http404("not part of this deployment")
    payment = get_object_or_404(RehearsedPayment, reference=reference)
    if request.method == "POST":
        rehearsal.answer(reference, paid=request.POST.get("answer") == "pay")
        return redirect("demo-pay", reference=reference)
    return render(request, "payment/pay.html", {"payment": payment})
