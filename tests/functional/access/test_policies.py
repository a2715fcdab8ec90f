"""Generated from the policy table: who is let in, who is not, and that nothing of another's is seen or changed."""

import pytest
from django.test import Client
from django.urls import reverse

from config import policies
from config.policies import RULES
from logistics.models import Hub
from marketplace import access
from marketplace.access import Rule
from marketplace.storefront.views.account import start_of
from tests.factories import shop
from tests.functional.access import world as worlds
from tests.functional.access.world import ROLES

pytestmark = pytest.mark.django_db

ADMITTED = {
    access.PUBLIC.name: set(ROLES),
    access.DEMONSTRATION.name: set(ROLES),
    access.SIGNED_IN.name: set(ROLES) - {"anonymous"},
    access.SELLER.name: {"seller A", "seller B"},
    access.OPERATOR.name: {"operator P", "operator Q", "owner P", "owner Q"},
    access.OWNER.name: {"owner P", "owner Q"},
    access.MOVER.name: {"hub worker", "driver"},
    access.NETWORK.name: {
        "hub worker",
        "driver",
        "planner",
        "planner elsewhere",
        "county staff",
        "prefecture staff",
        "province staff",
    },
    access.STAFF.name: {"county staff", "prefecture staff", "province staff"},
    access.DISPATCHING.name: {"hub worker", "planner", "planner elsewhere"},
    access.PLANNER.name: {"planner", "planner elsewhere"},
    access.PLANNING.name: {
        "planner",
        "planner elsewhere",
        "county staff",
        "prefecture staff",
        "province staff",
    },
    access.WATCHING.name: {
        "hub worker",
        "planner",
        "planner elsewhere",
        "county staff",
        "prefecture staff",
        "province staff",
    },
    access.PLATFORM.name: {"platform staff"},
}
OWNED = {name for name, rule in RULES.items() if any(not kind.startswith("public:") for kind in rule.owned.values())}


@pytest.fixture
def world(settings):
    # One phone places all the world's orders.
    settings.MAX_UNPAID_ORDERS_PER_PHONE = 100
    return worlds.build()


@pytest.fixture
def client_of(world):
    def make(role: str) -> Client:
        client = Client()
        if world.people[role] is not None:
            client.force_login(world.people[role], backend="marketplace.users.backends.PhoneOrEmailBackend")
        return client

    return make


def url_of(name: str, world) -> str:
    return reverse(name, kwargs={keyword: world.objects[kind][0] for keyword, kind in RULES[name].owned.items()})


def owners_of(rule: Rule, world) -> set[str]:
    """Return the roles to whom the objects in a URL's path belong; none where they are public."""
    return {role for kind in rule.owned.values() for role in world.objects[kind][1:] if role}


def request(client: Client, method: str, url: str):
    return client.get(url) if method == "GET" else client.post(url, {})


def is_refused(response) -> bool:
    """A 404, or the sign-in page for whoever is not signed in."""
    return response.status_code == 404 or (
        response.status_code == 302 and response["Location"].startswith(reverse("customer:login") + "?next=")
    )


def test_every_url_is_declared_and_no_rule_is_stale():
    assert policies.undeclared() == []
    assert policies.stale() == []
    assert policies.doubled() == []


def test_two_urls_of_one_name_are_named(monkeypatch):
    monkeypatch.setattr(policies, "names", lambda: ["home", "secret", "home"])
    assert policies.doubled() == ["home"]


def test_an_undeclared_url_is_named(monkeypatch):
    monkeypatch.delitem(RULES, "home")
    assert policies.undeclared() == ["home"]


def test_an_undeclared_url_is_a_404(client, monkeypatch):
    rules = {name: rule for name, rule in RULES.items() if name != "home"}
    monkeypatch.setattr("config.policies.RULES", rules)
    assert Client().get("/").status_code == 404


@pytest.mark.parametrize("name", sorted(RULES))
def test_only_the_admitted_get_past_the_gate(name, world, client_of):
    rule = RULES[name]
    before = worlds.snapshot()

    for role in ROLES:
        if role in ADMITTED[rule.policy.name]:
            continue
        for method in ("GET", "POST"):
            response = request(client_of(role), method, url_of(name, world))
            assert is_refused(response), f"{role} {method} {name}: {response.status_code}"
            text = response.content.decode()
            assert not [canary for canary in world.canaries["all"] if canary in text], (role, method)

    assert worlds.snapshot() == before


@pytest.mark.parametrize("name", sorted(OWNED))
def test_another_ones_object_is_a_404_and_unchanged(name, world, client_of):
    rule = RULES[name]
    owners = owners_of(rule, world)
    before = worlds.snapshot()

    for role in ROLES:
        if role in owners:
            continue
        for method in ("GET", "POST"):
            response = request(client_of(role), method, url_of(name, world))
            refused = is_refused(response) or (response.status_code == 405 and method not in rule.methods)
            assert refused, f"{role} {method} {name}: {response.status_code}"
            text = response.content.decode()
            assert not [canary for canary in world.canaries["all"] if canary in text], (role, method)

    assert worlds.snapshot() == before


READABLE = sorted(name for name, rule in RULES.items() if "GET" in rule.methods)
ON_EMBEDDED_ALONE = dict.fromkeys(("demo-messages", "demo-pay"), pytest.mark.embedded)


@pytest.mark.parametrize("name", [pytest.param(name, marks=ON_EMBEDDED_ALONE.get(name, ())) for name in READABLE])
def test_the_admitted_owner_is_let_in(name, world, client_of):
    """Without this the refusals above could come from a page that nobody can open."""
    rule = RULES[name]
    if name in ("media", "customer:anon-order", "evidence:unbound", "counter:join"):
        return
    owners = owners_of(rule, world)
    for role in sorted(owners or ADMITTED[rule.policy.name]):
        response = client_of(role).get(url_of(name, world))
        assert response.status_code in (200, 302), f"{role} {name}: {response.status_code}"
        assert not is_refused(response), f"{role} {name}"


