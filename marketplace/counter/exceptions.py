"""What a phone did without network and is not booked: both proofs beside each other, and the owner's decision."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.names import masked
from logistics.models import OfflineUpload
from logistics.states import UploadKind, UploadState
from marketplace import stepping_up
from marketplace.counter import lease_queries
from marketplace.counter.middleware import device_at
from marketplace.counter.services import deciding
from marketplace.counter.views import PAGE_SIZE, console_context
from marketplace.plain_words import PlainForm
from villages.models import PickupPoint
from villages.services.operators import is_owner


class CloseForm(PlainForm):
    """Why an upload is closed without being booked."""

    note = forms.CharField(
        label=gettext_lazy("Why is it closed?"),
        max_length=200,
        help_text=gettext_lazy("One sentence, such as: the buyer brought the goods back"),
        error_messages={"required": gettext_lazy("Please write down why it is closed.")},
    )


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, with why."""
    context = console_context(request)
    page = Paginator(lease_queries.exceptions(context["point"]), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"upload": upload, "said": lease_queries.said(upload, with_lines=False)} for upload in page]
    context |= {"rows": rows, "page": page, "is_owner": is_owner(request.user, point=context["point"])}
    return render(request, "counter/exceptions.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def exception(request: HttpRequest, pk: int) -> HttpResponse:
    """What the phone did beside what is known here; the owner books it or closes it."""
    mine = lease_queries.uploads_of(request.user).filter(lease__point__in=PickupPoint.objects.owned_by(request.user))
    upload = get_object_or_404(mine, pk=pk)
    if (confirm := stepping_up.asked(request)) is not None:
        return confirm
    closes = request.POST.get("do") == "close"
    form = CloseForm(request.POST if closes else None)
    if request.method == "POST" and (not closes or form.is_valid()):
        _decide(request, upload, form)
        return redirect("counter:offline-exceptions")
    said = lease_queries.said(upload)
    context = console_context(request, at_point=upload.lease.point) | {
        "upload": upload,
        "said": said,
        "known": lease_queries.known(upload, said),
        "name": masked(upload.order.contact_name) if upload.order else "",
        "form": form,
        "is_open": upload.state == UploadState.EXCEPTION,
        "may_be_applied": deciding.may_be_applied(upload),
        "unproved": bool(said and said.is_typed and upload.code),
    }
    return render(request, "counter/exception.html", context, status=422 if form.errors else 200)


def _decide(request: HttpRequest, upload: OfflineUpload, form: CloseForm) -> None:
    at = clock.now()
    try:
        if form.is_bound:
            deciding.close(upload, note=form.cleaned_data["note"], by=request.user, at=at)
            messages.success(request, _("It is closed and not booked."))
        else:
            device = device_at(request, point=upload.lease.point)
            deciding.apply(upload, by=request.user, at=at, device=device)
            is_parcel = upload.kind == UploadKind.RECEIVE
            messages.success(request, _("The parcel is received.") if is_parcel else _("The hand-over is booked."))
    except deciding.UnableToDecide as refusal:
        messages.error(request, str(refusal))
