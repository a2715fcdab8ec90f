"""The owner's page of operators: inviting, removing, handing the point over; all of it asks for the second factor."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock, phones
from marketplace import stepping_up
from marketplace.counter.services import leaving
from marketplace.counter.views import owner_context
from villages.models import Invitation, Operator, PickupPoint
from villages.services import operators
from villages.states import OperatorRole

FORMER_SHOWN = 10


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@stepping_up.required
def index(request: HttpRequest) -> HttpResponse:
    """Who works at the point, and the invitations that wait; making one more."""
    context, at = owner_context(request), clock.now()
    point = context["point"]
    if request.method == "POST":
        try:
            made = operators.invite(point, by=request.user, at=at)
        except operators.UnableToInvite as refusal:
            messages.error(request, str(refusal))
            return redirect("counter:operators")
        return redirect("counter:invitation", pk=made.pk)
    rows = Operator.objects.filter(point=point).select_related("user")
    here = sorted(rows.filter(until=None), key=lambda row: (row.role != OperatorRole.OWNER, row.pk))
    context |= {
        "operators": [{"row": row, "phone": phones.masked(row.user.phone) if row.user.phone else ""} for row in here],
        "former": rows.exclude(until=None).order_by("-until")[:FORMER_SHOWN],
        "invitations": operators.waiting(point, at=at),
    }
    return render(request, "counter/operators.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an invitation's link and QR, or withdraw it."""
    found = get_object_or_404(Invitation.objects.filter(point__in=PickupPoint.objects.owned_by(request.user)), pk=pk)
    if (confirm := stepping_up.asked(request)) is not None:
        return confirm
    if request.method == "POST":
        try:
            operators.withdraw(found, by=request.user, at=clock.now())
        except operators.UnableToInvite as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The invitation is withdrawn; its link leads nowhere any more."))
        return redirect("counter:operators")
    token = operators.token_of(found)
    if operators.of_token(token, at=clock.now()) is None:
        messages.info(request, _("This invitation is over."))
        return redirect("counter:operators")
    context = owner_context(request)
    context |= {"invitation": found, "link": request.build_absolute_uri(reverse("counter:join", args=[token]))}
    return render(request, "counter/invitation.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more, then remove an operator or hand the point over to them."""
    own = Operator.objects.filter(until=None, point__in=PickupPoint.objects.owned_by(request.user))
    found = get_object_or_404(own.select_related("user"), pk=pk)
    if (confirm := stepping_up.asked(request)) is not None:
        return confirm
    if request.method != "POST":
        context = owner_context(request)
        return render(request, "counter/operator.html", context | {"operator": found})
    try:
        if request.POST.get("do") == "hand-over":
            operators.hand_over_point(found, by=request.user, at=clock.now())
            messages.success(request, _("%(name)s owns the point now.") % {"name": found.user.get_full_name()})
            return redirect("counter:index")
        leaving.remove(found, by=request.user, at=clock.now())
        messages.success(request, _("%(name)s is no operator any more.") % {"name": found.user.get_full_name()})
    except operators.UnableToRemove as refusal:
        messages.error(request, str(refusal))
    return redirect("counter:operators")
