"""The seller's drop-off stop: chosen, refused, left when it closes, and told."""

import pytest
from django.urls import reverse

from core import clock, events
from core.models import Event
from logistics.states import ConsignmentState
from marketplace.communication.models import Message
from marketplace.communication.services import reading
from marketplace.order.services import closing
from marketplace.partner.services import stops
from tests.factories import counter as counters
from tests.factories import shop, villages
from tests.factories.counter import Counter
from tests.factories.shop import MONDAY
from villages.models import PickupPoint
from villages.services import points
from villages.states import PointState, Reason

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def counter() -> Counter:
    made = counters.counter()
    made.shop.seller.users.set([shop.user("陈社长")])
    return made


def browser(counter: Counter):
    return counter.client(counter.shop.seller.users.get())


def stop_of(counter: Counter) -> PickupPoint:
    counter.shop.seller.refresh_from_db()
    return counter.shop.seller.drop_off


def told() -> list[str]:
    events.publish()
    reading.read_events(at=MONDAY)
    return list(Message.objects.filter(name="seller.stop_changed").values_list("body", flat=True))


def test_the_seller_chooses_another_stop_and_what_is_ordered_already_keeps_its_own(counter):
    old, ordered = stop_of(counter), counter.coming()

    sent = browser(counter).post(reverse("selling:stop"), {"stop": counter.point.pk}, follow=True)

    assert f"从现在起下的单，从{counter.point.name}发货" in sent.content.decode()
    assert stop_of(counter) == counter.point
    assert ordered.consignments.get().origin_stop == old
    payload = Event.objects.get(name="seller.stop_changed").payload
    assert payload == {
        "seller": counter.shop.seller.pk,
        "before": old.pk,
        "after": counter.point.pk,
        "reason": "asked",
    }
    assert told() == [], "who chose it knows it"


@pytest.mark.parametrize("asked", ["", "x", "0", "9" * 30, "unserved", "own"])
def test_a_stop_that_is_none_is_refused_with_a_sentence(counter, asked):
    apart = villages.point(longitude=112.0, latitude=28.0)
    asked = {"unserved": apart.pk, "own": counter.shop.seller.drop_off_id}.get(asked, asked)

    sent = browser(counter).post(reverse("selling:stop"), {"stop": asked})

    assert sent.status_code == 422
    assert stop_of(counter) == counter.shop.network.stop
    assert not Event.objects.filter(name="seller.stop_changed").exists()


def test_whose_stop_closes_is_given_the_nearest_one_and_told(counter):
    points.begin_closing([stop_of(counter)], by="test", at=MONDAY, reason=Reason.ASKED)

    assert stops.leave_closing(by="test", at=MONDAY) == 1

    assert stop_of(counter) == counter.point
    assert told() == [
        f"【湘品网上行】您的交货站点要关了。以后的新订单请交到{counter.point.name}，也可以在卖家后台另选一个。"
    ]
    assert stops.leave_closing(by="test", at=MONDAY) == 0


def test_a_stop_without_another_near_stays_open_for_its_seller(counter):
    stop = stop_of(counter)
    points.begin_closing([stop, counter.point], by="test", at=MONDAY, reason=Reason.ASKED)

    assert stops.leave_closing(by="test", at=MONDAY) == 0
    assert closing.close_empty(by="test", at=MONDAY) == 1, "the point at which nobody drops"

    stop.refresh_from_db()
    assert stop.state == PointState.CLOSING


def test_a_point_does_not_close_while_something_is_to_leave_from_it(counter):
    stop, order = stop_of(counter), counter.coming()
    points.begin_closing([stop], by="test", at=MONDAY, reason=Reason.ASKED)
    stops.leave_closing(by="test", at=MONDAY)

    assert closing.close_empty(by="test", at=MONDAY) == 0, "packed, and to be dropped there"

    order.consignments.update(state=ConsignmentState.IN_TRANSIT)
    assert closing.close_empty(by="test", at=MONDAY) == 1
