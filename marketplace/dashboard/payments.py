"""Payments in trouble: refunds that the provider does not confirm, and QRs of which it says nothing."""

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import clock
from marketplace.payment import queries
from marketplace.payment.models import PaymentRefund
from marketplace.payment.services import refunds

PAGE_SIZE = 30


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What needs somebody to look after it, the oldest first."""
    found = queries.troubled_refunds().select_related("attempt__order").order_by("created_at", "pk")
    silent = queries.silent_attempts(at=clock.now()).select_related("order", "point").order_by("created_at")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dashboard/payments.html", {"page": page, "silent": silent[:PAGE_SIZE]})


@require_POST
def try_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a refund be sent once more."""
    if refunds.try_again(get_object_or_404(PaymentRefund, pk=pk), at=clock.now()):
        notices.success(request, _("The refund is sent again."))
    return redirect("dashboard:payments")
