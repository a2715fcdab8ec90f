"""What buyers claim of a seller: the list, and the answer within a day."""

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
from marketplace.claims.forms import AnswerForm
from marketplace.claims.models import Claim
from marketplace.claims.services import claims
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import ClaimState
from marketplace.evidence.models import Photo
from marketplace.evidence.views import shown as photo_shown
from marketplace.selling.views import seller_of

PAGE_SIZE = 30


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Claims: those that wait for the seller first, then the latest."""
    seller = seller_of(request)
    waiting = Case(When(state=ClaimState.OPEN, then=Value(0)), default=Value(1))
    rows = queries.shown().filter(consignment__seller=seller).order_by(waiting, "-opened_at", "-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "selling/claims.html", {"seller": seller, "page": page})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """A claim with what the buyer says and shows; answering it."""
    found = _mine(request, number)
    form, status = AnswerForm(request.POST or None, claim=found), 200
    if request.method == "POST":
        if form.is_valid() and _answered(request, found, form):
            return redirect("selling:claim", number=number)
        status, found = 422, _mine(request, number)
    context = {
        "seller": found.consignment.seller,
        "claim": found,
        "form": form,
        "steps": queries.steps_of(found),
        "photos": queries.photos_of(found),
        "photo_url": "selling:claim-photo",
    }
    return render(request, "selling/claim.html", context, status=status)


def _answered(request: HttpRequest, found: Claim, form: AnswerForm) -> bool:
    data = form.cleaned_data
    try:
        claims.answer(
            found,
            answer=data["answer"],
            offered_fen=form.offered_fen(),
            words=data["words"],
            by=request.user,
            at=clock.now(),
        )
    except UnableToClaim as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Answered. The buyer is told."))
    return True


@require_safe
def photo(request: HttpRequest, number: str, photo: int) -> HttpResponse:
    """A photo of a claim of the own goods."""
    found = _mine(request, number)
    return photo_shown(get_object_or_404(Photo, pk=photo, matter=claims.matter_of(found)))


def _mine(request: HttpRequest, number: str) -> Claim:
    mine = Claim.objects.of_sellers_of(request.user).values("pk")
    return get_object_or_404(queries.shown().filter(pk__in=mine), number=number)
