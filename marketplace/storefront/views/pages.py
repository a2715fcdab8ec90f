"""Looking: home, all goods, a category, a listing, search, the halls."""

import datetime as dt

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue import category_names, search
from catalogue.models import Category, Product
from catalogue.search import SearchUnavailable
from catalogue.services import richtext
from core import clock
from logistics.freight import FreightRequest, freights
from marketplace.context import chosen_point
from marketplace.samples import queries as samples
from marketplace.storefront import queries, seasons
from marketplace.storefront.services import baskets
from villages import codes, maps
from villages.models import PickupPoint
from villages.names import said_short

PAGE_SIZE = 24
SAMPLES_SHOWN = 3
SHELF_SIZE = 5
SORTS = {
    "new": ("-listed_at", "pk"),
    "price": ("stockrecords__price", "pk"),
    "-price": ("-stockrecords__price", "pk"),
}


class CountedPaginator(Paginator):
    """A paginator that is told how many rows there are, since the facets have counted them already."""

    def __init__(self, rows, per_page: int, *, total: int):
        super().__init__(rows, per_page)
        self.count = total


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What is in season, the halls, and how pickup works."""
    at, point = clock.now(), chosen_point(request)
    month = clock.day_of(at).month
    season = queries.on_sale().filter(queries.in_season(month)).order_by("-priority", "pk")
    found = queries.with_promises(queries.cards(season[: SHELF_SIZE * 2 + 4]), point=point, at=at)
    found.sort(key=lambda card: card.left <= 0)  # what cannot be ordered stands last, and never at the head
    term, began = seasons.term_on(clock.day_of(at))
    halls = queries.halls()
    context = {
        "hero": found[0] if found else None,
        "shelf": found[1 : SHELF_SIZE + 1],
        "more": found[SHELF_SIZE + 1 : SHELF_SIZE + 5],
        "strip": found[SHELF_SIZE + 5 : SHELF_SIZE + 9],
        "term": term,
        "term_began": began,
        "month": month,
        "halls": halls,
        "total": sum(hall.count for hall in halls),
        "map_shapes": maps.prefectures(),
        "view_box": maps.VIEW_BOX,
    }
    return render(request, "storefront/home.html", context)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All goods, by category, prefecture and season."""
    return _listing(request, title=_("All goods"))


@require_safe
def category(request: HttpRequest, category_slug: str, pk: int) -> HttpResponse:
    """The goods of a category; an old slug leads to the new one."""
    found = get_object_or_404(Category, pk=pk, is_public=True)
    path = "/".join(part.name for part in found.get_ancestors_and_self()) if found.depth > 1 else found.name
    return _listing(request, title=category_names.said(found.name), category=path)


@require_safe
def pavilions(request: HttpRequest) -> HttpResponse:
    """The fourteen halls of the Hunan pavilion."""
    halls = queries.halls()
    return render(
        request,
        "storefront/pavilions.html",
        {
            "halls": halls,
            "total": sum(hall.count for hall in halls),
            "map_shapes": maps.prefectures(),
            "view_box": maps.VIEW_BOX,
        },
    )


