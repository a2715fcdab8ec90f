"""The one-page checkout, and choosing a pickup point."""

import datetime as dt

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock, phones
from core.sealed import digest
from marketplace import browser_marks, network_address
from marketplace.basket.models import Basket
from marketplace.context import CHOSEN_POINT, chosen_point
from marketplace.order.models import Order
from marketplace.order.services import placing
from marketplace.order.services.placing import Contact
from marketplace.order.services.refusals import UnableToPlace
from marketplace.samples import links
from marketplace.storefront import choices, quotes
from marketplace.storefront.forms import CheckoutForm
from marketplace.storefront.views.orders import remember, url_of
from marketplace.users.services import phone_codes
from villages import queries as villages
from villages.models import Division, PickupPoint

VERIFIED_PHONE = "verified_phone"
VERIFIED_FOR = dt.timedelta(hours=2)
POINTS_LISTED = 40
PURPOSE = "checkout"
CHECKOUT_BASKET = "checkout_basket"


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Ask the four questions; place the order when all are answered."""
    at, basket = clock.now(), request.basket
    if request.method == "POST" and request.POST.get("action", "place") == "place":
        placed = _placed_already(request)
        if placed is not None:
            return redirect(url_of(placed))
    if basket.is_empty:
        return redirect("basket:summary")
    verified = _is_verified(request, request.POST.get("phone", ""), at)
    form = CheckoutForm(request.POST or None, initial=_initial(request), verified=verified)
    status = 200
    if request.method == "POST":
        action = request.POST.get("action", "place")
        form.is_valid()
        if action == "send_code":
            _send_code(request, form, at)
        elif action == "point":
            form = CheckoutForm(initial=request.POST.dict())
        elif request.POST.get("basket", str(basket.pk)) != str(basket.pk):
            words = _("Your basket has changed since this page was opened. Please look at the goods and order again.")
            form.add_error(None, words)
        elif form.is_valid():
            order = _place(request, form, at)
            if order is not None:
                return redirect(url_of(order))
        status = 422 if form.is_bound and form.errors else 200
    return render(request, "storefront/checkout.html", _context(request, form, at), status=status)


def _placed_already(request: HttpRequest) -> Order | None:
    """Return the order that the basket of this browser's checkout has become: a second submit lands on it.

    The basket is the one that the page was made for, as the session knows it: nobody is asked to be believed.
    """
    basket_id = request.session.get(CHECKOUT_BASKET)
    if not basket_id or request.POST.get("basket") != str(basket_id):
        return None
    with transaction.atomic():
        # Another submit may be placing it right now: its row is held until that has ended.
        list(Basket.objects.select_for_update().filter(pk=basket_id).values_list("pk"))
        placed = Order.objects.filter(basket_id=basket_id).first()
    if placed is None:
        return None
    remember(request, placed)
    return placed


def _initial(request: HttpRequest) -> dict:
    point = chosen_point(request)
    user = request.user
    return {
        "point": point.pk if point else None,
        "name": user.get_full_name() if user.is_authenticated else "",
        "phone": phones.national(user.phone) if user.is_authenticated and user.phone else "",
    }


def _context(request: HttpRequest, form: CheckoutForm, at: dt.datetime) -> dict:
    chosen = _integer(form["point"].value())
    # What the form says goes first; an unknown or closed point stays chosen in the session only.
    point = PickupPoint.objects.open().select_related("division").filter(pk=chosen).first() if chosen else None
    point = point or chosen_point(request)
    quote = quotes.quote(request.basket, point=None, at=at)
    offered = choices.choices(quote, point, at=at)
    if point:
        quote.point = point
        quote.take(offered[0].answers, at=at)
    phone = form["phone"].value() or ""
    request.session[CHECKOUT_BASKET] = request.basket.pk
    return {
        "form": form,
        "quote": quote,
        "choices": offered,
        "has_able": any(not choice.problem for choice in offered),
        "point": point,
        "verified": _is_verified(request, phone, at),
        "code_sent": request.session.get("code_sent_to") == _hash(phone),
    }


def _send_code(request: HttpRequest, form: CheckoutForm, at: dt.datetime) -> None:
    """Send the code; only the phone must be right for that, so other fields' errors are kept for later."""
    problems = form.errors.pop("phone", None)
    form.errors.clear()
    if problems:
        form.errors["phone"] = problems
        return
    try:
        phone_codes.send(
            form.cleaned_data["phone"],
            purpose=PURPOSE,
            network_address=network_address.of(request),
            device=browser_marks.of(request),
            at=at,
        )
    except phone_codes.UnableToSendCode as refusal:
        form.add_error("phone", str(refusal))
        return
    request.session["code_sent_to"] = digest(form.cleaned_data["phone"])


