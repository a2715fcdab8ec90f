"""Questions of the storefront: cards of listings, facets, halls, promises for the chosen point."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.core.files.storage import default_storage
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr

from catalogue.models import Product, ProductImage
from core.money import to_fen
from logistics import promises
from logistics.promises import Promise, PromiseRequest, Refusal
from villages import codes, known_names
from villages import queries as villages
from villages.models import PickupPoint
from villages.names import said_short
from villages.states import Level


@dataclass(frozen=True)
class StoredPicture:
    """A picture by its stored name, as the picture tags take it."""

    name: str

    @property
    def storage(self):
        return default_storage


@dataclass(frozen=True)
class Card:
    """What a list shows of a listing; ``left`` can still be ordered, ``promised_at`` is for the chosen point.

    ``refusal`` says why it cannot be brought there, where ``reachable`` is False.
    """

    pk: int
    slug: str
    title: str
    pack: str
    origin_code: str
    origin: str
    price_fen: int
    left: int
    image: StoredPicture | None
    storage_class: str
    seller_id: int
    drop_off_id: int | None
    harvest_from_month: int | None
    harvest_to_month: int | None
    reachable: bool | None = None
    promised_at: dt.datetime | None = None
    refusal: Refusal | None = None

    @property
    def place(self) -> str:
        """The prefecture and county in short: ``常德·石门``."""
        return short_place(self.origin_code, self.origin)


FIELDS = (
    "pk",
    "slug",
    "title",
    "pack",
    "origin_id",
    "origin__name",
    "stockrecords__price",
    "storage_class",
    "seller_id",
    "seller__drop_off_id",
    "harvest_from_month",
    "harvest_to_month",
)


def cards(listings: QuerySet[Product]) -> list[Card]:
    """Return the cards of some listings in one query, in the queryset's order."""
    first_image = ProductImage.objects.filter(product=OuterRef("pk")).order_by("display_order", "pk")
    rows = listings.annotate(
        left=F("stockrecords__num_in_stock") - F("stockrecords__num_allocated"),
        image_name=Subquery(first_image.values("original")[:1]),
    ).values_list(*FIELDS, "left", "image_name")
    return [
        Card(
            pk=pk,
            slug=slug,
            title=title,
            pack=pack,
            origin_code=origin_code or "",
            origin=origin or "",
            price_fen=to_fen(price),
            left=left or 0,
            image=StoredPicture(image) if image else None,
            storage_class=storage_class,
            seller_id=seller_id,
            drop_off_id=drop_off_id,
            harvest_from_month=harvest_from,
            harvest_to_month=harvest_to,
        )
        for (
            pk, slug, title, pack, origin_code, origin, price, storage_class, seller_id, drop_off_id, harvest_from,
            harvest_to, left, image,
        ) in rows
    ]  # fmt: skip


def on_sale() -> QuerySet[Product]:
    """Return what buyers may see and has a price."""
    return Product.objects.listed().filter(stockrecords__price__isnull=False)


def with_promises(found: Sequence[Card], *, point: PickupPoint | None, at: dt.datetime) -> list[Card]:
    """Return the cards with their promise for a point; without a point, and what is sold out, stay as they are."""
    if point is None or not found:
        return list(found)
    keys = {(card.drop_off_id, card.storage_class) for card in found if card.drop_off_id and card.left > 0}
    ordered = sorted(keys)
    answers = dict(zip(ordered, promises.promises([_request(*key, point) for key in ordered], at=at), strict=True))
    kept = point.storage_classes
    nothing, nowhere = Promise(None, Refusal.NOT_KEPT), Promise(None, Refusal.NO_VEHICLE)
    return [
        replace(card, reachable=answer.refusal is None, promised_at=answer.handed_over_at, refusal=answer.refusal)
        if card.left > 0
        else card
        for card in found
        for answer in [
            answers.get((card.drop_off_id, card.storage_class), nowhere) if card.storage_class in kept else nothing
        ]
    ]


@dataclass(frozen=True)
class Other:
    """Another point, near the chosen one, to which a listing can be brought."""

    point: PickupPoint
    distance_km: float
    promised_at: dt.datetime


