"""The daily cash-up: what an operator holds, counting it, and the owner's sign-off."""

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock, money
from marketplace.counter.forms import CashForm
from marketplace.counter.models import CashUp
from marketplace.counter.services import cash
from marketplace.counter.views import console_context
from villages.services.operators import is_owner

SHOWN = 30


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What is to be counted, and what was; counting it."""
    context = console_context(request)
    point = context["point"]
    rows = list(cash.uncounted(point.pk, request.user.pk).select_related("order").order_by("pk"))
    expected, paid_out = cash.countable(point.pk, request.user.pk)
    form, status = CashForm(request.POST or None), 200
    if request.method == "POST":
        if form.is_valid() and _counted(request, point, form):
            return redirect("counter:cash")
        status = 422
    owns = is_owner(request.user, point=point)
    shown = CashUp.objects.filter(point=point).select_related("operator", "signed_by").order_by("-pk")
    if not owns:
        shown = shown.filter(operator=request.user)
    context |= {
        "form": form,
        "rows": rows,
        "by_qr": cash.by_qr(point.pk, request.user.pk).aggregate(n=Count("pk"), fen=Sum("payment__spent_fen")),
        "expected_fen": expected,
        "paid_out_fen": sum(payout.cash_fen for payout in paid_out),
        "cash_ups": shown[:SHOWN],
        "is_owner": owns,
    }
    return render(request, "counter/cash.html", context, status=status)


def _counted(request: HttpRequest, point, form: CashForm) -> bool:
    data = form.cleaned_data
    try:
        made = cash.count_up(
            point, counted_fen=money.to_fen(data["counted"]), note=data["note"], by=request.user, at=clock.now()
        )
    except cash.UnableToCashUp as refusal:
        form.add_error("note" if "note" not in form.errors else None, str(refusal))
        return False
    signed = _("Counted and signed off.")
    messages.success(request, signed if made.signed_at else _("Counted. The owner of the point signs it off."))
    return True


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign off what somebody counted at an own point."""
    mine = CashUp.objects.filter(point__operators__user=request.user, point__operators__until=None)
    found = get_object_or_404(mine.select_related("point"), pk=pk)
    try:
        cash.sign_off(found, by=request.user, at=clock.now())
    except cash.UnableToCashUp as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Signed off."))
    return redirect("counter:cash")
