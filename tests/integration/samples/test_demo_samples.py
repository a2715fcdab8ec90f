import datetime as dt

import pytest

from marketplace.samples import demo
from marketplace.samples.models import Sample
from tests.factories import counter as counters
from tests.factories import shop

AT = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def test_the_demo_operators_shop_shows_samples_once():
    counter = counters.counter()
    for title in ("古丈毛尖", "安化黑茶", "石门柑橘"):
        shop.listing(counter.shop.seller, title=title)

    first, again = demo.display(counter.operator, at=AT), demo.display(counter.operator, at=AT)

    shown = Sample.objects.to_be_seen().filter(point=counter.point)
    assert (first, again) == (shown.count(), 0)
    assert {"古丈毛尖", "安化黑茶", "石门柑橘"} <= set(shown.values_list("product__title", flat=True))
