"""Signing in and out, registering, the person's own page; and the demonstration's page of messages."""

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from marketplace import access, browser_marks, network_address, stepping_up
from marketplace.communication.queries import as_phones_show
from marketplace.order.models import Order
from marketplace.storefront.forms import RegistrationForm, SignInForm, StepUpForm
from marketplace.users.services import accounts, phone_codes, second_factor, throttle

PURPOSE = "register"
MESSAGES_SHOWN = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by phone or e-mail and go where the person wanted to go."""
    target = _target(request)
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            user, refusal = _authenticate(request, form.cleaned_data)
            if user is not None:
                placed = request.session.get("orders", [])
                login(request, user)
                request.session["orders"] = placed
                return redirect(target or start_of(user))
            form.add_error(None, refusal)
        status = 422
    return render(request, "storefront/sign_in.html", {"form": form, "next": target}, status=status)


def _target(request: HttpRequest) -> str:
    """Return the page of ours where the person wanted to go, or nothing."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}) else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step_up(request: HttpRequest) -> HttpResponse:
    """Give the second factor, a code sent to the account's own phone, and go on."""
    target, form, at = _target(request), StepUpForm(request.POST or None), clock.now()
    sent, status = False, 200
    if request.method == "POST":
        wants_code = request.POST.get("action") == "send_code"
        valid = form.is_valid()
        if wants_code:
            form.errors.clear()
        try:
            if wants_code:
                second_factor.send(
                    request.user,
                    network_address=network_address.of(request),
                    device=browser_marks.of(request),
                    at=at,
                )
                sent = True
            elif valid:
                second_factor.confirm(request.user, code=form.cleaned_data["phone_code"], at=at)
                stepping_up.mark(request)
                return redirect(target or start_of(request.user))
        except second_factor.UnableToStepUp as refusal:
            form.add_error("phone_code", str(refusal))
        status = 422 if form.errors else 200
    context = {"form": form, "next": target, "code_sent": sent}
    return render(request, "storefront/step_up.html", context, status=status)


def _authenticate(request: HttpRequest, data: dict):
    """Return the user, or why there is none."""
    address = network_address.of(request)
    try:
        throttle.begin(data["identifier"], address)
    except throttle.UnableToTry:
        return None, _("Too many wrong passwords. Please wait 15 minutes.")
    user = authenticate(request, username=data["identifier"], password=data["password"])
    if user is not None:
        throttle.succeeded(data["identifier"], address)
    return user, _("Phone, e-mail or password is wrong. Please try again.")


def start_of(user) -> str:
    """Return where a person's work begins: their console if they have one, else the shop."""
    for policy, name in (
        (access.OPERATOR, "counter:index"),
        (access.SELLER, "selling:index"),
        (access.MOVER, "network:index"),
        (access.PLANNER, "network:planning-map"),
        (access.STAFF, "statistics:index"),
        (access.PLATFORM, "dashboard:index"),
    ):
        if policy.admits(user):
            return reverse(name)
    return reverse("home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    logout(request)
    return redirect("home")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Create an account by phone, proved by a code, and go where the person wanted to go."""
    target, form = _target(request), RegistrationForm(request.POST or None)
    at, sent, status = clock.now(), False, 200
    if request.method == "POST":
        valid = form.is_valid()
        if request.POST.get("action") == "send_code":
            sent = _send_code(request, form, at)
        elif valid:
            user = _register(form, at)
            if user is not None:
                login(request, user, backend="marketplace.users.backends.PhoneOrEmailBackend")
                messages.success(request, _("Welcome. Your account is ready."))
                return redirect(target or "customer:summary")
        status = 422 if form.errors else 200
    context = {"form": form, "code_sent": sent, "next": target}
    return render(request, "storefront/register.html", context, status=status)


def _send_code(request: HttpRequest, form: RegistrationForm, at) -> bool:
    problems = form.errors.pop("phone", None)
    form.errors.clear()
    if problems:
        form.errors["phone"] = problems
        return False
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
        return False
    return True


def _register(form: RegistrationForm, at):
    data = form.cleaned_data
    try:
        phone_codes.verify(data["phone"], code=data["phone_code"], purpose=PURPOSE, at=at)
        with transaction.atomic():
            return accounts.register(data["phone"], name=data["name"], password=data["password"], at=at)
    except phone_codes.UnableToVerify as refusal:
        form.add_error("phone_code", str(refusal))
    except accounts.UnableToRegister as refusal:
        form.add_error("phone", str(refusal))
    return None


@require_safe
def summary(request: HttpRequest) -> HttpResponse:
    """The person's own page: latest orders, and the consoles that are theirs."""
    user = request.user
    consoles = [
        (reverse(name), words, icon)
        for policy, name, words, icon in (
            (access.SELLER, "selling:index", _("My shop"), "shop"),
            (access.OPERATOR, "counter:index", _("My counter"), "upc-scan"),
            (access.MOVER, "network:index", _("My hub and rounds"), "truck"),
            (access.STAFF, "statistics:index", _("Sales statistics"), "bar-chart"),
            (access.PLATFORM, "dashboard:index", _("Platform"), "sliders"),
        )
        if policy.admits(user)
    ]
    orders = Order.objects.visible_to(user).select_related("pickup_point").order_by("-date_placed", "-pk")[:3]
    return render(request, "storefront/summary.html", {"consoles": consoles, "orders": orders})


@require_safe
def demo_messages(request: HttpRequest) -> HttpResponse:
    """The text messages of the demonstration, newest first, as the phones would show them."""
    found = as_phones_show()[:MESSAGES_SHOWN]
    return render(request, "storefront/demo_messages.html", {"found": found})
