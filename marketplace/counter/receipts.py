"""The receipt of a hand-over, and the photos of what was rejected at it."""

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from core import clock, phones
from core.names import masked
from logistics.models import Collection, CollectionLine
from marketplace.counter import queries
from marketplace.counter.services import handover
from marketplace.counter.states import Reason
from marketplace.counter.views import console_context
from marketplace.evidence import queries as evidence
from marketplace.evidence.fields import PhotosField
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos
from marketplace.evidence.views import shown as photo_shown
from marketplace.order.states import PaymentMethod
from marketplace.payment.models import PaymentAttempt
from marketplace.plain_words import PlainForm


class LatePhotosForm(PlainForm):
    """Photos of what was rejected without network."""

    photos = PhotosField(label=gettext_lazy("Photos"), most=3)

    def __init__(self, *args, line: CollectionLine, **kwargs):
        super().__init__(*args, prefix=f"l{line.pk}", **kwargs)
        self.line = line


@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """What was handed over, when, by whom, for how much money, and how that was paid.

    Photos that could not be taken without network are added here.
    """
    mine = queries.collections_of(request.user).select_related("order", "operator", "point", "upload")
    found = get_object_or_404(mine, pk=pk)
    late = None
    if request.method == "POST":
        late = LatePhotosForm(request.POST, request.FILES, line=_line_without_photo(request, found))
        if late.is_valid() and _added(late):
            return redirect("counter:receipt", pk=found.pk)
    words = dict(Reason.choices)
    lines = [
        {"line": line, "title": line.consignment_line.order_line.title, "reason": words.get(line.reason, line.reason)}
        for line in found.lines.select_related("consignment_line__order_line").order_by("pk")
    ]
    context = console_context(request, at_point=found.point)
    proofs = evidence.of(handover.matter_of(each["line"].pk) for each in lines)
    for each in lines:
        each["photos"] = proofs[handover.matter_of(each["line"].pk)]
        if _lacks_photo(found, each["line"]) and not each["photos"]:
            each["form"] = late if late and late.line == each["line"] else LatePhotosForm(line=each["line"])
    context |= {
        "collection": found,
        "name": masked(found.order.contact_name),
        "collector": _collector(found),
        "lines": lines,
        "taken": any(each["line"].taken for each in lines),
        "again": "again" in request.GET,
        "payment": PaymentAttempt.objects.filter(collection=found).first(),
        "pays_here": found.order.payment_method == PaymentMethod.AT_POINT,
        "number": f"T-{clock.day_of(found.occurred_at):%m%d}-{found.pk:04d}",
    }
    return render(request, "counter/receipt.html", context, status=422 if late else 200)


def _lacks_photo(collection: Collection, line: CollectionLine) -> bool:
    """Tell whether a line was rejected without network: its photo is taken later."""
    return bool(line.rejected) and hasattr(collection, "upload")


def _line_without_photo(request: HttpRequest, collection: Collection) -> CollectionLine:
    wanted = request.POST.get("line", "")
    line = get_object_or_404(collection.lines, pk=int(wanted) if wanted.isascii() and wanted.isdigit() else 0)
    if not _lacks_photo(collection, line) or any(evidence.of([handover.matter_of(line.pk)]).values()):
        raise Http404("its photos are there")
    return line


def _added(form: LatePhotosForm) -> bool:
    try:
        with transaction.atomic():
            photos.bind(form.cleaned_data["photos"], matter=handover.matter_of(form.line.pk), at=clock.now())
    except photos.UnableToBind:
        form.add_error("photos", _("A photo is not there any more. Please take it again."))
        return False
    return True


def _collector(collection: Collection) -> dict[str, str] | None:
    """Return who collected for the buyer, as an operator may see it."""
    if not collection.collector_name:
        return None
    return {"name": masked(collection.collector_name), "phone": phones.masked(collection.collector_phone)}


@require_safe
def photo(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """A photo of goods that were rejected at an own point."""
    found = get_object_or_404(queries.collections_of(request.user), pk=pk)
    matters = [handover.matter_of(line) for line in found.lines.values_list("pk", flat=True)]
    return photo_shown(get_object_or_404(Photo, pk=photo, matter__in=matters))
