"""What sellers drop at the point: taking a parcel in, what is still to be dropped, what waits for its vehicle."""

from django.contrib import messages
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from logistics.models import Leg, Parcel
from logistics.services import scans
from logistics.states import ON_THE_WAY, ConsignmentState, ParcelState
from marketplace.counter.forms import ReadingForm
from marketplace.counter.views import console_context
from villages.models import PickupPoint

SHOWN = 60
LIVE = [*ON_THE_WAY, ConsignmentState.AWAITING_ROUTE]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def drops(request: HttpRequest) -> HttpResponse:
    """Take in what a seller drops at the stop, by label or number."""
    context = console_context(request)
    point = context["point"]
    form, status = ReadingForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            parcel = parcel_of(point, number=form.cleaned_data["number"])
            if parcel is None:
                form.add_error("number", _("No such parcel is to be dropped at this point."))
                status = 404
            elif _dropped(request, parcel, form):
                return redirect("counter:drops")
    expected = list(at_stop(point, state=ParcelState.PACKED)[: SHOWN + 1])
    waiting = list(at_stop(point, state=ParcelState.AT_STOP)[: SHOWN + 1])
    context |= {
        "form": form,
        "expected": expected[:SHOWN],
        "waiting": waiting[:SHOWN],
        "more": len(expected) > SHOWN or len(waiting) > SHOWN,
        "at": clock.now(),
    }
    return render(request, "counter/drops.html", context, status=status)


def at_stop(point: PickupPoint, *, state: ParcelState) -> QuerySet[Parcel]:
    """Return a stop's parcels in a state, the first to leave first, with ``leaves_at`` and ``round_name`` of their
    first leg; both are None for what stays at this point, and for what waits for its route.

    :param state: PACKED for what is still to be dropped, AT_STOP for what was.
    """
    first = Leg.objects.filter(
        consignment=OuterRef("consignment"),
        sequence=1,
        released_at=None,
        route_version=OuterRef("consignment__route_version"),
    )
    return (
        Parcel.objects.filter(consignment__origin_stop=point, consignment__state__in=LIVE, state=state)
        .annotate(
            leaves_at=Subquery(first.values("departs_at")[:1]),
            round_name=Subquery(first.values("departure__round__name")[:1]),
        )
        .select_related("consignment__seller", "consignment__point")
        .order_by(F("leaves_at").asc(nulls_last=True), "consignment_id", "sequence")
    )


def parcel_of(point: PickupPoint, *, number: str) -> Parcel | None:
    """Return the parcel of a stop with a number, or with an ending that only one of those to come has."""
    here = Parcel.objects.filter(consignment__origin_stop=point, consignment__state__in=LIVE)
    found = here.filter(number=number).first()
    if found is None:
        ending = list(here.filter(state=ParcelState.PACKED, number__endswith=number)[:2])
        found = ending[0] if len(ending) == 1 else None
    return found


def _dropped(request: HttpRequest, parcel: Parcel, form: ReadingForm) -> bool:
    """Note the drop, or say above the field why it is none."""
    try:
        scans.drop(parcel, nonce=form.cleaned_data["nonce"], by=request.user, at=clock.now())
    except scans.UnableToScan as refusal:
        form.add_error("number", str(refusal))
        return False
    messages.success(request, _("Taken in: %(number)s") % {"number": parcel.number})
    return True