def _place(request: HttpRequest, form: CheckoutForm, at: dt.datetime) -> Order | None:
    data = form.cleaned_data
    verified = _is_verified(request, data["phone"], at)
    try:
        if not verified:
            phone_codes.check(data["phone"], code=data["phone_code"], purpose=PURPOSE, at=at)
        # The code is used up with the order or not at all: of two submits at once, one makes the order, both get it.
        with transaction.atomic():
            order = placing.place(
                request.basket,
                point_id=data["point"],
                contact=Contact(data["name"], data["phone"], verified=True),
                expected_fen=data["expected_fen"],
                network_address=network_address.of(request),
                samples=links.noted(request.session, at=at),
                by=request.user if request.user.is_authenticated else None,
                at=at,
            )
            if not verified and order.date_placed == at:
                phone_codes.use(data["phone"], purpose=PURPOSE, at=at)
    except phone_codes.UnableToVerify as refusal:
        order = _placed_already(request)
        if order is None:
            form.add_error("phone_code", str(refusal))
            return None
    except UnableToPlace as refusal:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, refusal.message)
        return None
    request.session[VERIFIED_PHONE] = {"hash": digest(data["phone"]), "at": at.isoformat()}
    request.session[CHOSEN_POINT] = data["point"]
    remember(request, order)
    return order


def _is_verified(request: HttpRequest, phone: str, at: dt.datetime) -> bool:
    kept = request.session.get(VERIFIED_PHONE)
    if not kept or kept["hash"] != _hash(phone):
        return False
    return at - dt.datetime.fromisoformat(kept["at"]) < VERIFIED_FOR


def _hash(phone: str) -> str:
    try:
        return digest(phones.normalise(phone))
    except phones.UnableToReadPhone:
        return ""


@require_http_methods(["GET", "HEAD", "POST"])
def choose_point(request: HttpRequest) -> HttpResponse:
    """Choose a pickup point by division, or by nearness to a place that the browser tells."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = reverse("home")
    if request.method == "POST":
        point = PickupPoint.objects.open().filter(pk=_integer(request.POST.get("point"))).first()
        if point is not None:
            request.session[CHOSEN_POINT] = point.pk
            return redirect(target)
        messages.error(request, _("This point takes no parcels at the moment. Please choose another."))
    context = _points(request) | {"next": target}
    return render(request, "storefront/choose_point.html", context)


def _points(request: HttpRequest) -> dict:
    at = clock.now()
    code = request.GET.get("division", "")
    latitude, longitude = _decimal(request.GET.get("lat")), _decimal(request.GET.get("lon"))
    path = villages.path_of(code) if code.isdigit() and len(code) == 12 else []
    found, distances = [], {}
    if latitude is not None and longitude is not None:
        near = villages.points_near(longitude, latitude, limit=12)
        found = [other.point for other in near]
        distances = {other.point.pk: other.distance_km for other in near}
    elif len(path) >= 3:
        found = list(villages.points_in(path[-1].code)[:POINTS_LISTED])
    hours = villages.openings_of([point.pk for point in found])
    townships = dict(
        Division.objects.filter(pk__in={f"{p.division_id[:9]}000" for p in found}).values_list("pk", "name")
    )
    return {
        "path": path,
        "prefectures": villages.prefectures() if len(path) < 2 else [],
        "children": villages.children(path[-1].code) if 2 <= len(path) < 4 else [],
        "points": [
            {
                "point": point,
                "hours": hours[point.pk].today(at),
                "township": townships.get(f"{point.division_id[:9]}000", ""),
                "distance_km": distances.get(point.pk),
            }
            for point in found
        ],
        "near": latitude is not None,
        "asked": bool(found) or len(path) >= 3,
    }


def _integer(value) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _decimal(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and -180 <= value <= 180 else None
