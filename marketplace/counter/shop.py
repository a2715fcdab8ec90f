"""The owner's page of the own point: hours, days off, crates, contact, closing; changes ask for the second factor."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from marketplace import stepping_up
from marketplace.counter import queries
from marketplace.counter.services import shop
from marketplace.counter.shop_forms import ContactForm, DaysOffForm
from marketplace.counter.views import owner_context
from marketplace.shop_forms import CratesForm, WeekForm
from villages import queries as villages
from villages.models import PickupPoint, PointHoliday
from villages.services import holidays, points
from villages.states import POINT_MOVES, PointState, Reason

PAST_SHOWN = 5


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@stepping_up.required
def index(request: HttpRequest) -> HttpResponse:
    """How the point is run; each part is saved by its own button, the others stay as they are."""
    context, at = owner_context(request), clock.now()
    point = context["point"]
    forms = _forms(point)
    status = 200
    if request.method == "POST":
        do = request.POST.get("do", "")
        if do not in forms:
            return redirect("counter:shop")
        form = forms[do] = type(forms[do])(request.POST, prefix=do)
        if form.is_valid() and _SAVED[do](request, point, form, at):
            return redirect("counter:shop")
        status = 422
    today = clock.day_of(at)
    days_off = PointHoliday.objects.filter(point=point)
    context |= {
        "forms": forms,
        "days_off": days_off.filter(withdrawn_at=None, last_day__gte=today),
        "past": days_off.filter(last_day__lt=today, withdrawn_at=None).order_by("-first_day")[:PAST_SHOWN],
        "why": points.why(point),
        "may_close": PointState.CLOSING in POINT_MOVES[point.state],
    }
    return render(request, "counter/shop.html", context, status=status)


@require_POST
def day_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw days off of an own point."""
    own = PointHoliday.objects.filter(point__in=PickupPoint.objects.owned_by(request.user))
    found = get_object_or_404(own.select_related("point"), pk=pk)
    if (confirm := stepping_up.asked(request)) is not None:
        return confirm
    try:
        shop.withdraw(found, by=request.user, at=clock.now())
    except holidays.UnableToWithdraw as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Withdrawn: the point is open on these days as usual."))
    return redirect("counter:shop")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@stepping_up.required
def close(request: HttpRequest) -> HttpResponse:
    """Say what closing means for what waits and comes, then begin it."""
    context = owner_context(request)
    point = context["point"]
    if request.method == "POST":
        try:
            points.begin_closing([point], by=request.user, at=clock.now(), reason=Reason.ASKED)
        except points.UnableToClosePoint:
            messages.error(request, _("This point is closing or closed already."))
        else:
            messages.success(request, _("The point takes nothing new. It closes once nothing is left here."))
        return redirect("counter:shop")
    return render(request, "counter/close_shop.html", context | queries.left_at(point))


def _forms(point: PickupPoint) -> dict:
    opening = villages.openings_of([point.pk])[point.pk]
    week = {}
    for weekday, opens, closes in opening.hours:
        week |= {f"d{weekday}_opens": opens, f"d{weekday}_closes": closes}
    crates = villages.capacities_of([point.pk])[point.pk]
    contact = {"name": point.contact_name, "phone": point.contact_phone}
    return {
        "holiday": DaysOffForm(prefix="holiday"),
        "hours": WeekForm(initial=week, prefix="hours"),
        "crates": CratesForm(initial={f"crates_{each}": n or None for each, n in crates.items()}, prefix="crates"),
        "contact": ContactForm(initial=contact, prefix="contact"),
    }


def _save_days_off(request: HttpRequest, point: PickupPoint, form: DaysOffForm, at) -> bool:
    try:
        _made, waiting, moved = shop.announce(point, **form.cleaned_data, by=request.user, at=at)
    except holidays.UnableToAnnounce as refusal:
        form.add_error(None, str(refusal))
        return False
    words = _("Announced. Nothing waits here or comes on these days.")
    if waiting or moved:
        words = _("Announced. %(waiting)d consignments wait here, %(moved)d come on another day; the buyers are told.")
    messages.success(request, words % {"waiting": waiting, "moved": moved})
    return True


def _save_hours(request: HttpRequest, point: PickupPoint, form: WeekForm, at) -> bool:
    moved = shop.set_hours(point, hours=form.hours(), by=request.user, at=at)
    messages.success(
        request,
        _("Saved. %(n)d consignments come at another time; buyers who wait longer are told.") % {"n": moved}
        if moved
        else _("Saved."),
    )
    return True


def _save_crates(request: HttpRequest, point: PickupPoint, form: CratesForm, at) -> bool:
    shop.set_crates(point, crates=form.crates_a_day(), by=request.user, at=at)
    messages.success(request, _("Saved. What is held for a day already stays held."))
    return True


def _save_contact(request: HttpRequest, point: PickupPoint, form: ContactForm, at) -> bool:
    data = form.cleaned_data
    points.set_contact(point, name=data["name"], phone=data["phone"], by=request.user, at=at)
    messages.success(request, _("Saved."))
    return True


_SAVED = {"holiday": _save_days_off, "hours": _save_hours, "crates": _save_crates, "contact": _save_contact}
