"""The demonstration's samples: what the demo operator's shops have on display."""

import datetime as dt

from catalogue.models import Product
from core.storage_class import StorageClass
from marketplace.samples.models import Sample
from marketplace.samples.services import samples
from villages.models import Operator

SHOPS, EACH = 6, 5


def display(operator, *, at: dt.datetime) -> int:
    """Put samples on display at the first of an operator's points that show none yet.

    :returns: how many samples were put up.
    """
    own = Operator.objects.filter(user=operator, until=None).select_related("point").order_by("point_id")
    points = [row.point for row in own[:SHOPS]]
    shown = set(Sample.objects.filter(point__in=points).values_list("point_id", flat=True))
    goods = list(Product.objects.listed().filter(storage_class=StorageClass.AMBIENT).order_by("upc"))
    made = 0
    for n, point in enumerate(points):
        if point.pk in shown:
            continue
        for product in goods[n * EACH : (n + 1) * EACH]:
            samples.put_up(point, product=product, by=operator, at=at)
            made += 1
    return made
