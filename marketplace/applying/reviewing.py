"""The county's pages: what was applied for in the own divisions, its papers, the decision."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.storage_class import StorageClass
from marketplace import stepping_up
from marketplace.access import divisions_of
from marketplace.applying import queries
from marketplace.applying.forms import DecisionForm
from marketplace.applying.models import PointApplication
from marketplace.applying.services import applications
from marketplace.applying.states import ApplicationState
from marketplace.evidence.models import Photo
from marketplace.evidence.views import shown as photo_shown
from villages import known_names
from villages import queries as villages
from villages.states import PointKind

PAGE_SIZE = 50


@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, then what was decided."""
    mine = PointApplication.objects.within(divisions_of(request.user)).select_related("division")
    decided = mine.exclude(state=ApplicationState.SUBMITTED).order_by("-decided_at", "-pk")
    context = console(request) | {
        "waiting": mine.filter(state=ApplicationState.SUBMITTED).order_by("submitted_at", "pk"),
        "page": Paginator(decided, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "applying/reviews.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One application with its papers; deciding it asks for the second factor."""
    found = _within(request, pk)
    if (confirm := stepping_up.asked(request)) is not None:
        return confirm
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            applications.decide(found, decision=data["decision"], note=data["note"], by=request.user, at=clock.now())
        except applications.UnableToDecide as refusal:
            form.add_error("note" if not data["note"] else None, str(refusal))
        else:
            messages.success(request, _("Decided. The applicant is told by text message."))
            return redirect("applying:reviews")
    stated = found.stated
    context = console(request) | {
        "application": found,
        "place": villages.full_name(found.division_id),
        "kind": PointKind(stated["kind"]).label,
        "hours": queries.hours(found),
        "crates": [(words, stated["crates"].get(each, 0)) for each, words in StorageClass.choices],
        "papers": queries.papers(found),
        "under_review": found.state == ApplicationState.SUBMITTED,
        "form": form,
    }
    return render(request, "applying/review.html", context, status=422 if form.errors else 200)


@require_safe
def paper(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """A photo of an application's papers."""
    found = _within(request, pk)
    return photo_shown(get_object_or_404(Photo, pk=photo, matter__in=queries.matters(found)))


def _within(request: HttpRequest, pk: int) -> PointApplication:
    mine = PointApplication.objects.within(divisions_of(request.user)).select_related("division", "applicant")
    return get_object_or_404(mine, pk=pk)


def console(request: HttpRequest) -> dict:
    """Return what every page of the county's console knows."""
    own = divisions_of(request.user)[0]
    return {"own_name": known_names.names().get(own, own)}
