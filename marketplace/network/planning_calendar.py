"""The planner's calendar."""

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from logistics.models import Closure
from logistics.services import calendars, timetables
from logistics.services.calendars import Days, UnableToClose
from logistics.states import ClosureKind, ClosureScope
from marketplace.network import planning_queries as queries
from marketplace.network.planning import context_of
from marketplace.network.planning_changes import CONFIRM, FORM, PREVIEW, confirm_page, tell
from marketplace.network.planning_forms import DaysForm, tomorrow
from marketplace.wording import WEEKDAYS
from villages import queries as villages
from villages.models import Division

MOST_YEARS = 20  # that the calendar is turned back or on


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """A month with its holidays and closures; planners enter days of the own division."""
    today = clock.today()
    own = timetables.divisions_of(request.user)
    divisions = _divisions(own)
    initial = {
        "first_day": tomorrow(today),
        "last_day": tomorrow(today),
        "kind": ClosureKind.CLOSURE,
        "scope": ClosureScope.ALL if timetables.plans_lanes(own) else ClosureScope.ROUNDS,
    }
    action = request.POST.get("action", "")
    form = DaysForm(request.POST or None, divisions=divisions, initial=initial)
    status = 200
    if request.method == "POST":
        if not own:
            raise Http404("this person plans nothing")
        status = 422
        if action == FORM:
            form._errors, status = {}, 200
        elif action in (PREVIEW, CONFIRM) and form.is_valid():
            days = Days(**form.cleaned_data)
            try:
                if action == PREVIEW:
                    effect = calendars.preview(days, by=request.user, at=clock.now())
                    return confirm_page(request, heading=days.name, said=_said(days, divisions), effect=effect)
                _closure, effect = calendars.close(days, by=request.user, at=clock.now())
            except UnableToClose as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                messages.success(request, _("Entered in the calendar: %(name)s.") % {"name": days.name})
                tell(request, effect)
                return redirect(f"{request.path}?month={days.first_day:%Y-%m}")
    month = queries.month(_month(request, today), today=today, own=own)
    context = context_of(request) | {
        "month": month,
        "form": form if own else None,
        "today": today,
        "weekdays": WEEKDAYS,
    }
    return render(request, "network/planning/calendar.html", context, status=status)


@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Take days of the own division out of the calendar."""
    closure = get_object_or_404(Closure.objects.in_force(), pk=pk)
    if not calendars.may_change(closure, own=timetables.divisions_of(request.user)):
        raise Http404("not this planner's days")
    try:
        effect = calendars.lift(closure, by=request.user, at=clock.now())
    except UnableToClose as refusal:
        messages.error(request, str(refusal))
    else:
        words = _("Taken out of the calendar: %(name)s. Departures opened again: %(n)d.")
        messages.success(request, words % {"name": closure.name, "n": effect.opened})
    month = max(closure.first_day, clock.today())
    response = redirect("network:planning-calendar")
    response["Location"] += f"?month={month:%Y-%m}"
    return response


def _divisions(own: list[str]) -> list[Division]:
    """Return the divisions for which a planner enters days: the own ones and the counties and prefectures below."""
    found: dict[str, Division] = {each.pk: each for each in Division.objects.filter(pk__in=own).order_by("code")}
    for code in own:
        if code == queries.PROVINCE:
            found |= {each.pk: each for each in villages.prefectures()}
        else:
            found |= {each.pk: each for each in villages.counties(within=code, zones=False)}
    return list(found.values())


def _said(days: Days, divisions: list[Division]) -> list[tuple[str, str, str]]:
    names = {division.pk: division.name for division in divisions}
    return [
        (_("Where"), "", names.get(days.division, "")),
        (_("Days"), "", f"{days.first_day} – {days.last_day}"),
        (_("Kind"), "", str(ClosureKind(days.kind).label)),
        (_("What stops"), "", str(ClosureScope(days.scope).label)),
    ]


def _month(request: HttpRequest, today: dt.date) -> dt.date:
    try:
        first = dt.date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return today.replace(day=1)
    return first if abs(first.year - today.year) <= MOST_YEARS else today.replace(day=1)
