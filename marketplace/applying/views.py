"""The applicant's pages: what a point is, the form with its papers, the answer, the agreement."""

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from marketplace.applying import queries
from marketplace.applying.forms import ApplicationForm
from marketplace.applying.models import PointApplication
from marketplace.applying.services import applications
from marketplace.applying.states import EDITABLE, ApplicationState
from marketplace.evidence.models import Photo
from marketplace.evidence.views import shown as photo_shown
from villages import codes
from villages import queries as villages
from villages.states import Level

HUNAN = "430000000000"
LONGEST_SEARCH, PLACES_FOUND = 32, 30


@require_safe
def explained(request: HttpRequest) -> HttpResponse:
    """What a pickup point does and needs; the person's own applications."""
    mine = []
    if request.user.is_authenticated:
        mine = PointApplication.objects.filter(applicant=request.user).order_by("-pk")[:20]
    return render(request, "applying/explained.html", {"mine": mine})


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin an application, or go on with the draft."""
    try:
        made = applications.begin(by=request.user, at=clock.now())
    except applications.UnableToApplyForPoint as refusal:
        messages.error(request, str(refusal))
        return redirect("applying:explained")
    return redirect("applying:application" if made.typed else "applying:where", pk=made.pk)


@never_cache
@require_safe
def where(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the place by steps, from the prefecture down to the village, or by its name."""
    found = _own(request, pk)
    if found.state not in EDITABLE:
        raise Http404("not to be changed now")
    place = request.GET.get("in", HUNAN)
    path = villages.path_of(place)
    if place != HUNAN and (not path or not codes.is_within(place, HUNAN)):
        raise Http404("no division of Hunan")
    text = request.GET.get("village", "").strip()[:LONGEST_SEARCH]
    context = {
        "application": found,
        "path": path[1:],
        "parts": villages.children(place),
        "village": Level.VILLAGE,
        "q": text,
        "found": villages.villages_named(text, limit=PLACES_FOUND) if text else [],
    }
    return render(request, "applying/where.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """The form while it can be changed, then how far it is, then the agreement."""
    found = _own(request, pk)
    if found.state not in EDITABLE:
        return _answer(request, found)
    if request.method != "POST":
        initial = json.loads(found.typed or "{}")
        if request.GET.get("place"):
            initial["division"] = request.GET["place"]
        return _form_page(request, found, ApplicationForm(initial=initial))
    form, at = ApplicationForm(request.POST, request.FILES), clock.now()
    valid = form.is_valid()
    sends = request.POST.get("do") == "send"
    try:
        # What a refused form brought stays in the form; the photos are bound with what is accepted.
        papers = form.papers() if valid or not sends else {}
        applications.keep(found, typed=form.typed(), papers=papers, by=request.user, at=at)
        if request.POST.get("do") == "place":
            return redirect("applying:where", pk=found.pk)
        if request.POST.get("remove", "").isdecimal():
            applications.remove_paper(found, photo_id=int(request.POST["remove"][:18]), by=request.user)
            return redirect("applying:application", pk=found.pk)
        if not sends:
            messages.success(request, _("The draft is kept."))
            return redirect("applying:application", pk=found.pk)
        if valid:
            applications.submit(found, stated=form.stated(), by=request.user, at=at)
            messages.success(request, _("Sent. The county answers here and by text message."))
            return redirect("applying:application", pk=found.pk)
    except applications.UnableToApplyForPoint as refusal:
        form.add_error(None, str(refusal))
    return _form_page(request, found, form, status=422)


def _form_page(request: HttpRequest, found: PointApplication, form: ApplicationForm, *, status: int = 200):
    code = form["division"].value() or ""
    context = {"application": found, "form": form, "papers": queries.papers(found), "place": villages.full_name(code)}
    return render(request, "applying/form.html", context, status=status)


def _answer(request: HttpRequest, found: PointApplication) -> HttpResponse:
    if request.method == "POST":
        try:
            applications.agree(found, version=request.POST.get("version", ""), by=request.user, at=clock.now())
        except applications.UnableToAgree as refusal:
            messages.error(request, str(refusal))
            return redirect("applying:application", pk=found.pk)
        messages.success(request, _("The point is open. Welcome."))
        return redirect("counter:index")
    context = {
        "application": found,
        "place": villages.full_name(found.division_id),
        "accepted": found.state == ApplicationState.ACCEPTED,
        "opened": found.state == ApplicationState.OPENED,
        "refused": found.state == ApplicationState.REFUSED,
        "version": applications.AGREEMENT,
    }
    return render(request, "applying/answer.html", context)


@require_safe
def paper(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """A photo of one's own papers."""
    found = _own(request, pk)
    return photo_shown(get_object_or_404(Photo, pk=photo, matter__in=queries.matters(found)))


def _own(request: HttpRequest, pk: int) -> PointApplication:
    return get_object_or_404(PointApplication, pk=pk, applicant=request.user)
