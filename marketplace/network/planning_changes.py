"""Changing lanes and rounds: a form, then what the change would do, then the change.

The page before the change is the form again, folded away: whoever goes back finds all as it was typed.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from logistics import drafts
from logistics.drafts import LaneDraft, RoundDraft
from logistics.models import Hub, Lane, Round
from logistics.services import hubs, timetables
from logistics.services.openings import Effect
from logistics.services.timetables import Change, UnableToChangeTimetable
from marketplace.network import planning_queries as queries
from marketplace.network import planning_words as words
from marketplace.network.planning import can_change, context_of, versions_of
from marketplace.network.planning_forms import LaneForm, RoundForm, StopTable, initial_of, tomorrow
from marketplace.users.models import User
from villages.models import PickupPoint

FORM, PREVIEW, CONFIRM, EXTEND, REMOVE = "edit", "preview", "confirm", "extend", "remove"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change a line of the own division from a day on."""
    versions = versions_of(code)
    row = queries.in_force(versions, tomorrow(clock.today()))
    if not can_change(request, row):
        raise Http404("not this planner's line")
    initial = initial_of(drafts.of(row)) | {
        "from_date": max(tomorrow(clock.today()), row.valid_from),
        "seen": timetables.revision_of(code),
    }
    if isinstance(row, Lane):
        return _lane(request, LaneForm(request.POST or None, initial=initial), row=row)
    initial |= {"name": row.name, "driver": str(row.driver_id or "")}
    form = RoundForm(request.POST or None, initial=initial, hub=row.hub)
    return _round(request, form, hub=row.hub, row=row)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_lane(request: HttpRequest) -> HttpResponse:
    """Add a lane that begins or ends in the own prefecture."""
    if not timetables.plans_lanes(timetables.divisions_of(request.user)):
        raise Http404("this planner plans no lanes")
    initial = {"from_date": tomorrow(clock.today()), "cutoff_minutes": 30, "weekdays": list("1234567")}
    hubs_ = Hub.objects.standing(tomorrow(clock.today())).order_by("code")
    form = LaneForm(request.POST or None, initial=initial, hubs=hubs_)
    return _lane(request, form, row=None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_round(request: HttpRequest, hub: str) -> HttpResponse:
    """Add a round to a hub of the own division."""
    found = get_object_or_404(hubs.hubs_of(request.user).select_related("division"), code=hub)
    initial = {"from_date": tomorrow(clock.today()), "cutoff_minutes": 30, "weekdays": list("1234567")}
    return _round(request, RoundForm(request.POST or None, initial=initial, hub=found), hub=found, row=None)


@never_cache
@require_POST
def end(request: HttpRequest, code: str) -> HttpResponse:
    """End a line of the own division on a day."""
    row = queries.in_force(versions_of(code), clock.today())
    if not can_change(request, row):
        raise Http404("not this planner's line")
    form = LaneForm(request.POST)
    try:
        from_date = form.fields["from_date"].clean(request.POST.get("from_date"))
    except ValidationError:
        messages.error(request, _("Please give a day, such as 2026-12-01."))
        return redirect("network:planning-line", code)
    seen = request.POST.get("seen", "")
    change_ = Change(code, None, int(seen) if seen.isascii() and seen.isdigit() else None)
    try:
        if request.POST.get("action") == CONFIRM:
            effect = timetables.apply([change_], from_date=from_date, by=request.user, at=clock.now())
            messages.success(request, _("It ends on %(day)s.") % {"day": from_date})
            tell(request, effect)
            return redirect("network:planning-line", code)
        effect = timetables.preview([change_], from_date=from_date, by=request.user, at=clock.now())
    except UnableToChangeTimetable as refusal:
        messages.error(request, str(refusal))
        return redirect("network:planning-line", code)
    return confirm_page(
        request,
        heading=_("End %(code)s") % {"code": code},
        said=[(_("Last day"), "", str(from_date - dt.timedelta(days=1)))],
        effect=effect,
        hidden=[("from_date", from_date.isoformat()), ("seen", str(timetables.revision_of(code)))],
    )


def _lane(request: HttpRequest, form: LaneForm, *, row: Lane | None) -> HttpResponse:
    def draft() -> LaneDraft:
        return form.draft(keys=(row.origin_id, row.destination_id) if row else None)

    return _changed(request, form, row=row, draft=draft, table=None)


def _round(request: HttpRequest, form: RoundForm, *, hub: Hub, row: Round | None) -> HttpResponse:
    points = list(queries.points_for(hub))
    if row is not None:
        known = {point.pk for point in points}
        points += [stop.point for stop in row.stops.all() if stop.point_id not in known]
    posted = request.method == "POST"
    table = StopTable.posted(request.POST, points=points) if posted else StopTable.of_round(row, points=points)
    calls = table.calls() if posted else ()

    def draft() -> RoundDraft:
        return form.draft(hub_id=hub.pk, calls=calls)

    return _changed(request, form, row=row, draft=draft, table=table, hub=hub)


def _changed(
    request: HttpRequest,
    form: LaneForm | RoundForm,
    *,
    row: Lane | Round | None,
    draft: Callable[[], LaneDraft | RoundDraft],
    table: StopTable | None,
    hub: Hub | None = None,
) -> HttpResponse:
    """Show the form, what the change would do, or make the change, as the pressed button says."""
    action = request.POST.get("action", FORM) if request.method == "POST" else ""
    status = 200
    if action in (PREVIEW, CONFIRM):
        status = 422
        if form.is_valid() and (table is None or table.is_sound):
            wanted = draft()
            asked = Change(row.code if row else "", wanted, form.cleaned_data["seen"] if row else None)
            do = timetables.apply if action == CONFIRM else timetables.preview
            try:
                effect = do([asked], from_date=form.cleaned_data["from_date"], by=request.user, at=clock.now())
            except UnableToChangeTimetable as refusal:
                _say(form, table, refusal)
            else:
                if action == CONFIRM:
                    return _done(request, form, row=row, effect=effect)
                if row is not None and drafts.normal(wanted) == drafts.of(_at(row, form)):
                    form.add_error(None, _("Nothing was changed."))
                else:
                    return _preview(request, form, row=row, wanted=wanted, effect=effect)
    elif table is not None and action == EXTEND:
        table.extend()
    elif table is not None and action.startswith(REMOVE):
        number = action.removeprefix(REMOVE)
        table.remove(int(number)) if number.isascii() and number.isdigit() else None
    if action in (FORM, EXTEND) or action.startswith(REMOVE):
        form = _unchecked(form)
    context = context_of(request) | {
        "form": form,
        "row": row,
        "hub": hub,
        "table": table,
        "is_lane": isinstance(form, LaneForm),
        "first_day": tomorrow(clock.today()),
    }
    return render(request, "network/planning/change.html", context, status=status)


def _at(row: Lane | Round, form: Form) -> Lane | Round:
    """Return the version in force on the day that the form asks for."""
    return queries.in_force(queries.line(row.code), form.cleaned_data["from_date"])


def _unchecked(form: Form) -> Form:
    """Let a form be shown as it was typed, without its errors: nobody has asked to check it yet."""
    if form.is_bound:
        form._errors = {}
    return form


def _say(form: Form, table: StopTable | None, refusal: UnableToChangeTimetable) -> None:
    for problems in refusal.problems.values():
        for problem in problems:
            if problem.field == "stops" and table is not None:
                table.errors += [problem.text] if problem.text not in table.errors else []
            else:
                form.add_error(problem.field if problem.field in form.fields else None, problem.text)


def _done(request: HttpRequest, form: Form, *, row: Lane | Round | None, effect: Effect) -> HttpResponse:
    day = form.cleaned_data["from_date"]
    messages.success(request, _("Applies from %(day)s.") % {"day": day})
    tell(request, effect)
    return redirect("network:planning-line", row.code if row is not None else effect.codes[0])


def tell(request: HttpRequest, effect: Effect) -> None:
    """Say what becomes of goods that were to ride on what was cancelled."""
    if effect.consignments:
        words_ = _("%(n)d consignments are given another way.") % {"n": effect.consignments}
        messages.info(request, words_)


def _preview(request: HttpRequest, form: Form, *, row, wanted: LaneDraft | RoundDraft, effect: Effect) -> HttpResponse:
    before = dict(_described(drafts.of(_at(row, form)))) if row is not None else {}
    said = [
        (label, before.get(label, ""), value)
        for label, value in _described(drafts.normal(wanted))
        if row is None or before.get(label) != value
    ]
    day = form.cleaned_data["from_date"]
    said.insert(0, (_("Applies from"), "", day.isoformat()))
    heading = _("Change %(code)s") % {"code": row.code} if row is not None else _("Add a line")
    return confirm_page(request, heading=heading, said=said, effect=effect)


def _described(draft: LaneDraft | RoundDraft) -> list[tuple[str, str]]:
    if isinstance(draft, LaneDraft):
        names = dict(Hub.objects.filter(pk__in=[draft.origin_id, draft.destination_id]).values_list("pk", "name"))
        return words.figures(draft, points={}, people={}, hubs=names)
    points = dict(PickupPoint.objects.filter(pk__in=[call.point_id for call in draft.calls]).values_list("pk", "name"))
    people = {user.pk: user.get_full_name() for user in User.objects.filter(pk=draft.driver_id)}
    return words.figures(replace(draft), points=points, people=people, hubs=dict(Hub.objects.values_list("pk", "name")))


def confirm_page(
    request: HttpRequest,
    *,
    heading: str,
    said: list[tuple[str, str, str]],
    effect: Effect,
    hidden: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    """Show what a change would do, with all that was typed folded away and two buttons: do it, or go back.

    :param said: (label, before, after). :param hidden: what is sent again; by default all that was posted.
    """
    if hidden is None:
        kept = (
            (name, values) for name, values in request.POST.lists() if name not in ("csrfmiddlewaretoken", "action")
        )
        hidden = [(name, value) for name, values in kept for value in values]
    context = context_of(request) | {"heading": heading, "said": said, "effect": effect, "hidden": hidden}
    return render(request, "network/planning/confirm.html", context)
