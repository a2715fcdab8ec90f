"""What sellers and buyers store is text to everybody: no script, no style and no request of theirs ever runs."""

import datetime as dt
from html.parser import HTMLParser

import pytest
from django.urls import reverse
from django.utils.safestring import mark_safe
from playwright.sync_api import Browser, BrowserContext, Page

from catalogue.services import richtext
from core import clock
from marketplace.context import CHOSEN_POINT
from tests.factories.shop import MONDAY
from tests.functional.access import stored
from tests.functional.access.stored import DESCRIPTION, NAME, PACK, RUN, TITLE
from tests.functional.access.world import ROLES
from tests.functional.browsing import Watch
from villages.models import PickupPoint

pytestmark = pytest.mark.django_db
RESOURCES = {"src", "srcset", "href", "action", "formaction", "poster", "data", "xlink:href", "background"}
SHOW_THE_TITLE = {
    "anonymous": {"home", "catalogue:index", "catalogue:category", "catalogue:detail", "pavilions:hall"},
    "buyer A": {"customer:order", "basket:summary", "checkout:index"},
    "seller A": {"selling:index", "selling:consignment", "selling:consignments", "selling:listing-edit"},
    "operator P": {"counter:order", "counter:receipt", "counter:receive-parcel", "counter:waiting"},
    "platform staff": {"dashboard:listings", "dashboard:order"},
}


@pytest.fixture
def world(settings, monkeypatch):
    # One phone places all the world's orders.
    settings.MAX_UNPAID_ORDERS_PER_PHONE = 100
    monkeypatch.setattr(clock, "now", lambda: MONDAY + dt.timedelta(days=2))
    return stored.build()


def visitor(world, role: str):
    """A client with something in the basket and a point chosen, so that no page is empty."""
    client = stored.client_of(world, role)
    product, _owner = world.objects["public:listing"]
    client.post(reverse("basket:add", args=[product]), {"quantity": 1})
    session = client.session
    session[CHOSEN_POINT] = PickupPoint.objects.order_by("pk").last().pk
    session.save()
    return client


class Markup(HTMLParser):
    """Reads a page as a browser does, and notes what the policy would have to refuse."""

    def __init__(self, html: str):
        super().__init__()
        self.complaints: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        is_data = names.get("type") == "application/json"  # a browser runs none of it
        if tag in ("style", "iframe", "object", "embed", "base") or (
            tag == "script" and not names.get("src") and not is_data
        ):
            self.complaints.append(f"<{tag}>")
        for name, value in attributes:
            address = (value or "").strip().lower()
            if name == "style" or name.startswith("on"):
                self.complaints.append(f"<{tag} {name}>")
            elif name in RESOURCES and address.startswith(("http:", "https:", "//", "javascript:", "data:")):
                self.complaints.append(f"<{tag} {name}={value}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("role", ROLES)
def test_a_stored_payload_is_text_on_every_page(role, world):
    client = visitor(world, role)
    shown, seen = set(), 0

    for name, url in stored.pages_of(world, role):
        response = client.get(url)
        if response.status_code == 302:
            continue
        assert response.status_code == 200, url
        page = Markup(response.content.decode())
        assert page.complaints == [], url
        text = "".join(page.text)
        assert "{{49}}" not in text
        if TITLE in text:
            shown.add(name)
        seen += 1

    assert seen >= 10
    assert SHOW_THE_TITLE.get(role, set()) - shown == set()


@pytest.mark.parametrize("role", ROLES)
def test_the_policy_comes_with_every_page_and_lets_nothing_inline_run(role, world):
    client = visitor(world, role)
    urls = [url for _name, url in stored.pages_of(world, role)]

    for url in [*urls, "/nothing-is-here/"]:
        policy = client.get(url).headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy, url
        assert "object-src 'none'" in policy, url
        assert "unsafe" not in policy, url
        assert "http" not in policy, url
        assert "*" not in policy, url


def test_the_reader_of_markup_finds_each_payload():
    """Without this the pages above could be clean because nothing is looked for."""
    for payload, complaint in (
        (TITLE, "<script>"),
        (f'<a title="{TITLE}">', "<svg onload>"),
        (f'<a title="{PACK}">', "<img onerror>"),
        (NAME, f"<img src={stored.ELSEWHERE}/x>"),
        (DESCRIPTION, f"<a href=javascript:{RUN}>"),
        (DESCRIPTION, "<b style>"),
        (DESCRIPTION, "<iframe>"),
    ):
        assert complaint in Markup(payload).complaints


# In a browser


@pytest.fixture
def browse(browser: Browser, live_server):
    """Open a browser that is signed in as a test client is, and what it complains of."""
    contexts: list[BrowserContext] = []

    def make(client) -> tuple[Page, Watch]:
        context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 740})
        contexts.append(context)
        context.set_default_timeout(10_000)
        watch = Watch(context, host=live_server.url)
        context.add_cookies(stored.cookies(client, live_server.url))
        return context.new_page(), watch

    yield make
    for context in contexts:
        context.close()


def ran(page: Page) -> bool:
    return page.evaluate("'ran' in window")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_no_role_runs_a_stored_payload_in_a_browser(world, browse, live_server):
    opened, shown = 0, set()

    for role in ROLES:
        page, watch = browse(visitor(world, role))
        for name, url in stored.pages_of(world, role):
            page.goto(live_server.url + url)
            assert not ran(page), f"{role} {url}"
            opened += 1
            if TITLE in page.locator("main").inner_text():
                shown.add(name)
        page.context.close()
        assert watch.complaints == [], role

    assert opened > 150
    assert {"catalogue:detail", "customer:order", "selling:index", "counter:order", "dashboard:listings"} <= shown


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_policy_stops_what_a_page_forgot_to_clean(world, browse, live_server, monkeypatch, settings):
    """The control: a page that trusts the description, behind the policy and without it."""
    monkeypatch.setattr(richtext, "render", mark_safe)
    product, slug = world.objects["public:listing"][0], world.objects["public:listing slug"][0]
    url = live_server.url + reverse("catalogue:detail", args=[slug, product])

    page, watch = browse(visitor(world, "buyer B"))
    page.goto(url)
    assert not ran(page)
    assert any("Content Security Policy" in complaint for complaint in watch.complaints)

    settings.CONTENT_SECURITY_POLICY = {"EXCLUDE_URL_PREFIXES": ["/"]}
    page.goto(url)
    assert ran(page)