@require_safe
def hall(request: HttpRequest, code: str) -> HttpResponse:
    """The goods of one prefecture."""
    name = queries.prefecture_names().get(code)
    if name is None:
        raise Http404("no such hall")
    title = _("%(place)s pavilion") % {"place": said_short(name)}
    return _listing(request, title=title, prefecture=codes.prefix_of(code))


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """What the search engine finds; without an engine, what the titles hold."""
    text = request.GET.get("q", "").strip()[:60]
    at, point = clock.now(), chosen_point(request)
    number = _page_number(request)
    try:
        hits = search.engine().search(text, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        found, total = queries.by_ids(hits.ids), hits.total
    except SearchUnavailable:
        named = queries.on_sale().filter(title__icontains=text).order_by("pk") if text else queries.on_sale().none()
        start = (number - 1) * PAGE_SIZE
        found, total = queries.cards(named[start : start + PAGE_SIZE]), named.count()
    page = CountedPaginator(range(total), PAGE_SIZE, total=total).get_page(number)
    context = {
        "text": text,
        "cards": queries.with_promises(found, point=point, at=at),
        "page": page,
        "total": total,
        "month": clock.day_of(at).month,
    }
    return render(request, "storefront/search.html", context)


@require_safe
def detail(request: HttpRequest, product_slug: str, pk: int) -> HttpResponse:
    """A listing with its promise, origin, season and seller."""
    product = get_object_or_404(
        Product.objects.listed()
        .select_related("seller__home_division", "seller__drop_off", "origin")
        .prefetch_related("images"),
        pk=pk,
    )
    if product.slug != product_slug:
        return redirect(product, permanent=True)
    card = next(iter(queries.cards(queries.on_sale().filter(pk=pk))), None)
    if card is None:
        raise Http404("not for sale")
    at, point = clock.now(), chosen_point(request)
    more = queries.cards(queries.on_sale().filter(seller=product.seller_id).exclude(pk=pk).order_by("-priority")[:4])
    card, *more = queries.with_promises([card, *more], point=point, at=at)
    county = codes.county_of(product.origin_id) if product.origin_id else ""
    context = {
        "product": product,
        "card": card,
        "description": richtext.render(product.description),
        "image": next(iter(product.images.all()), None),
        "more": more,
        "month": clock.day_of(at).month,
        "in_season": product.in_season(clock.day_of(at).month),
        "map_shapes": maps.prefectures(),
        "view_box": maps.VIEW_BOX,
        "origin_shape": next((shape for shape in maps.counties() if shape.code == county), None),
        "prefecture_code": codes.prefecture_of(county) if county else "",
        "prefecture": queries.prefecture_names().get(codes.prefecture_of(county), "") if county else "",
        "category": product.category_path.split("/"),
        "quantity_limit": max(1, min(card.left, baskets.MAX_UNITS)),
        "seen": samples.seen_at(product.pk, near=point, limit=SAMPLES_SHOWN),
        **_refused(request, product),
        **_bringing(product, card, point, at),
    }
    return render(request, "storefront/detail.html", context)


def _refused(request: HttpRequest, product: Product) -> dict:
    """Return the number of units that was typed and cannot be put in, and why."""
    typed = request.GET.get("quantity")
    refusal = "" if typed is None else baskets.why_not(request.basket, product=product, typed=typed)
    return {"typed": typed[: baskets.TYPED], "refusal": refusal} if refusal else {}


def _bringing(product: Product, card: queries.Card, point: PickupPoint | None, at: dt.datetime) -> dict:
    """Return what bringing one piece to the chosen point costs; where it cannot come, the points near it that can."""
    if point is None or not product.seller.drop_off_id:
        return {}
    if card.reachable is False:
        return {"others": queries.nearer_points(card, point=point, at=at)}
    request = FreightRequest(
        product.seller_id,
        product.seller.drop_off.division_id,
        point.division_id,
        product.storage_class,
        1,
        card.price_fen,
    )
    return {"freight": freights([request], at=at)[0]}


def _listing(request: HttpRequest, *, title: str, category: str = "", prefecture: str = "") -> HttpResponse:
    at, point = clock.now(), chosen_point(request)
    month = clock.day_of(at).month
    category = category or request.GET.get("category", "")[:128]
    prefecture = prefecture or request.GET.get("place", "")[:4]
    season = request.GET.get("season") == "now"
    listings = queries.on_sale()
    if category:
        listings = listings.filter(category_path__range=(category, f"{category}/\U0010ffff"))
    if prefecture.isdigit():
        listings = listings.filter(origin__code__range=codes.span(prefecture.ljust(12, "0")))
    if season:
        listings = listings.filter(queries.in_season(month))
    facets = queries.facets(listings, category=category)
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else "new"
    page = CountedPaginator(listings.order_by(*SORTS[sort]), PAGE_SIZE, total=facets.total).get_page(
        _page_number(request)
    )
    context = {
        "title": title,
        "page": page,
        "cards": queries.with_promises(queries.cards(page.object_list), point=point, at=at),
        "facets": facets,
        "category": category,
        "prefecture": prefecture,
        "season": season,
        "sort": sort,
        "sorts": [("new", _("Newest first")), ("price", _("Cheapest first")), ("-price", _("Dearest first"))],
        "month": month,
        "chosen": sum((bool(category), bool(prefecture), season)),
    }
    return render(request, "storefront/listing.html", context)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, min(int(text), 500)) if text.isascii() and text.isdigit() and len(text) < 5 else 1