ELSEWHERE = (
    # role, method, URL name, data: another tenant's id in a query or a body
    ("operator Q", "POST", "counter:find", lambda w: {"q": w.objects["waiting"][0]}),
    ("operator Q", "POST", "counter:find", lambda w: {"q": w.objects["point's parcel"][0]}),
    ("operator Q", "GET", "counter:find", lambda w: {"q": w.objects["point's parcel"][0]}),
    ("operator Q", "GET", "counter:find", lambda w: {"q": "0987"}),
    ("operator Q", "POST", "counter:receive", lambda w: {"number": w.objects["point's parcel"][0]}),
    ("operator Q", "GET", "counter:waiting", lambda w: {}),
    ("operator Q", "GET", "counter:index", lambda w: {}),
    ("county staff", "GET", "statistics:index", lambda w: {"place": "430723000000"}),
    ("county staff", "GET", "statistics:index", lambda w: {"place": "430700000000"}),
    *(
        (role, "GET", f"network:{name}", lambda w, place=place: {"place": place})
        for name in ("board", "board-late", "board-stuck", "board-fill", "board-lanes")
        for role, place in (
            ("county staff", "430700000000"),
            ("prefecture staff", "430000000000"),
            ("planner elsewhere", "430726000000"),
            ("hub worker", "430726000000"),
        )
    ),
    ("county staff", "GET", "statistics:export", lambda w: {"place": "430000000000"}),
    ("prefecture staff", "GET", "statistics:export", lambda w: {"place": "430100000000"}),
    ("seller B", "GET", "selling:index", lambda w: {}),
    ("seller B", "GET", "selling:consignments", lambda w: {}),
    ("buyer B", "GET", "customer:order-list", lambda w: {}),
    ("buyer B", "POST", "basket:change", lambda w: {"set": "1:0"}),
    ("buyer B", "POST", "checkout:index", lambda w: {"basket": "1"}),
    ("platform staff", "GET", "dashboard:orders", lambda w: {}),
    ("platform staff", "GET", "dashboard:dead-letters", lambda w: {}),
    ("platform staff", "GET", "dashboard:payments", lambda w: {}),
)


@pytest.mark.parametrize(("role", "method", "name", "data"), ELSEWHERE)
def test_anothers_id_in_query_or_body_tells_and_changes_nothing(role, method, name, data, world, client_of):
    before = worlds.snapshot()
    client = client_of(role)
    sent = data(world)

    response = client.get(reverse(name), sent) if method == "GET" else client.post(reverse(name), sent)

    text = response.content.decode()
    assert response.status_code < 500
    assert not [canary for canary in world.canaries["all"] if canary in text]
    if name.startswith(("statistics", "network:board")):
        assert response.status_code == 404
    after = worlds.snapshot()
    after["basket.basket"] = before["basket.basket"]  # a first visit makes an own basket
    assert after == before


@pytest.mark.parametrize("role", [role for role in ROLES if role != "buyer A"])
def test_nobody_but_the_buyer_sees_the_pickup_code(role, world, client_of):
    number = world.objects["waiting"][0]
    client = client_of(role)

    for name in sorted(RULES):
        rule = RULES[name]
        if "GET" not in rule.methods or name == "demo-messages":
            continue
        kwargs = {keyword: world.objects[kind][0] for keyword, kind in rule.owned.items()}
        kwargs |= {"number": number} if "number" in kwargs and name.endswith(":order") else {}
        text = client.get(reverse(name, kwargs=kwargs)).content.decode(errors="replace")  # some of it is PDF
        assert not [canary for canary in world.canaries["all"][1:] if canary in text], name


def test_the_buyer_sees_the_own_code(world, client_of):
    text = client_of("buyer A").get(reverse("customer:order", args=[world.objects["waiting"][0]])).content.decode()
    digits = "".join(character for character in text if character.isdigit())
    assert world.canaries["all"][2] in digits


BEGINS = {
    "buyer A": "home",
    "seller A": "selling:index",
    "operator P": "counter:index",
    "hub worker": "network:index",
    "driver": "network:index",
    "planner": "network:planning-map",
    "county staff": "statistics:index",
    "platform staff": "dashboard:index",
}


LEADS = {
    "hub worker": 200,
    "driver": 200,
    "planner": reverse("network:planning-map"),
    "planner elsewhere": reverse("network:planning-map"),
    "county staff": reverse("network:planning-map"),
    "province staff": reverse("network:planning-map"),
}


def test_the_networks_first_page_leads_everybody_to_what_is_theirs(world, client_of):
    answers = {role: client_of(role).get(reverse("network:index")) for role in LEADS}

    assert {role: answer.headers.get("Location", answer.status_code) for role, answer in answers.items()} == LEADS
    assert {client_of(role).get(url).status_code for role, url in LEADS.items() if url != 200} == {200}


def test_a_planner_who_also_works_at_a_hub_finds_both(world, client_of):
    world.people["planner"].hub_worker_of.create(hub=Hub.objects.first(), since=shop.MONDAY)

    text = client_of("planner").get(reverse("network:index")).content.decode()

    assert f'href="{reverse("network:planning-map")}"' in text


def test_everybody_begins_where_their_work_is(world, client_of):
    begins = {role: start_of(world.people[role]) for role in BEGINS}

    assert begins == {role: reverse(name) for role, name in BEGINS.items()}
    assert {client_of(role).get(url).status_code for role, url in begins.items()} == {200}
