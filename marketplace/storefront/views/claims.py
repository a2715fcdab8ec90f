"""The buyer's claims: asking for money back, following it, showing the code at the counter."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from logistics import codes
from logistics.models import ConsignmentLine
from marketplace.claims import proofs, queries
from marketplace.claims.forms import ClaimForm
from marketplace.claims.models import Claim
from marketplace.claims.services import claims
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import WITHDRAWABLE, ClaimState
from marketplace.claims.windows import window_of
from marketplace.evidence.models import Photo
from marketplace.evidence.views import shown as photo_shown
from marketplace.order.states import PaymentMethod
from marketplace.payment import queries as payments
from marketplace.storefront.views import orders

ACTS = {"accept": claims.accept, "escalate": claims.escalate, "withdraw": claims.withdraw}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, line: int) -> HttpResponse:
    """Claim some units of a line that was collected."""
    found = (
        ConsignmentLine.objects.select_related("consignment__order", "consignment__seller", "order_line")
        .prefetch_related("order_line__product__images")
        .filter(pk=line)
        .first()
    )
    if found is None:
        raise Http404("no such line")
    order, at = orders.mine(request, found.consignment.order.number), clock.now()
    window = window_of(found)
    form, status = ClaimForm(request.POST or None, request.FILES or None, window=window), 200
    if request.method == "POST":
        claim = _opened(request, found, form) if form.is_valid() else None
        if claim is not None:
            messages.success(request, _("The seller was asked and has a day to answer."))
            return redirect("customer:claim", number=claim.number)
        status = 422
    context = {"order": order, "line": found, "window": window, "is_open": window.is_open(at), "form": form}
    return render(request, "storefront/claim_add.html", context, status=status)


def _opened(request: HttpRequest, line: ConsignmentLine, form: ClaimForm) -> Claim | None:
    data = form.cleaned_data
    try:
        return claims.open_claim(
            line,
            units=data["units"],
            reason=data["reason"],
            wish=data["wish"],
            words=data["words"],
            photos=data["photos"],
            by=_person(request),
            at=clock.now(),
        )
    except UnableToClaim as refusal:
        form.add_error(None, str(refusal))
        return None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """A claim with its steps; the buyer's word where it is asked for; the code where something is to be done at the
    counter."""
    found, status = _mine(request, number), 200
    if request.method == "POST":
        act = ACTS.get(request.POST.get("do", ""))
        if act is None:
            raise Http404("no such act")
        try:
            act(found, by=_person(request), at=clock.now())
        except UnableToClaim as refusal:
            messages.error(request, str(refusal))
            found, status = _mine(request, number), 422
        else:
            return redirect("customer:claim", number=number)
    at_counter = found.state in {ClaimState.RETURNING, ClaimState.TO_PAY}
    context = {
        "claim": found,
        "steps": queries.steps_of(found),
        "photos": queries.photos_of(found),
        "photo_url": "customer:claim-photo",
        "due": queries.due_words(found),
        "can_withdraw": found.state in WITHDRAWABLE,
        "qr_text": proofs.qr_of(found.number) if at_counter else "",
        "code": codes.shown(proofs.code_of(found.number)) if found.state == ClaimState.TO_PAY else "",
        "online": found.order.payment_method == PaymentMethod.ONLINE
        or payments.that_bought(found.consignment_line_id) is not None,
    }
    return render(request, "storefront/claim.html", context, status=status)


@require_safe
def photo(request: HttpRequest, number: str, photo: int) -> HttpResponse:
    """A photo of an own claim."""
    found = _mine(request, number)
    return photo_shown(get_object_or_404(Photo, pk=photo, matter=claims.matter_of(found)))


def _mine(request: HttpRequest, number: str) -> Claim:
    found = get_object_or_404(queries.shown(), number=number)
    orders.mine(request, found.order.number)
    return found


def _person(request: HttpRequest):
    return request.user if request.user.is_authenticated else None
