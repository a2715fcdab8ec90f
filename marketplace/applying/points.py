"""The county's pages of the points in its divisions: how each is run, suspending, reinstating, closing."""

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock, phones
from core.storage_class import StorageClass
from logistics.models import Round
from marketplace import stepping_up
from marketplace.access import divisions_of
from marketplace.applying.forms import PointDecisionForm
from marketplace.applying.reviewing import console
from marketplace.applying.services import deciding
from marketplace.counter import queries as counter
from marketplace.wording import WEEKDAYS
from villages import queries as villages
from villages.models import Operator, PickupPoint, PointHoliday
from villages.services import points
from villages.states import POINT_MOVES, PointState

PAGE_SIZE = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The points of the own divisions, found by name, place or code, kept to a state."""
    found = _mine(request).exclude(state=PointState.APPLIED).select_related("division").order_by("division_id", "pk")
    q, state = request.GET.get("q", "").strip()[:64], request.GET.get("state", "")
    if q:
        found = found.filter(Q(name__icontains=q) | Q(code__startswith=q) | Q(division__name__icontains=q))
    if state in PointState.values:
        found = found.filter(state=state)
    context = console(request) | {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "q": q,
        "state": state,
        "states": [each for each in PointState if each != PointState.APPLIED],
    }
    return render(request, "applying/points.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def point(request: HttpRequest, pk: int) -> HttpResponse:
    """One point; a change of its state asks for the second factor, and for a reason."""
    found = get_object_or_404(_mine(request).exclude(state=PointState.APPLIED), pk=pk)
    if request.method == "POST" and stepping_up.asked(request) is not None:
        # What was chosen is there again afterwards, to be sent.
        chosen = {name: request.POST.get(name, "")[:32] for name in ("decision", "reason")}
        return redirect(stepping_up.address(f"{request.path}?{urlencode(chosen)}"))
    allowed = POINT_MOVES[found.state] & set(PointDecisionForm.WORDS)
    form = PointDecisionForm(request.POST or None, initial=request.GET.dict(), allowed=allowed)
    if request.method == "POST" and form.is_valid():
        decision = form.cleaned_data["decision"]
        try:
            deciding.decide(found, to=decision, reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
        except deciding.REFUSALS:
            messages.error(request, _("This cannot be done any more. Please look at the point's state."))
        else:
            messages.success(request, _("Decided."))
        return redirect("applying:point", pk=found.pk)
    opening, today = villages.openings_of([found.pk])[found.pk], clock.today()
    crates = villages.capacities_of([found.pk])[found.pk]
    people = Operator.objects.filter(point=found, until=None).select_related("user").order_by("role", "pk")
    context = (
        console(request)
        | counter.left_at(found)
        | {
            "point": found,
            "place": villages.full_name(found.division_id),
            "hours": [(WEEKDAYS[day], opens, closes) for day, opens, closes in opening.hours],
            "crates": [(words, crates.get(each, 0)) for each, words in StorageClass.choices],
            "days_off": PointHoliday.objects.filter(point=found, withdrawn_at=None, last_day__gte=today),
            "operators": [(row, phones.masked(row.user.phone) if row.user.phone else "") for row in people],
            "rounds": rounds_of(found, today),
            "why": points.why(found),
            "form": form if allowed else None,
        }
    )
    return render(request, "applying/point.html", context, status=422 if form.errors else 200)


def rounds_of(found: PickupPoint, today: dt.date) -> list[str]:
    """Return the rounds that call at a point, now or from a day ahead on."""
    calling = Round.objects.filter(stops__point=found).exclude(valid_to__lte=today)
    return sorted(set(calling.values_list("name", flat=True)))


def _mine(request: HttpRequest):
    within = Q()
    for code in divisions_of(request.user):
        within |= Q(pk__in=PickupPoint.objects.within(code).values("pk"))
    return PickupPoint.objects.filter(within)
