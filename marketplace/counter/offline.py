"""The counter as a page kept on the phone: its shell, service worker and manifest; nobody's data is in them."""

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from logistics.states import IN_HAND
from marketplace.counter import offline_words
from marketplace.counter.states import Reason, What

HOURS = (24, 48, 72)
MODULES = "marketplace/js/offline"
ICON_SIZES = (192, 512)
FILES = (
    *(f"marketplace/css/{name}.css" for name in ("tokens", "base", "components", "console", "operator", "counter")),
    "marketplace/js/page.js",
    "marketplace/js/scan.js",
    *(
        f"{MODULES}/{name}.js"
        for name in (
            "api",
            "app",
            "digits",
            "finding",
            "handing",
            "lease",
            "outbox",
            "proof",
            "shown",
            "state",
            "store",
            "vault",
            "views",
            "words",
        )
    ),
    "npm/noble-ed25519/index.js",
    "npm/jsqr/jsQR.js",
    "marketplace/svg/mark.svg",
)


@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    """The page that works without network; it is the same for everybody and may be kept.

    ``?language=`` asks for it in another language than the cookie says: the service worker keeps it in all of them.
    """
    language = request.GET.get("language", "")
    if language in dict(settings.LANGUAGES):
        with translation.override(language):
            return render(request, "counter/offline.html", _context())
    return render(request, "counter/offline.html", _context())


def _context() -> dict:
    return {
        "hours": HOURS,
        "payments": [(each.value, each.label) for each in IN_HAND],  # a QR is paid with network only
        "reasons": Reason.choices,
        "what": {each.value: each.label for each in What},
        "words": offline_words.words(),
        "language_cookie": settings.LANGUAGE_COOKIE_NAME,
    }


@never_cache
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of the counter: a new one whenever anything that it keeps has changed."""
    home = reverse("counter:offline")
    pages = [home, *(f"{home}?language={code}" for code, _name in settings.LANGUAGES)]
    said = {"version": _version(), "home": home, "pages": pages, "files": [static(name) for name in FILES]}
    script = render_to_string("counter/sw.js", {"said": json.dumps(said)})
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


def _version() -> str:
    """Return a hash of all that the service worker keeps."""
    total = hashlib.sha256()
    for name in FILES:
        total.update(f"{static(name)}\0".encode() + Path(finders.find(name)).read_bytes())
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            total.update(render_to_string("counter/offline.html", _context()).encode())
    return total.hexdigest()[:16]


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put the counter on its home screen."""
    icons = [
        {
            "src": static(f"marketplace/img/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": "any",
        }
        for size in ICON_SIZES
    ]
    maskable = {"src": static("marketplace/img/icon-maskable-512.png"), "sizes": "512x512", "type": "image/png"}
    said = {
        "id": reverse("counter:index"),
        "name": _("Xiangpin counter"),
        "short_name": _("Xiangpin counter"),
        "lang": translation.get_language(),
        "start_url": reverse("counter:offline"),
        "scope": reverse("counter:index"),
        "display": "standalone",
        "background_color": "#f6f1e7",
        "theme_color": "#1f4542",
        "icons": [*icons, maskable | {"purpose": "maskable"}],
    }
    return JsonResponse(said, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})
