import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core import clock, invariants, numbers
from core.models import ClockOffset
from logistics.models import Consignment, Leg, Parcel, Scan
from logistics.services import scans
from logistics.states import ConsignmentState
from marketplace.network import demo
from marketplace.network.demo import Act
from marketplace.order.models import Order
from tests.factories import logistics, orders
from villages.models import PickupPoint

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture(autouse=True)
def _clock_of_its_own():
    clock._cached = None
    yield
    clock._cached = None


@pytest.fixture
def order() -> Order:
    at = clock.now()
    network = logistics.small_network(open_at=at, days=9)
    listing = orders.listing(orders.seller(network.stop), at=at)
    return orders.order([(listing, 6)], network.point, at=at)


def advance(*words: str) -> str:
    out = StringIO()
    call_command("advance_demo", *words, stdout=out)
    return out.getvalue()


def states() -> set[str]:
    return set(Consignment.objects.values_list("state", flat=True))


def test_an_order_travels_to_its_point(order):
    told = advance("--to-arrival", order.number)

    assert states() == {ConsignmentState.AT_POINT}
    consignment = Consignment.objects.get()
    assert consignment.arrived_at.replace(second=0, microsecond=0) <= clock.now()
    assert Scan.objects.count() == 9 * Parcel.objects.count()
    assert [verb for verb in ("打包", "交到", "装车", "卸车", "收货上架") if verb not in told] == []
    assert f"运单 {consignment.number}" in told
    assert invariants.findings(["S1", "L1"]) == []


def test_what_is_done_is_told_in_order_of_time(order):
    told = []

    demo.advance_to_arrival(order.number, tell=told.append)

    assert [each.at for each in told] == sorted(each.at for each in told)
    assert [each.act for each in told] == [
        Act.PACK,
        Act.DROP,
        *[Act.LOAD, Act.UNLOAD] * 3,
        Act.LOAD,
        Act.RECEIVE,
    ]


def test_the_promise_is_kept(order):
    advance("--to-arrival", order.number)

    consignment = Consignment.objects.get()
    assert consignment.arrived_at <= consignment.promised_at


def test_steps_and_hours_lead_to_the_same_end(order):
    advance("--step")
    assert states() == {ConsignmentState.PACKED}

    advance("--hours", "72")

    assert states() == {ConsignmentState.AT_POINT}


def test_the_clock_goes_on_by_the_hours_that_were_asked_for(order):
    before = clock.now()

    advance("--hours", "5")

    ahead = clock.now() - before
    assert dt.timedelta(hours=5) <= ahead < dt.timedelta(hours=5, minutes=1)


def test_a_number_that_nobody_has_is_refused(order):
    with pytest.raises(CommandError, match="没有编号"):
        advance("--to-arrival", "000000000000")


def test_with_nothing_on_the_way_there_is_no_step():
    with pytest.raises(CommandError, match="没有在路上"):
        advance("--step")


def test_where_the_clock_does_not_move_nothing_happens(order, settings):
    settings.MOVABLE_CLOCK = False

    for words in (["--step"], ["--hours", "1"], ["--to-arrival", order.number]):
        with pytest.raises(CommandError):
            advance(*words)

    assert states() == {ConsignmentState.AWAITING_ROUTE}
    assert not ClockOffset.objects.exists()


def test_what_somebody_else_does_meanwhile_stops_nobody(order, monkeypatch):
    done = demo._do

    def somebody_was_first(step, *, at):
        if step.act == Act.DROP:
            done(step, at=at)
        done(step, at=at)

    monkeypatch.setattr(demo, "_do", somebody_was_first)

    told = advance("--hours", "72")

    assert states() == {ConsignmentState.AT_POINT}
    assert "交到" not in told
    assert "收货上架" in told


def test_people_of_the_place_scan_where_there_are_any(order, django_user_model):
    operator = django_user_model.objects.create_user(email="operator@example.com")
    PickupPoint.objects.get(pk=order.pickup_point_id).operators.create(user=operator, since=clock.now())

    advance("--to-arrival", order.number)

    assert Scan.objects.filter(kind="RECEIVED").latest("pk").actor == f"user:{operator.pk}"
    assert Scan.objects.filter(kind="LOADED").first().actor == demo.BY


def test_parcels_that_part_arrive_each_on_its_own_way(order):
    consignment = Consignment.objects.get()
    Consignment.objects.filter(pk=consignment.pk).update(crates=2)
    while consignment.state != ConsignmentState.PACKED:
        advance("--step")
        consignment.refresh_from_db()
    (parcel,) = consignment.parcels.all()
    other = Parcel.objects.create(
        number=numbers.draw(13), consignment=consignment, sequence=2, crates=1, packed_at=clock.now()
    )
    while parcel.state != "LOADED":
        advance("--step")
        parcel.refresh_from_db()
    # The second box was left behind at the stop.
    Scan.objects.filter(parcel=other, kind="LOADED").delete()
    Parcel.objects.filter(pk=other.pk).update(state="AT_STOP", departure=None)

    while not Parcel.objects.get(pk=other.pk).strayed:
        advance("--step")
    on = Leg.objects.in_force().filter(parcel=other).order_by("sequence").first()
    clock.advance(on.departs_at - clock.now())
    scans.load(Parcel.objects.get(pk=other.pk), departure=on.departure, nonce="by-hand", by="test", at=on.departs_at)

    advance("--to-arrival", order.number)

    assert states() == {ConsignmentState.AT_POINT}
