"""The samples of the point: putting a listing on display, its label, taking it down."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalogue.models import Product
from core import clock, money
from marketplace.counter import goods
from marketplace.counter.views import console_context
from marketplace.samples import links, queries
from marketplace.samples.models import Sample
from marketplace.samples.services import samples
from marketplace.samples.states import SampleState
from marketplace.statistics import queries as statistics
from villages.models import PickupPoint


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What stands here, and the goods that are looked for; putting one of them on display."""
    context, at, status, refusal = console_context(request), clock.now(), 200, ""
    point, text = context["point"], request.POST.get("q", request.GET.get("q", ""))
    if request.method == "POST":
        wanted = request.POST.get("product", "")
        pk = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 0
        product = get_object_or_404(Product.objects.listed(), pk=pk)
        try:
            made = samples.put_up(point, product=product, by=request.user, at=at)
        except samples.UnableToPutUp as error:
            refusal, status = str(error), 422
        else:
            messages.success(request, _("On display. Please print its label and put it beside the goods."))
            return redirect("counter:sample", pk=made.pk)
    here = list(queries.on_display(point))
    shown = {sample.product_id for sample in here}
    context |= {
        "text": text,
        "refusal": refusal,
        "cards": [(card, card.pk in shown) for card in goods.found(text, point=point, at=at)],
        "samples": here,
        "most": settings.SAMPLES_PER_POINT,
        "sold": _sold(point)["SAMPLE"],
    }
    return render(request, "counter/samples.html", context, status=status)


def _sold(point: PickupPoint) -> dict[str, statistics.Figures]:
    """Return what the point's samples and its orders for others sold this month."""
    period = statistics.periods(clock.today())["month"]
    return statistics.by_channel(statistics.channels_at(point.pk, period=period))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    """A sample's label to be printed; taking it down."""
    mine = Sample.objects.visible_to(request.user).select_related("point", "product__origin", "product__seller")
    found = get_object_or_404(mine, pk=pk)
    if request.method == "POST":
        try:
            samples.take_down(found, by=request.user, at=clock.now())
        except samples.UnableToTakeDown as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Taken down. Please throw its label away."))
        return redirect("counter:samples")
    record = found.product.stockrecords.first()
    context = console_context(request, at_point=found.point) | {
        "sample": found,
        "is_on_display": found.state == SampleState.ON_DISPLAY,
        "price_fen": money.to_fen(record.price) if record and record.price is not None else None,
        "link": request.build_absolute_uri(links.path_of(found)),
    }
    return render(request, "counter/sample.html", context)