def nearer_points(card: Card, *, point: PickupPoint, at: dt.datetime, limit: int = 3) -> list[Other]:
    """Return the points nearest to one that a listing cannot be brought to, to which it can."""
    near = villages.points_near(
        float(point.longitude), float(point.latitude), limit=12, storage_classes=[card.storage_class]
    )
    near = [other for other in near if other.point.pk != point.pk]
    asked = [_request(card.drop_off_id, card.storage_class, other.point) for other in near]
    times = promises.times(asked, at=at)
    found = [
        Other(other.point, other.distance_km, time) for other, time in zip(near, times, strict=True) if time is not None
    ]
    return found[:limit]


def _request(stop_id: int, storage_class: str, point: PickupPoint, crates: int = 1) -> PromiseRequest:
    return PromiseRequest(origin_stop_id=stop_id, point_id=point.pk, storage_class=storage_class, crates=crates)


def in_season(month: int) -> Q:
    """Return the condition that a month lies in the harvest, spans over New Year included."""
    begun, not_over, end = Q(harvest_from_month__lte=month), Q(harvest_to_month__gte=month), F("harvest_to_month")
    straight = Q(harvest_from_month__lte=end) & begun & not_over
    over_new_year = Q(harvest_from_month__gt=end) & (begun | not_over)
    return straight | over_new_year


@dataclass(frozen=True)
class Facets:
    """How many listings each top category and each prefecture has, and how many there are in all."""

    total: int
    categories: list[tuple[str, int]]
    subcategories: list[tuple[str, int]]
    prefectures: list[tuple[str, str, int]]


def facets(listings: QuerySet[Product], *, category: str = "") -> Facets:
    """Count listings by category and prefecture in one query; ``category`` opens its own branch."""
    rows = (
        listings.order_by()
        .values("category_path", prefecture=Substr("origin_id", 1, 4))
        .annotate(count=Count("pk"))
        .values_list("category_path", "prefecture", "count")
    )
    tops, subs, places = Counter(), Counter(), Counter()
    for path, prefecture, count in rows:
        parts = path.split("/")
        tops[parts[0]] += count
        if category and parts[0] == category.split("/")[0] and len(parts) > 1:
            subs["/".join(parts[:2])] += count
        places[prefecture or ""] += count
    names = prefecture_names()
    return Facets(
        total=sum(tops.values()),
        categories=tops.most_common(),
        subcategories=subs.most_common(),
        prefectures=[
            (code, names[code.ljust(12, "0")], count)
            for code, count in sorted(places.items())
            if code.ljust(12, "0") in names
        ],
    )


@dataclass(frozen=True)
class Hall:
    """A prefecture's hall (分馆): its code, name, number of listings, and one of them by name."""

    code: str
    name: str
    count: int
    example: str


def halls() -> list[Hall]:
    """Return the fourteen halls in one query, empty ones too."""
    rows = (
        on_sale()
        .order_by()
        .values(prefecture=Substr("origin_id", 1, 4))
        .annotate(count=Count("pk"), example=Min("title"))
        .values_list("prefecture", "count", "example")
    )
    found = {(code or "").ljust(12, "0"): (count, example) for code, count, example in rows}
    return [
        Hall(code, said_short(name), *found.get(code, (0, ""))) for code, name in sorted(prefecture_names().items())
    ]


def prefecture_names() -> dict[str, str]:
    """Return the names of the prefectures by code."""
    return {code: name for code, name in known_names.names().items() if codes.level_of(code) == Level.PREFECTURE}


def short_place(code: str, name: str) -> str:
    """Return prefecture and county in short: ``常德·石门``."""
    prefecture = known_names.names().get(codes.prefecture_of(code), "") if code else ""
    county = said_short(name)
    return f"{said_short(prefecture)}·{county}" if prefecture and prefecture != name else county


def by_ids(ids: Iterable[int]) -> list[Card]:
    """Return the cards of listings on sale by primary key, in the given order."""
    ids = list(ids)
    found = {card.pk: card for card in cards(on_sale().filter(pk__in=ids))}
    return [found[pk] for pk in ids if pk in found]
