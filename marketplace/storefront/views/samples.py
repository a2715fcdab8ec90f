"""Samples for buyers: the link of a sample's QR, and the points at which a listing can be looked at."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalogue.models import Product
from core import clock
from marketplace.context import CHOSEN_POINT, chosen_point
from marketplace.samples import links, queries
from marketplace.samples.models import Sample
from marketplace.samples.states import SampleState
from marketplace.storefront import queries as storefront
from villages import queries as villages
from villages.states import PointState

POINTS_LISTED = 40


@never_cache
@require_safe
def sample(request: HttpRequest, token: str) -> HttpResponse:
    """Open the listing whose sample was scanned, its point remembered; one that was taken down counts no more."""
    try:
        pk = links.read(token)
    except links.UnableToReadLink as error:
        raise Http404("not a sample's link") from error
    found = get_object_or_404(Sample.objects.select_related("point", "product"), pk=pk)
    if found.point.state == PointState.OPEN:
        request.session[CHOSEN_POINT] = found.point_id
    if not storefront.on_sale().filter(pk=found.product_id).exists():
        messages.info(request, _("%(name)s is not on sale at the moment.") % {"name": found.product.title})
        return redirect("home")
    if found.state == SampleState.ON_DISPLAY:
        links.note(request.session, found, at=clock.now())
    return redirect(found.product)


@require_safe
def points(request: HttpRequest, pk: int) -> HttpResponse:
    """The points at which a listing can be looked at, the nearest to the chosen one first."""
    product = get_object_or_404(Product.objects.listed(), pk=pk)
    seen = queries.seen_at(product.pk, near=chosen_point(request), limit=POINTS_LISTED)
    hours = villages.openings_of([each.point.pk for each in seen])
    at = clock.now()
    rows = [(each, hours[each.point.pk].today(at)) for each in seen]
    return render(request, "storefront/sample_points.html", {"product": product, "rows": rows})
