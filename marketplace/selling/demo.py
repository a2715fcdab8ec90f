"""The demonstration's sellers and listings: a cooperative, farmer or village shop for each county with a product."""

import csv
import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from django.core.files.storage import default_storage

from catalogue import pictures
from catalogue.models import Category, Product
from core.money import to_fen
from marketplace.partner.models import Partner
from marketplace.partner.states import SellerKind
from marketplace.selling.services import listings
from marketplace.selling.services.listings import Details
from villages import queries
from villages.models import Division, PickupPoint
from villages.states import Level

PRODUCTS = Path(__file__).resolve().parent.parent.parent / "catalogue" / "data" / "hunan_products.csv"
ACTOR = "demo:listings"
# Kinds of sellers and what they are called in a county, drawn by the county's code so that each load is the same.
SELLERS = (
    (SellerKind.COOPERATIVE, "{county}{village}农产品专业合作社"),
    (SellerKind.COOPERATIVE, "{county}{village}种植专业合作社"),
    (SellerKind.VILLAGE_SHOP, "{county}{village}农家店"),
    (SellerKind.FARMER, "{county}{village}农户"),
    (SellerKind.ENTERPRISE, "{county}{village}农产品加工厂"),
    (SellerKind.HOUSEHOLD, "{county}{village}家庭农场"),
)


def rows() -> list[dict[str, str]]:
    """Return the 88 products as the file has them."""
    with PRODUCTS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load(*, at: dt.datetime, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Create the sellers and list the 88 products with stock and pictures; what is there already is left alone.

    :param progress: called with (done, total) after each product.
    :returns: how many listings were added.
    """
    products, added = rows(), 0
    there = set(Product.objects.exclude(upc=None).values_list("upc", flat=True))
    for done, row in enumerate(products, start=1):
        if row["sku"] not in there:
            seller = seller_of(row["origin_code"])
            listings.add(seller, details=_details(row), by=ACTOR, at=at)
            added += 1
        progress(done, len(products))
    return added


def seller_of(county_code: str) -> Partner:
    """Return the county's demonstration seller, created with its home village and its nearest stop if missing."""
    code = f"demo-{county_code[:6]}"
    seller = Partner.objects.filter(code=code).first()
    if seller:
        return seller
    home, stop = _home(county_code)
    # Shimen's citrus comes from a cooperative: the journey that the README tells begins there.
    kind, pattern = SELLERS[0 if county_code.startswith("430726") else _draw(county_code, len(SELLERS))]
    county = Division.objects.get(pk=county_code).name
    village = _short(home.name)
    return Partner.objects.create(
        code=code, name=pattern.format(county=county, village=village), kind=kind, home_division=home, drop_off=stop
    )


def _home(county_code: str) -> tuple[Division, PickupPoint | None]:
    """Return a rural village of the county that has a point, and that point; else any village and the nearest point."""
    points = PickupPoint.objects.open().within(county_code).select_related("division").order_by("pk")
    rural = [point for point in points if point.division.is_urban is False]
    if rural:
        point = rural[_draw(county_code, len(rural))]
        return point.division, point
    villages = Division.objects.within(county_code).filter(level=Level.VILLAGE, is_urban=False)
    home = villages.order_by("code").first() or Division.objects.get(pk=county_code)
    return home, queries.nearest_point(home.code)


def _details(row: dict[str, str]) -> Details:
    price = to_fen(Decimal(row["demo_price_cny"]))
    stored = pictures.store_composed(row["sku"], storage=default_storage)
    category = category_of(row["category"])
    months = (int(row["harvest_from_month"] or 0) or None, int(row["harvest_to_month"] or 0) or None)
    return Details(
        title=row["name"],
        category=category,
        price_fen=price,
        on_hand=200 + _draw(row["sku"], 300),
        pack=row["spec"],
        description=_description(row),
        storage_class=row["storage"].upper(),
        shelf_life_days=int(row["shelf_life_days"] or 0) or None,
        harvest_from_month=months[0],
        harvest_to_month=months[1] if months[0] else None,
        units_per_crate=4,
        origin_code=row["origin_code"],
        keywords=row["keywords"].replace(";", " "),
        upc=row["sku"],
        photo=stored,
    )


def category_of(path: str) -> Category:
    """Return the category at a path such as ``茶叶/黑茶``, with those above it, created where missing."""
    parent = None
    for name in path.split("/"):
        siblings = parent.get_children() if parent else Category.get_root_nodes()
        found = siblings.filter(name=name).first()
        parent = found or (parent.add_child(name=name) if parent else Category.add_root(name=name))
    return parent


def _description(row: dict[str, str]) -> str:
    season = ""
    if row["harvest_from_month"]:
        season = f"{row['harvest_from_month']}月到{row['harvest_to_month']}月采收。"
    keep = {"ambient": "常温保存", "chilled": "冷藏保存", "frozen": "冷冻保存"}[row["storage"]]
    life = f"，保质期{row['shelf_life_days']}天" if row["shelf_life_days"] else ""
    return (
        f"<p>产自{row['origin_name']}，{row['spec']}。{season}{keep}{life}。</p><p>价格、规格和保质期为演示数据。</p>"
    )


def _short(village: str) -> str:
    for ending in ("村民委员会", "村委会", "居民委员会", "社区居委会", "居委会"):
        village = village.removesuffix(ending)
    return village if village.endswith("村") else f"{village}村"


def _draw(text: str, size: int) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % size
