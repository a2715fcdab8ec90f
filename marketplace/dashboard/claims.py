"""Claims that the platform decides."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from marketplace.claims import queries
from marketplace.claims.forms import DecisionForm
from marketplace.claims.models import Claim
from marketplace.claims.services import claims
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import ClaimState, Wish
from marketplace.claims.windows import window_of
from marketplace.evidence.models import Photo
from marketplace.evidence.views import shown as photo_shown

PAGE_SIZE = 30


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Claims: those that wait for the platform first, then the latest; a number in the search box finds one."""
    waiting = Case(When(state=ClaimState.ESCALATED, then=Value(0)), default=Value(1))
    rows = queries.shown().order_by(waiting, "-opened_at", "-pk")
    text = request.GET.get("q", "").strip()
    if text:
        rows = rows.filter(number=text)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dashboard/claims.html", {"page": page, "text": text})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """A claim with what both sides say; deciding it where it is the platform's turn."""
    found = get_object_or_404(queries.shown(), number=number)
    window = window_of(found.consignment_line)
    form, status = DecisionForm(request.POST or None, claim=found, window=window), 200
    if request.method == "POST":
        if form.is_valid() and _decided(request, found, form):
            return redirect("dashboard:claim", number=number)
        status, found = 422, get_object_or_404(queries.shown(), number=number)
    context = {
        "claim": found,
        "form": form,
        "steps": queries.steps_of(found),
        "photos": queries.photos_of(found),
        "photo_url": "dashboard:claim-photo",
        "decides": found.state == ClaimState.ESCALATED,
    }
    return render(request, "dashboard/claim.html", context, status=status)


def _decided(request: HttpRequest, found: Claim, form: DecisionForm) -> bool:
    data = form.cleaned_data
    try:
        claims.decide(
            found,
            decision=data["answer"],
            wish=Wish(data["wish"]) if data["wish"] else None,
            refund_fen=form.offered_fen(),
            words=data["words"],
            by=request.user,
            at=clock.now(),
        )
    except UnableToClaim as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Decided. The buyer is told."))
    return True


@require_safe
def photo(request: HttpRequest, number: str, photo: int) -> HttpResponse:
    """A photo of a claim."""
    found = get_object_or_404(Claim, number=number)
    return photo_shown(get_object_or_404(Photo, pk=photo, matter=claims.matter_of(found)))
