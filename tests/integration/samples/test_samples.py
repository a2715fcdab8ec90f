"""Samples: putting up and taking down, their signed links, what an order line keeps of them, where they are seen."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock, events
from core.models import Event
from logistics import signing
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.context import CHOSEN_POINT
from marketplace.order.models import Line
from marketplace.order.states import Channel
from marketplace.samples import links, queries
from marketplace.samples.models import Sample
from marketplace.samples.services import samples
from marketplace.samples.states import SampleState
from tests.factories import counter as counters
from tests.factories import shop, villages
from tests.factories.counter import Counter
from tests.factories.shop import MONDAY
from villages.models import PickupPoint
from villages.states import PointState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def counter() -> Counter:
    return counters.counter()


def put_up(counter: Counter, product=None, **changed) -> Sample:
    product = product or shop.listing(counter.shop.seller)
    return samples.put_up(changed.get("point", counter.point), product=product, by=counter.operator, at=MONDAY)


def test_a_sample_is_put_up_and_its_seller_is_told(counter):
    counter.shop.seller.users.set([shop.user("陈社长")])

    sample = put_up(counter)
    events.publish()
    reading.read_events(at=MONDAY)

    assert sample.state == SampleState.ON_DISPLAY
    told = Event.objects.get(name="sample.put_up")
    assert told.actor == f"user:{counter.operator.pk}"
    assert told.payload == {"point": counter.point.pk, "product": sample.product_id, "seller": counter.shop.seller.pk}
    assert f"{counter.point.name}摆出了{sample.product.title}的样品" in Message.objects.get(name="sample.put_up").body


def test_what_is_sold_out_is_not_put_up(counter):
    product = shop.listing(counter.shop.seller, on_hand=1)
    shop.order(counter.point, product)

    with pytest.raises(samples.UnableToPutUp, match="已售完"):
        put_up(counter, product)

    assert not Sample.objects.exists()


def test_a_point_shows_a_listing_once_and_no_more_than_it_may(counter, settings):
    settings.SAMPLES_PER_POINT = 2
    sample = put_up(counter)

    with pytest.raises(samples.UnableToPutUp, match="已在这里摆样"):
        put_up(counter, sample.product)
    put_up(counter)
    with pytest.raises(samples.UnableToPutUp, match="已有 2 件样品"):
        put_up(counter)

    assert Sample.objects.count() == 2


def test_a_point_that_is_not_open_shows_nothing_new(counter):
    PickupPoint.objects.filter(pk=counter.point.pk).update(state=PointState.SUSPENDED)

    with pytest.raises(samples.UnableToPutUp, match="营业中"):
        put_up(counter, point=PickupPoint.objects.get(pk=counter.point.pk))


def test_a_sample_is_taken_down_once_and_can_be_put_up_again(counter):
    sample = put_up(counter)

    samples.take_down(sample, by=counter.operator, at=MONDAY)
    with pytest.raises(samples.UnableToTakeDown):
        samples.take_down(sample, by=counter.operator, at=MONDAY)

    assert put_up(counter, sample.product).pk != sample.pk
    assert Event.objects.filter(name="sample.taken_down").count() == 1


def test_the_link_opens_the_listing_with_the_point_remembered_and_the_order_line_keeps_the_sample(counter):
    sample, client = put_up(counter), Client()
    other = shop.listing(counter.shop.seller)

    response = client.get(links.path_of(sample))
    found = links.noted(client.session, at=MONDAY + dt.timedelta(days=2))
    order = shop.placing.place(
        shop.basket(sample.product, other),
        point_id=counter.point.pk,
        contact=shop.contact(),
        by=None,
        at=MONDAY,
        samples=found,
    )

    assert response.headers["Location"] == sample.product.get_absolute_url()
    assert client.session[CHOSEN_POINT] == counter.point.pk
    line, plain = Line.objects.get(order=order, product=sample.product), Line.objects.get(order=order, product=other)
    assert (line.channel, line.channel_point_id) == (Channel.SAMPLE, counter.point.pk)
    assert line.sample == f"{counter.point.pk}:{sample.pk}"
    assert (plain.channel, plain.channel_point_id, plain.sample) == (Channel.WEB, None, "")
    told = Event.objects.get(name="order.placed").payload["lines"]
    assert [row.get("sample") for row in told] == [line.sample, None]


def test_a_sample_counts_for_some_days_only(counter, settings):
    sample, client = put_up(counter), Client()
    client.get(links.path_of(sample))

    until = MONDAY + dt.timedelta(days=settings.SAMPLE_COUNTS_DAYS)

    assert set(links.noted(client.session, at=until - dt.timedelta(seconds=1))) == {sample.product_id}
    assert links.noted(client.session, at=until) == {}


def test_a_link_that_we_did_not_sign_is_a_404(counter):
    sample, client = put_up(counter), Client()
    signed = signing.text_of(links.KIND, sample.pk)
    forged = signed.replace(f".{sample.pk}.", f".{sample.pk + 1}.")

    answers = [client.get(reverse("sample", args=[token])).status_code for token in (forged, str(sample.pk), "XS1.x")]

    assert answers == [404, 404, 404]
    assert not client.session.get(links.NOTED)


def test_a_label_that_was_not_thrown_away_leads_to_the_listing_and_counts_no_more(counter):
    sample, client = put_up(counter), Client()
    samples.take_down(sample, by=counter.operator, at=MONDAY)

    response = client.get(links.path_of(sample))

    assert response.headers["Location"] == sample.product.get_absolute_url()
    assert links.noted(client.session, at=MONDAY) == {}


def test_a_buyer_sees_the_nearest_points_with_a_sample_first(counter):
    sample = put_up(counter)
    far, near, closed = (villages.point("430723001001", latitude=n, longitude=112) for n in (29, "28.1", "28.05"))
    for point in (far, near, closed):
        put_up(counter, sample.product, point=point)
    PickupPoint.objects.filter(pk=closed.pk).update(state=PointState.SUSPENDED)
    PickupPoint.objects.filter(pk=counter.point.pk).update(latitude=28, longitude=112)

    seen = queries.seen_at(sample.product_id, near=PickupPoint.objects.get(pk=counter.point.pk), limit=2)

    assert [each.point.pk for each in seen] == [counter.point.pk, near.pk]
    assert [round(each.distance_km, 1) for each in seen] == [0.0, 11.1]


def test_the_product_page_and_the_list_say_where_a_sample_is(counter):
    sample, client = put_up(counter), Client()
    client.get(links.path_of(sample))

    page = client.get(sample.product.get_absolute_url()).content.decode()
    listed = client.get(reverse("catalogue:samples", args=[sample.product_id])).content.decode()

    assert f"{counter.point.name} 有样品" in page
    assert counter.point.address in listed
    assert "您的提货点" in listed


def test_an_operator_puts_up_what_was_found_prints_its_label_and_takes_it_down(counter, monkeypatch):
    product, client = shop.listing(counter.shop.seller, title="石门香柚"), counter.client()
    monkeypatch.setattr("marketplace.counter.goods.search.engine", lambda: Engine([product.pk]))

    found = client.get(reverse("counter:samples"), {"q": "香柚"}).content.decode()
    put = client.post(reverse("counter:samples"), {"product": product.pk, "q": "香柚"})
    label = client.get(put.headers["Location"]).content.decode()
    again = client.post(reverse("counter:samples"), {"product": product.pk})
    taken = client.post(put.headers["Location"])

    assert "石门香柚" in found
    assert "45.00" in label
    assert again.status_code == 422
    assert taken.status_code == 302
    assert Sample.objects.get().state == SampleState.TAKEN_DOWN


class Engine:
    """A search engine that finds the same whatever is asked."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = ids

    def search(self, text: str, *, offset: int, limit: int):
        return self
