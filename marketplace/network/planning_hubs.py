"""The planner's hubs: what they are, what goods need there from which day on, and who scans there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from logistics.models import Hub, HubTransfer, HubWorker
from logistics.services import hubs, timetables, transfers
from logistics.services.hubs import HubDetails, UnableToChangeHub
from marketplace.network import hub_history, hub_places
from marketplace.network.hub_forms import EndForm, HubForm, NewHubForm, TransferForm, WorkerForm
from marketplace.network.planning import context_of
from marketplace.network.planning_changes import CONFIRM, FORM, confirm_page, tell
from marketplace.network.planning_forms import tomorrow


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hub(request: HttpRequest, code: str) -> HttpResponse:
    """Change a hub of the own division, and who works there."""
    found = _own(request, code)
    action = request.POST.get("action", "")
    if action in ("assign", "release"):
        worker = WorkerForm(request.POST if action == "assign" else None)
        if _staffed(request, found, worker, action):
            return redirect("network:planning-hub", code)
        return _page(request, found, worker=worker, status=422)
    if request.method != "POST":
        return _page(request, found)
    form = _hub_form(found, request.POST)
    if action == FORM:
        form._errors = {}
        return _page(request, found, form=form)
    answer = _changed(request, found, form, action) if form.is_valid() else None
    return answer or _page(request, found, form=form, status=422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Add a hub to a prefecture or a county of the own division."""
    form = NewHubForm(request.POST or None, divisions=hubs.divisions_for(request.user))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                made = hubs.add(
                    data["division"],
                    details=form.details(),
                    transfer_minutes=data["transfer_minutes"],
                    by=request.user,
                    at=clock.now(),
                )
            except UnableToChangeHub as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                words = _("Added: %(name)s. Now plan lanes and rounds for it.")
                messages.success(request, words % {"name": made.name})
                return redirect("network:planning-hub", made.code)
    own = timetables.divisions_of(request.user)
    context = context_of(request) | {"form": form, "map": hub_places.around(own[0], form)}
    return render(request, "network/planning/add_hub.html", context, status=status)


@require_POST
def end(request: HttpRequest, code: str) -> HttpResponse:
    """Let a hub of the own division be none from a day on."""
    found = _own(request, code)
    form = EndForm(request.POST)
    if form.is_valid():
        day = form.cleaned_data["from_date"]
        try:
            hubs.end(found, from_date=day, by=request.user, at=clock.now())
        except UnableToChangeHub as refusal:
            form.add_error("from_date", str(refusal))
        else:
            messages.success(request, _("It is a hub no more from %(day)s.") % {"day": day})
            return redirect("network:planning-hub", code)
    return _page(request, found, ending=form, status=422)


@require_POST
def keep(request: HttpRequest, code: str) -> HttpResponse:
    """Take back that a hub of the own division ends."""
    found = _own(request, code)
    try:
        hubs.keep(found, by=request.user, at=clock.now())
    except UnableToChangeHub as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It does not end."))
    return redirect("network:planning-hub", code)


@never_cache
@require_POST
def transfer(request: HttpRequest, code: str) -> HttpResponse:
    """Change what goods need at a hub of the own division from a day on."""
    found = _own(request, code)
    form = TransferForm(request.POST)
    if request.POST.get("action") == FORM:
        form._errors = {}
        return _page(request, found, transfer=form)
    if form.is_valid():
        asked = form.cleaned_data | {"by": request.user, "at": clock.now()}
        day = asked["from_date"]
        try:
            if request.POST.get("action") != CONFIRM:
                effect = transfers.preview(found, **asked)
                before = _("%(n)d minutes") % {"n": transfers.minutes_of(found, day)}
                said = [
                    (_("Applies from"), "", day.isoformat()),
                    (str(form.fields["minutes"].label), before, _("%(n)d minutes") % {"n": asked["minutes"]}),
                ]
                return confirm_page(request, heading=found.name, said=said, effect=effect)
            effect = transfers.change(found, **asked)
        except UnableToChangeHub as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("Applies from %(day)s.") % {"day": day})
            tell(request, effect)
            return redirect("network:planning-hub", code)
    return _page(request, found, transfer=form, status=422)


@require_POST
def withdraw(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Take back a change of what goods need at a hub, before it begins."""
    found = _own(request, code)
    version = get_object_or_404(HubTransfer.objects.in_force().select_related("hub"), pk=pk, hub=found)
    try:
        effect = transfers.withdraw(version, by=request.user, at=clock.now())
    except UnableToChangeHub as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Taken back: the change from %(day)s.") % {"day": version.valid_from})
        tell(request, effect)
    return redirect("network:planning-hub", code)


def _own(request: HttpRequest, code: str) -> Hub:
    return get_object_or_404(hubs.hubs_of(request.user).select_related("division"), code=code)


def _page(
    request: HttpRequest,
    found: Hub,
    *,
    form: HubForm | None = None,
    worker: WorkerForm | None = None,
    transfer: TransferForm | None = None,
    ending: EndForm | None = None,
    status: int = 200,
) -> HttpResponse:
    today = clock.today()
    coming = transfers.coming(found, after=today)
    form = form or _hub_form(found)
    context = context_of(request) | {
        "hub": found,
        "form": form,
        "map": hub_places.around(found.division_id, form),
        "today": today,
        "ending": ending or EndForm(),
        "worker": worker or WorkerForm(),
        "transfer": transfer or TransferForm(initial={"from_date": tomorrow(today)}),
        "needs": transfers.minutes_of(found, today),
        "coming": coming,
        "history": hub_history.of(found),
        "workers": HubWorker.objects.filter(hub=found, until=None).select_related("user").order_by("since", "pk"),
    }
    return render(request, "network/planning/hub.html", context, status=status)


def _hub_form(found: Hub, data=None) -> HubForm:
    return HubForm(data, initial={name: getattr(found, name) for name in hubs.FIELDS})


def _changed(request: HttpRequest, found: Hub, form: HubForm, action: str) -> HttpResponse | None:
    details = HubDetails(**form.cleaned_data)
    try:
        if action != CONFIRM:
            effect = hubs.preview(found, details=details, by=request.user, at=clock.now())
            said = [
                (str(form.fields[name].label), str(form.initial[name] or ""), str(getattr(details, name) or ""))
                for name in form.fields
                if form.initial[name] != getattr(details, name)
            ]
            return confirm_page(request, heading=found.name, said=said, effect=effect)
        effect = hubs.change(found, details=details, by=request.user, at=clock.now())
    except UnableToChangeHub as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return None
    messages.success(request, _("Saved."))
    tell(request, effect)
    return redirect("network:planning-hub", found.code)


def _staffed(request: HttpRequest, found: Hub, form: WorkerForm, action: str) -> bool:
    try:
        if action == "release":
            pk = request.POST.get("worker", "")
            worker = get_object_or_404(
                HubWorker, hub=found, pk=int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 19 else 0
            )
            hubs.release_worker(worker, by=request.user, at=clock.now())
            messages.success(request, _("%(name)s works here no more.") % {"name": worker.user.get_full_name()})
            return True
        if form.is_valid():
            person = form.cleaned_data["phone"]
            hubs.assign_worker(found, person, by=request.user, at=clock.now())
            messages.success(request, _("%(name)s works here now.") % {"name": person.get_full_name()})
            return True
    except UnableToChangeHub as refusal:
        messages.error(request, str(refusal))
        return True
    return False
