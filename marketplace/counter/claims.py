"""Claims at the counter: taking their goods in, and paying their money out."""

import datetime as dt

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from core.names import masked
from logistics.services.steps import UnableToScan
from marketplace.claims import proofs, queries
from marketplace.claims.models import Claim
from marketplace.claims.services import refunds
from marketplace.claims.services.moving import UnableToClaim
from marketplace.claims.states import ClaimState
from marketplace.counter.return_forms import PayOutForm
from marketplace.counter.views import QR_LASTS, console_context
from marketplace.wording import yuan_text
from villages.models import PickupPoint

CLAIM_QR = "counter_claim_qr"
HERE = (ClaimState.RETURNING, ClaimState.TO_PAY)


def here(point: PickupPoint) -> QuerySet[Claim]:
    """Return the claims of a point for which somebody will come to the counter, the oldest first."""
    return queries.shown().filter(point=point, state__in=HERE).order_by("opened_at", "pk")


def found(request: HttpRequest, text: str, *, point: PickupPoint) -> Claim | None:
    """Return the claim of a point that a number or a QR names; a QR that proves itself is kept for its page."""
    number = text
    if proofs.is_qr(text):
        try:
            number = proofs.read_qr(text)
        except proofs.UnableToReadClaim:
            return None
    claim = Claim.objects.filter(point=point, number=number).first()
    if claim is not None and proofs.is_qr(text):
        request.session[CLAIM_QR] = {"claim": number, "text": text, "at": clock.now().isoformat()}
    return claim


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """A claim at the own point: its goods are taken in, or its money is paid out against the buyer's code."""
    mine = Claim.objects.at_points_of(request.user).values("pk")
    this = get_object_or_404(queries.shown().filter(pk__in=mine), number=number)
    qr, status = _read_qr(request, number), 200
    form = PayOutForm(request.POST if request.POST.get("do") == "pay" else None, proven=bool(qr))
    if request.method == "POST":
        if "do" not in request.POST:
            return _scanned(request, this)
        if _done(request, this, form, qr):
            return redirect("counter:claim", number=number)
        status, this = 422, get_object_or_404(queries.shown(), pk=this.pk)
    context = console_context(request, at_point=this.point) | {
        "claim": this,
        "name": masked(this.order.contact_name),
        "form": form,
        "proven": bool(qr),
    }
    return render(request, "counter/claim.html", context, status=status)


def _scanned(request: HttpRequest, this: Claim) -> HttpResponse:
    """Keep the QR that was just read for the claim it names; the page then asks only for the money."""
    read = found(request, request.POST.get("code", "").strip(), point=this.point)
    if read is None:
        messages.error(request, _("This is not the QR of a claim at this point."))
    elif read != this:
        messages.warning(request, _("The QR is of this other claim."))
    return redirect("counter:claim", number=(read or this).number)


def _done(request: HttpRequest, this: Claim, form: PayOutForm, qr: str) -> bool:
    act = {"point": this.point, "by": request.user, "at": clock.now()}
    try:
        if request.POST.get("do") == "take-in":
            made = refunds.take_in(this, **act)
            said = _("Taken in. Please put the label of the return %(number)s on it.") % {"number": made.number}
        elif form.is_valid():
            paid = refunds.pay_out(this, proof=qr or form.cleaned_data["code"], **act)
            request.session.pop(CLAIM_QR, None)
            said = _("Paid out: ¥%(yuan)s") % {"yuan": yuan_text(paid.cash_fen)}
        else:
            return False
    except (UnableToClaim, UnableToScan) as refusal:
        if form.is_bound and not qr:
            form.add_error("code", str(refusal))
        else:
            messages.error(request, str(refusal))
        return False
    messages.success(request, said)
    return True


def _read_qr(request: HttpRequest, number: str) -> str:
    """Return the QR that this person read for the claim just now, or nothing."""
    read = request.session.get(CLAIM_QR)
    if not read or read["claim"] != number or dt.datetime.fromisoformat(read["at"]) < clock.now() - QR_LASTS:
        return ""
    return read["text"]
