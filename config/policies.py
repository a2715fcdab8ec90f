"""Who may open which URL: one row for every URL of the site, Oscar's included.

``manage.py check_policies`` (part of ``bin/check``) fails on a URL without a row and on a row without a URL; tests in
``tests/functional/access`` are generated from the rows.
"""

from collections import Counter

from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.access import (
    DEMONSTRATION,
    DISPATCHING,
    MOVER,
    NETWORK,
    OPERATOR,
    OWNER,
    PLANNER,
    PLANNING,
    PLATFORM,
    PUBLIC,
    SELLER,
    SIGNED_IN,
    STAFF,
    WATCHING,
    Rule,
)

READ_WRITE = ("GET", "POST")
WRITE = ("POST",)

RULES: dict[str, Rule] = {
    "set_language": Rule(PUBLIC, methods=WRITE),
    "media": Rule(PUBLIC, {"path": "public:picture"}),
    "health": Rule(PUBLIC),
    # the storefront
    "home": Rule(PUBLIC),
    "evidence:unbound": Rule(PUBLIC, {"token": "photo token"}),
    "look": Rule(PUBLIC),
    "catalogue:index": Rule(PUBLIC),
    "catalogue:category": Rule(PUBLIC, {"category_slug": "public:category slug", "pk": "public:category"}),
    "catalogue:detail": Rule(PUBLIC, {"product_slug": "public:listing slug", "pk": "public:listing"}),
    "catalogue:samples": Rule(PUBLIC, {"pk": "public:listing"}),
    "sample": Rule(PUBLIC, {"token": "public:sample link"}),
    "pavilions:index": Rule(PUBLIC),
    "pavilions:hall": Rule(PUBLIC, {"code": "public:prefecture"}),
    "search:search": Rule(PUBLIC),
    "basket:summary": Rule(PUBLIC),
    "basket:add": Rule(PUBLIC, {"pk": "public:listing"}, WRITE),
    "basket:change": Rule(PUBLIC, methods=WRITE),
    "checkout:index": Rule(PUBLIC, methods=READ_WRITE),
    "checkout:choose-point": Rule(PUBLIC, methods=READ_WRITE),
    # the buyer's own
    "customer:login": Rule(PUBLIC, methods=READ_WRITE),
    "customer:logout": Rule(PUBLIC, methods=WRITE),
    "customer:register": Rule(PUBLIC, methods=READ_WRITE),
    "customer:summary": Rule(SIGNED_IN),
    "customer:step-up": Rule(SIGNED_IN, methods=READ_WRITE),
    "customer:order-list": Rule(PUBLIC),
    "customer:order": Rule(PUBLIC, {"number": "order"}),
    "customer:order-cancel": Rule(PUBLIC, {"number": "order"}, WRITE),
    "customer:order-code": Rule(PUBLIC, {"number": "order"}, WRITE),
    "customer:order-extend": Rule(PUBLIC, {"number": "order"}, WRITE),
    "customer:order-point": Rule(PUBLIC, {"number": "order"}, READ_WRITE),
    "customer:claim-add": Rule(PUBLIC, {"line": "buyer's line"}, READ_WRITE),
    "customer:claim": Rule(PUBLIC, {"number": "buyer's claim"}, READ_WRITE),
    "customer:claim-photo": Rule(PUBLIC, {"number": "buyer's claim", "photo": "photo of a buyer's claim"}),
    "customer:anon-order": Rule(PUBLIC, {"token": "order link"}),
    "demo-messages": Rule(DEMONSTRATION),
    "demo-pay": Rule(DEMONSTRATION, {"reference": "public:rehearsed payment"}, READ_WRITE),
    # signed by the payment provider, else a 400
    "stripe-webhook": Rule(PUBLIC, methods=WRITE),
    # the platform's console, in place of Oscar's dashboard
    "dashboard:index": Rule(PLATFORM),
    "dashboard:orders": Rule(PLATFORM),
    "dashboard:order": Rule(PLATFORM, {"number": "public:order of anybody"}),
    "dashboard:claims": Rule(PLATFORM),
    "dashboard:claim": Rule(PLATFORM, {"number": "public:claim"}, READ_WRITE),
    "dashboard:claim-photo": Rule(PLATFORM, {"number": "public:claim", "photo": "public:photo of a claim"}),
    "dashboard:listings": Rule(PLATFORM),
    "dashboard:listing-move": Rule(PLATFORM, {"pk": "public:listing"}, WRITE),
    "dashboard:freight": Rule(PLATFORM),
    "dashboard:freight-add": Rule(PLATFORM, methods=READ_WRITE),
    "dashboard:freight-offer": Rule(PLATFORM, methods=WRITE),
    "dashboard:freight-end": Rule(PLATFORM, methods=WRITE),
    "dashboard:payments": Rule(PLATFORM),
    "dashboard:payment-again": Rule(PLATFORM, {"pk": "public:refund"}, WRITE),
    "dashboard:returns-lost": Rule(PLATFORM),
    "dashboard:dead-letters": Rule(PLATFORM),
    "dashboard:replay-all": Rule(PLATFORM, methods=WRITE),
    "dashboard:replay": Rule(PLATFORM, {"pk": "public:dead letter"}, WRITE),
    # the province's console; the division is asked for by ?place=
    "statistics:index": Rule(STAFF),
    "statistics:export": Rule(STAFF),
    # becoming a pickup point: the applicant's pages, then the review by staff of the place's divisions
    "applying:explained": Rule(PUBLIC),
    "applying:begin": Rule(SIGNED_IN, methods=WRITE),
    "applying:application": Rule(SIGNED_IN, {"pk": "own application"}, READ_WRITE),
    "applying:where": Rule(SIGNED_IN, {"pk": "own draft"}),
    "applying:paper": Rule(SIGNED_IN, {"pk": "own application", "photo": "photo of a paper"}),
    "applying:reviews": Rule(STAFF),
    "applying:review": Rule(STAFF, {"pk": "county's application"}, READ_WRITE),
    "applying:review-paper": Rule(STAFF, {"pk": "county's application", "photo": "photo of a county's paper"}),
    "applying:points": Rule(STAFF),
    "applying:point": Rule(STAFF, {"pk": "county's point"}, READ_WRITE),
    # the seller's console
    "selling:index": Rule(SELLER),
    "selling:consignments": Rule(SELLER),
    "selling:consignment": Rule(SELLER, {"number": "seller's consignment"}, READ_WRITE),
    "selling:labels": Rule(SELLER, {"number": "seller's consignment"}),
    "selling:labels-pdf": Rule(SELLER, {"number": "seller's consignment"}),
    "selling:claims": Rule(SELLER),
    "selling:claim": Rule(SELLER, {"number": "seller's claim"}, READ_WRITE),
    "selling:claim-photo": Rule(SELLER, {"number": "seller's claim", "photo": "photo of a seller's claim"}),
    "selling:returns": Rule(SELLER),
    "selling:return": Rule(SELLER, {"number": "seller's return"}, READ_WRITE),
    "selling:stop": Rule(SELLER, methods=READ_WRITE),
    "selling:free-delivery": Rule(SELLER, methods=READ_WRITE),
    "selling:listing-add": Rule(SELLER, methods=READ_WRITE),
    "selling:listing-edit": Rule(SELLER, {"pk": "seller's listing"}, READ_WRITE),
    "selling:listing-move": Rule(SELLER, {"pk": "seller's listing"}, WRITE),
    # the operator's console
    "counter:index": Rule(OPERATOR),
    "counter:choose-point": Rule(OPERATOR, methods=WRITE),
    "counter:receive": Rule(OPERATOR, methods=READ_WRITE),
    "counter:receive-parcel": Rule(OPERATOR, {"number": "point's parcel"}, READ_WRITE),
    "counter:arrival-slips": Rule(OPERATOR, {"pk": "point's arrival"}),
    "counter:parcel-slip": Rule(OPERATOR, {"number": "point's parcel"}),
    "counter:shelves": Rule(OPERATOR),
    "counter:drops": Rule(OPERATOR, methods=READ_WRITE),
    "counter:returns": Rule(OPERATOR, methods=READ_WRITE),
    "counter:return": Rule(OPERATOR, {"number": "point's return"}, READ_WRITE),
    "counter:return-label": Rule(OPERATOR, {"number": "point's return"}),
    "counter:return-photo": Rule(OPERATOR, {"number": "point's return", "photo": "photo of a return"}),
    "counter:claim": Rule(OPERATOR, {"number": "point's claim"}, READ_WRITE),
    "counter:waiting": Rule(OPERATOR),
    "counter:find": Rule(OPERATOR, methods=READ_WRITE),
    "counter:order": Rule(OPERATOR, {"number": "point's order"}, READ_WRITE),
    "counter:payment": Rule(OPERATOR, {"number": "point's order"}),
    "counter:receipt": Rule(OPERATOR, {"pk": "point's collection"}, READ_WRITE),
    "counter:arrival": Rule(OPERATOR, {"pk": "point's arrival"}, READ_WRITE),
    "counter:damage": Rule(OPERATOR, {"number": "point's parcel", "photo": "photo of a parcel"}),
    "counter:photo": Rule(OPERATOR, {"pk": "point's collection", "photo": "photo of a collection"}),
    "counter:shop": Rule(OWNER, methods=READ_WRITE),
    "counter:day-off": Rule(OWNER, {"pk": "point's days off"}, WRITE),
    "counter:shop-close": Rule(OWNER, methods=READ_WRITE),
    "counter:proxy": Rule(OPERATOR, methods=READ_WRITE),
    "counter:proxy-order": Rule(OPERATOR, {"number": "point's proxy order"}, READ_WRITE),
    "counter:samples": Rule(OPERATOR, methods=READ_WRITE),
    "counter:sample": Rule(OPERATOR, {"pk": "point's sample"}, READ_WRITE),
    "counter:earnings": Rule(OPERATOR),
    "counter:cash": Rule(OPERATOR, methods=READ_WRITE),
    "counter:cash-sign": Rule(OPERATOR, {"pk": "point's cash-up"}, WRITE),
    # a new phone shows its request to be paired to nobody but its own screen
    "counter:pair": Rule(PUBLIC, methods=READ_WRITE),
    "counter:pair-state": Rule(PUBLIC),
    "counter:join": Rule(PUBLIC, {"token": "invitation link"}, READ_WRITE),
    "counter:operators": Rule(OWNER, methods=READ_WRITE),
    "counter:invitation": Rule(OWNER, {"pk": "point's invitation"}, READ_WRITE),
    "counter:operator": Rule(OWNER, {"pk": "point's operator"}, READ_WRITE),
    "counter:devices": Rule(OWNER, methods=READ_WRITE),
    "counter:device-pair": Rule(OWNER, methods=READ_WRITE),
    "counter:device": Rule(OWNER, {"pk": "point's device"}, WRITE),
    # the page that works without network, and what the browser asks for to keep it: nobody's data is in any of them
    "counter:offline": Rule(OPERATOR),
    "counter:worker": Rule(PUBLIC),
    "counter:manifest": Rule(PUBLIC),
    # of the device that holds its point's offline lease; what they answer is JSON
    "counter:offline-lease": Rule(OPERATOR, methods=READ_WRITE),
    "counter:offline-lease-end": Rule(OPERATOR, methods=WRITE),
    "counter:offline-sync": Rule(OPERATOR, methods=WRITE),
    "counter:offline-leases": Rule(OPERATOR),
    "counter:offline-take-over": Rule(OPERATOR, methods=READ_WRITE),
    "counter:offline-exceptions": Rule(OPERATOR),
    "counter:offline-exception": Rule(OWNER, {"pk": "point's upload"}, READ_WRITE),
    # the console of hub workers and drivers; planners and staff are led from its first page to theirs
    "network:index": Rule(NETWORK),
    "network:api-scans": Rule(MOVER, methods=WRITE),
    "network:api-temperatures": Rule(MOVER, methods=WRITE),
    "network:departure": Rule(MOVER, {"pk": "hub's departure"}, READ_WRITE),
    "network:run": Rule(MOVER, {"pk": "hub's departure"}, WRITE),
    "network:driver": Rule(DISPATCHING, {"pk": "hub's departure of a round"}, READ_WRITE),
    "network:manifest": Rule(MOVER, {"pk": "hub's departure"}),
    "network:manifest-pdf": Rule(MOVER, {"pk": "hub's departure"}),
    # the boards: a hub worker's own hubs, planners' and staff's division; asked for by ?place=
    "network:board": Rule(WATCHING),
    "network:board-late": Rule(WATCHING),
    "network:board-stuck": Rule(WATCHING),
    "network:board-fill": Rule(WATCHING),
    "network:board-lanes": Rule(WATCHING),
    "network:board-kept": Rule(PLANNING),
    # the planner's console; everybody in it sees the whole network, what is changed is the own division's
    "network:planning-map": Rule(PLANNING),
    "network:planning-lanes": Rule(PLANNING),
    "network:planning-rounds": Rule(PLANNING),
    "network:planning-line": Rule(PLANNING, {"code": "public:timetable"}),
    "network:planning-calendar": Rule(PLANNING, methods=READ_WRITE),
    "network:planning-lane-add": Rule(PLANNER, methods=READ_WRITE),
    "network:planning-round-add": Rule(PLANNER, {"hub": "planner's hub"}, READ_WRITE),
    "network:planning-change": Rule(PLANNER, {"code": "planner's timetable"}, READ_WRITE),
    "network:planning-end": Rule(PLANNER, {"code": "planner's timetable"}, WRITE),
    "network:planning-hub": Rule(PLANNER, {"code": "planner's hub"}, READ_WRITE),
    "network:planning-hub-add": Rule(PLANNER, methods=READ_WRITE),
    "network:planning-hub-end": Rule(PLANNER, {"code": "planner's hub"}, WRITE),
    "network:planning-hub-keep": Rule(PLANNER, {"code": "planner's hub"}, WRITE),
    "network:planning-transfer": Rule(PLANNER, {"code": "planner's hub"}, WRITE),
    "network:planning-transfer-withdraw": Rule(PLANNER, {"code": "planner's hub", "pk": "planner's transfer"}, WRITE),
    "network:planning-sheets": Rule(PLANNER, methods=READ_WRITE),
    "network:planning-export": Rule(PLANNER, {"name": "public:export"}),
    "network:planning-import": Rule(PLANNER, {"pk": "planner's import"}, READ_WRITE),
    "network:planning-import-file": Rule(PLANNER, {"pk": "planner's import"}),
    "network:planning-lift": Rule(PLANNER, {"pk": "planner's days"}, WRITE),
}


def names(patterns=None, namespace: str = "") -> list[str]:
    """Return the name of every URL that the resolver knows, with its namespaces; a nameless one as ``path`` in <>."""
    found = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            found += names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            found.append(f"{namespace}{pattern.name}" if pattern.name else f"<{namespace}{pattern.pattern}>")
    return found


def undeclared() -> list[str]:
    """Return the URLs without a rule."""
    return sorted(set(names()) - RULES.keys())


def doubled() -> list[str]:
    """Return the names that several URLs bear: the rule of one would let in to the others."""
    return sorted(name for name, count in Counter(names()).items() if count > 1)


def stale() -> list[str]:
    """Return the rules without a URL."""
    return sorted(RULES.keys() - set(names()))
