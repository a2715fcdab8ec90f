"""Who may open which URL: the policies, and the middleware that holds them before any view runs.

The table of URLs stands in ``config/policies.py``. A policy says which kind of person may come in at all; which objects
that person sees is the querysets' business (``visible_to``). Whoever is not let in gets the sign-in page when nobody is
signed in (a script that asks for JSON: a 401), and a 404 otherwise: that a page or an object exists is not told.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from core import clock
from logistics.models import Departure, HubWorker, Planner, Round
from marketplace.partner.models import Partner
from marketplace.users.models import StaffAssignment
from villages.models import Operator
from villages.states import OperatorRole


@dataclass(frozen=True)
class Policy:
    """A kind of person: a name for the tests and a question about a signed-in user."""

    name: str
    admits: Callable[[object], bool]
    anonymous: bool = False


def _sells(user) -> bool:
    return Partner.objects.filter(users=user).exists()


def _operates(user) -> bool:
    return Operator.objects.filter(user=user, until=None).exists()


def _owns_point(user) -> bool:
    return Operator.objects.filter(user=user, until=None, role=OperatorRole.OWNER).exists()


def _moves(user) -> bool:
    return _works_at_hub(user) or _drives(user)


def _drives(user) -> bool:
    """A round now or later, or single departures; what set out yesterday may still be on its way."""
    today = clock.today()
    if Round.objects.that_run().valid_after(today).filter(driver=user).exists():
        return True
    return Departure.objects.filter(driver=user, day__gte=today - dt.timedelta(days=1)).exists()


def _works_at_hub(user) -> bool:
    return HubWorker.objects.filter(user=user, until=None).exists()


def _plans(user) -> bool:
    return Planner.objects.now().filter(user=user).exists()


def divisions_of(user) -> list[str]:
    """Return the codes of the divisions that a person governs, the highest first; asked once for each user object."""
    if not hasattr(user, "_governed_divisions"):
        rows = StaffAssignment.objects.filter(user=user, until=None).order_by("division_id")
        user._governed_divisions = list(rows.values_list("division_id", flat=True))
    return user._governed_divisions


def _governs(user) -> bool:
    return bool(divisions_of(user))


PUBLIC = Policy("public", lambda user: True, anonymous=True)
DEMONSTRATION = Policy("demonstration", lambda user: settings.DEMO_MESSAGES_PAGE, anonymous=True)
SIGNED_IN = Policy("signed in", lambda user: True)
SELLER = Policy("seller", _sells)
OPERATOR = Policy("operator", _operates)
OWNER = Policy("owner of a point", _owns_point)
MOVER = Policy("hub worker or driver", _moves)
STAFF = Policy("staff of a division", _governs)
PLANNER = Policy("planner", _plans)
DISPATCHING = Policy("hub worker or planner", lambda user: _works_at_hub(user) or _plans(user))
PLANNING = Policy("planner or staff of a division", lambda user: _plans(user) or _governs(user))
WATCHING = Policy(
    "hub worker, planner or staff of a division",
    lambda user: _plans(user) or _governs(user) or _works_at_hub(user),
)
NETWORK = Policy("anybody with work in the network", lambda user: _moves(user) or _plans(user) or _governs(user))
PLATFORM = Policy("platform staff", lambda user: user.is_staff)


@dataclass(frozen=True)
class Rule:
    """What is declared of one URL.

    :param policy: who may come in.
    :param owned: for each keyword of the path that names somebody's object, the kind of object: the generated tests
        put another tenant's object there and expect a 404. Keywords that name public things are ``public:…``.
    :param methods: the methods that the view takes.
    """

    policy: Policy
    owned: dict[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ("GET",)


class PolicyMiddleware:
    """Let a request pass to its view only by its URL's rule; a URL without one is a 404."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.rules: dict[str, Rule] = import_string(settings.URL_POLICIES)

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        rule = self.rules.get(request.resolver_match.view_name)
        if rule is None:
            raise Http404("no policy is declared for this URL")
        user = request.user
        if not user.is_authenticated:
            if not rule.policy.anonymous:
                if request.headers.get("Accept") == "application/json":  # a script cannot sign in
                    return JsonResponse({"error": "signed-out"}, status=401)
                return redirect_to_login(_back_to(request, rule))
            if rule.policy is DEMONSTRATION and not rule.policy.admits(user):
                raise Http404("not part of this deployment")
            return None
        if not rule.policy.admits(user):
            raise Http404("not for this person")
        return None


def _back_to(request: HttpRequest, rule: Rule) -> str:
    """Return where a person goes on after signing in: what only takes forms is gone back from, to where it was sent."""
    if "GET" in rule.methods:
        return request.get_full_path()
    sent_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(sent_from, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    return urlsplit(sent_from)._replace(scheme="", netloc="", fragment="").geturl()
