"""The page behind an invitation's link: it names the point, and whoever signs in may accept."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from marketplace.counter.views import POINT
from villages.services import operators


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation; a link that was used, withdrawn or is too old says so and nothing else."""
    at = clock.now()
    found = operators.of_token(token, at=at)
    if found is None:
        return render(request, "counter/join_over.html", status=404)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            operators.accept(found, by=request.user, at=at)
        except operators.UnableToJoin as refusal:
            messages.error(request, str(refusal))
            return redirect("home")
        request.session[POINT] = found.point_id
        messages.success(request, _("Welcome. You are an operator of %(name)s now.") % {"name": found.point.name})
        return redirect("counter:index")
    context = {"point": found.point, "next": urlencode({"next": request.get_full_path()})}
    return render(request, "counter/join.html", context)
