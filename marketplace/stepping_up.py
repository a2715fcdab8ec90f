"""Step-up: pages that open only a short while after the second factor was given in the same session."""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core import clock

KEY = "stepped_up"
OPENS = dt.timedelta(minutes=15)
SENDS = dt.timedelta(minutes=60)  # a form that was opened in time may be sent, so that nothing typed is lost


def mark(request: HttpRequest) -> None:
    """Note that the second factor was given just now; the session gets a new key."""
    request.session.cycle_key()
    request.session[KEY] = {"user": request.user.pk, "at": clock.now().isoformat()}


def is_fresh(request: HttpRequest, *, within: dt.timedelta = OPENS) -> bool:
    """Tell whether this person gave the second factor in this session a short while ago."""
    noted = request.session.get(KEY)
    if not noted or noted["user"] != request.user.pk:
        return False
    return dt.timedelta(0) <= clock.now() - dt.datetime.fromisoformat(noted["at"]) <= within


def address(then: str) -> str:
    """Return where the second factor is given, which leads on to ``then``."""
    return f"{reverse('customer:step-up')}?{urlencode({'next': then})}"


def asked(request: HttpRequest) -> HttpResponse | None:
    """Return the way to the second factor where it is needed, else None; for views that first say what is a 404."""
    sends = request.method not in {"GET", "HEAD"}
    return None if is_fresh(request, within=SENDS if sends else OPENS) else redirect(address(request.get_full_path()))


def required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open a view only after a step-up: others are led to give the second factor and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return asked(request) or view(request, *args, **kwargs)

    return guarded
