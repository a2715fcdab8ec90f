"""A world in which sellers and buyers have stored what would run, were it taken for markup."""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse

from catalogue.models import Product
from config.policies import RULES
from logistics.models import Closure, Round
from marketplace.partner.models import Partner
from marketplace.users.models import User
from tests.functional.access import world as worlds
from tests.functional.access.world import World

ELSEWHERE = "https://elsewhere.example"
RUN = "window.ran=1"
TITLE = f"柑橘<script>{RUN}</script>\"><svg onload={RUN}>{{{{7*7}}}}' onfocus={RUN} autofocus x='"
PACK = f'"><img src=x onerror={RUN}>'
NAME = f"<img src={ELSEWHERE}/x onerror={RUN}>"
DESCRIPTION = (
    f'<p onclick="{RUN}">当季<a href="javascript:{RUN}">采摘</a><script>{RUN}</script>'
    f'<b style="position:fixed">{{{{7*7}}}}</b><img src="{ELSEWHERE}/y" onerror="{RUN}"><svg onload={RUN}></p>'
    f'<iframe src="{ELSEWHERE}/z"></iframe><form action="{ELSEWHERE}"><button>点</button></form>'
)

# A picture that is not there, a link that has become void, a file to keep, and what machines read.
NO_PAGES = {
    "media",
    "customer:anon-order",
    "statistics:export",
    "health",
    "counter:photo",
    "applying:paper",
    "applying:review-paper",
    "counter:damage",
    "counter:return-photo",
    "customer:claim-photo",
    "selling:claim-photo",
    "dashboard:claim-photo",
    "counter:pair-state",
    "counter:payment",
    "evidence:unbound",
    "counter:worker",
    "counter:manifest",
    "counter:offline-lease",
} | {name for name in RULES if name.endswith(("-pdf", ":planning-export", ":planning-import-file"))}


def build() -> World:
    """Build the world of the access tests with payloads in all that sellers, buyers and planners write.

    The description goes past the service that cleans it, so that what is shown was cleaned by the page.
    """
    made = worlds.build(contact_name=NAME, title=TITLE, pack=PACK, description=DESCRIPTION)
    Product.objects.update(description=DESCRIPTION)
    Partner.objects.update(name=NAME)
    Round.objects.update(name=PACK)
    Closure.objects.update(name=PACK)
    User.objects.update(first_name=NAME)
    return made


def client_of(world: World, role: str) -> Client:
    client = Client()
    if world.people[role] is not None:
        client.force_login(world.people[role], backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client


def pages_of(world: World, role: str) -> Iterator[tuple[str, str]]:
    """Yield name and address of every page that a role may open, the own objects' only."""
    person = world.people[role]
    for name, rule in sorted(RULES.items()):
        let_in = rule.policy.admits(person) if person else rule.policy.anonymous and rule.policy.admits(AnonymousUser())
        own = all(world.objects[kind][1] in ("", role) for kind in rule.owned.values())
        if "GET" not in rule.methods or name in NO_PAGES or not (let_in and own):
            continue
        yield name, reverse(name, kwargs={key: world.objects[kind][0] for key, kind in rule.owned.items()})
    yield "search:search", f"{reverse('search:search')}?{urlencode({'q': TITLE})}"
    if role == "buyer A":
        yield "customer:order", reverse("customer:order", args=[world.objects["waiting"][0]])


def cookies(client: Client, host: str) -> list[dict[str, str]]:
    """Return the session and the basket of a test client as a browser's cookies."""
    return [{"name": each.key, "value": each.value, "url": host} for each in client.cookies.values() if each.value]
