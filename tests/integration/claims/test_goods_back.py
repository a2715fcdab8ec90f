"""Goods that go back: where they begin, how they travel, what their end does to stock, money and consignment."""

import datetime as dt

import pytest

from core import clock, invariants
from core.storage_class import StorageClass
from logistics.models import Departure, GoodsReturn, ReturnScan
from logistics.services import goods_returns
from logistics.services.collections import Outcome
from logistics.services.goods_returns import ReturnAlreadyLoaded, UnableToMoveReturn
from logistics.services.steps import NotTheirs
from logistics.states import CollectionProof, ConsignmentState, Disposal, ReturnReason, ReturnState
from marketplace.claims.services import goods_back
from marketplace.counter.services import handover
from marketplace.counter.states import Reason
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos
from marketplace.order.services import uncollected
from marketplace.partner.models import StockMovement
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import counter as counters
from tests.factories import logistics, shop
from tests.factories.counter import qr_of
from tests.factories.photos import jpeg
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db
EXPIRED = MONDAY + dt.timedelta(days=9)
LATER = EXPIRED + dt.timedelta(hours=4)


@pytest.fixture(autouse=True)
def at_its_time(monkeypatch):
    """The checks look at due times by this clock."""
    monkeypatch.setattr(clock, "now", lambda: LATER)


@pytest.fixture
def counter():
    return counters.counter()


def expired(counter, *, storage_class=StorageClass.AMBIENT, quantity=2, on_hand=10):
    product = shop.listing(counter.shop.seller, on_hand=on_hand, storage_class=storage_class, price_fen=1000)
    order = shop.at_point(shop.order(counter.point, product, quantity=quantity))
    assert uncollected.expire_overdue(by="test", at=EXPIRED) == 1
    return product.stockrecords.get(), GoodsReturn.objects.get(consignment__order=order)


def sound() -> list:
    return invariants.findings()


def seller_person(counter):
    person = shop.user()
    counter.shop.seller.users.add(person)
    return person


def at_stop(counter, back: GoodsReturn) -> GoodsReturn:
    """Let a return be set down where its seller fetches it."""
    goods_returns.drop(back, nonce=f"down-{back.pk}", by=shop.operator(back.stop), at=LATER)
    back.refresh_from_db()
    return back


def fresh(record):
    record.refresh_from_db()
    return record.num_in_stock, record.num_allocated


def test_an_expired_return_travels_home_and_its_stock_is_back(counter):
    record, back = expired(counter)
    network = counter.shop.network
    from_point = Departure.objects.filter(round__hub=network.other_county).order_by("pk").first()
    lane = Departure.objects.filter(lane__origin=network.other_county).order_by("pk").first()
    lane_home = Departure.objects.filter(lane__destination=network.county).order_by("pk").first()
    home = Departure.objects.filter(round__hub=network.county).order_by("pk").first()

    goods_returns.load(back, departure=from_point, nonce="1", by="test", at=LATER)
    goods_returns.unload(back, hub=network.other_county, nonce="2", by="test", at=LATER)
    goods_returns.load(back, departure=lane, nonce="3", by="test", at=LATER)
    goods_returns.unload(back, hub=network.prefecture, nonce="4", by="test", at=LATER)
    goods_returns.load(back, departure=lane_home, nonce="5", by="test", at=LATER)
    goods_returns.unload(back, hub=network.county, nonce="6", by="test", at=LATER)
    goods_returns.load(back, departure=home, nonce="7", by="test", at=LATER)
    goods_returns.drop(back, nonce="8", by="test", at=LATER)
    assert sound() == []
    goods_back.receive(back, counted={}, by=seller_person(counter), at=LATER)

    back.refresh_from_db()
    assert (back.state, back.ended_at) == (ReturnState.RECEIVED, LATER)
    assert back.consignment.state == ConsignmentState.RETURNED
    assert fresh(record) == (10, 0)
    assert [scan.kind for scan in back.scans.all()] == ["LOADED", "UNLOADED"] * 3 + ["LOADED", "DROPPED"]
    assert ledger.balance(AccountKind.WRITE_OFF, party_id=counter.shop.seller.pk) == 0
    assert sound() == []


def test_what_cannot_be_sold_again_is_written_off_and_what_is_missing_the_platform_pays(counter):
    record, back = expired(counter, quantity=5)
    line = at_stop(counter, back).lines.get()

    goods_back.receive(back, counted={line.pk: (4, 3)}, by=seller_person(counter), at=LATER)

    assert fresh(record) == (8, 0)
    moved = StockMovement.objects.filter(reference=back.number).order_by("pk").values_list("kind", "quantity")
    assert list(moved) == [("RETURNED", 4), ("WRITTEN_OFF", -1)]
    assert ledger.balance(AccountKind.WRITE_OFF, party_id=counter.shop.seller.pk) == -1000
    assert ledger.balance(AccountKind.SELLER_PAYABLE, party_id=counter.shop.seller.pk) == 1000
    assert sound() == []


@pytest.mark.parametrize("counted", [(6, 0), (3, 4), (-1, 0)])
def test_units_that_do_not_add_up_are_refused_and_nothing_changes(counter, counted):
    record, back = expired(counter, quantity=5)
    at_stop(counter, back)

    with pytest.raises(UnableToMoveReturn, match="最多退回"):
        goods_back.receive(back, counted={back.lines.get().pk: counted}, by=seller_person(counter), at=LATER)

    back.refresh_from_db()
    assert (back.state, fresh(record)) == (ReturnState.AT_STOP, (5, 0))


@pytest.mark.parametrize("state", [ReturnState.AT_POINT, ReturnState.AT_HUB])
def test_what_is_not_at_the_sellers_stop_is_not_received(counter, state):
    record, back = expired(counter)
    hub = counter.shop.network.other_county if state == ReturnState.AT_HUB else None
    GoodsReturn.objects.update(state=state, hub=hub)

    with pytest.raises(UnableToMoveReturn, match="还没回到您那里"):
        goods_back.receive(back, counted={}, by=seller_person(counter), at=LATER)

    assert fresh(record) == (8, 0)


@pytest.mark.parametrize(("hub", "comes"), [("county", True), ("other_county", False)])
def test_what_is_on_a_vehicle_is_received_of_the_round_that_brings_it(counter, hub, comes):
    record, back = expired(counter)
    aboard = Departure.objects.filter(round__hub=getattr(counter.shop.network, hub)).first()
    GoodsReturn.objects.update(state=ReturnState.LOADED, departure=aboard)

    if comes:
        goods_back.receive(back, counted={}, by=seller_person(counter), at=LATER)
    else:
        with pytest.raises(UnableToMoveReturn, match="还没回到您那里"):
            goods_back.receive(back, counted={}, by=seller_person(counter), at=LATER)
    assert fresh(record) == ((10, 0) if comes else (8, 0))


def test_it_is_received_once(counter):
    record, back = expired(counter)
    person = seller_person(counter)
    at_stop(counter, back)
    goods_back.receive(back, counted={}, by=person, at=LATER)

    with pytest.raises(UnableToMoveReturn):
        goods_back.receive(back, counted={}, by=person, at=LATER)

    assert fresh(record) == (10, 0)


def test_nobody_but_its_seller_receives_it(counter):
    record, back = expired(counter)

    with pytest.raises(NotTheirs):
        goods_back.receive(back, counted={}, by=counter.operator, at=LATER)

    assert fresh(record) == (8, 0)


def test_perishable_goods_are_written_off_when_the_operator_confirms(counter):
    record, back = expired(counter, storage_class=StorageClass.CHILLED)
    photo = photos.keep(jpeg(), at=LATER)

    goods_back.write_off(back, by=counter.operator, at=LATER, photos=[photo])

    back.refresh_from_db()
    assert (back.state, back.consignment.state) == (ReturnState.WRITTEN_OFF, ConsignmentState.WRITTEN_OFF)
    assert fresh(record) == (8, 0)
    assert ledger.balance(AccountKind.WRITE_OFF, party_id=counter.shop.seller.pk) == -2000
    assert Photo.objects.get().matter == goods_back.matter_of(back)
    assert sound() == []


def test_an_operator_elsewhere_cannot_write_off(counter):
    _record, back = expired(counter, storage_class=StorageClass.CHILLED)

    with pytest.raises(NotTheirs):
        goods_back.write_off(back, by=shop.operator(counter.shop.network.stop), at=LATER)

    back.refresh_from_db()
    assert back.state == ReturnState.AT_POINT


def test_the_sweep_writes_off_what_nobody_confirmed_in_two_days(counter):
    _record, back = expired(counter, storage_class=StorageClass.CHILLED)

    assert goods_back.end_overdue(by="test", at=EXPIRED + dt.timedelta(hours=48)) == 0
    assert goods_back.end_overdue(by="test", at=EXPIRED + dt.timedelta(hours=48, seconds=1)) == 1
    assert goods_back.end_overdue(by="test", at=EXPIRED + dt.timedelta(hours=49)) == 0

    back.refresh_from_db()
    assert (back.state, back.consignment.state) == (ReturnState.WRITTEN_OFF, ConsignmentState.WRITTEN_OFF)
    assert sound() == []


def test_what_is_not_back_in_two_weeks_is_lost_and_the_platform_pays_its_seller(counter):
    _record, back = expired(counter)

    assert goods_back.end_overdue(by="test", at=EXPIRED + dt.timedelta(days=14, seconds=1)) == 1

    back.refresh_from_db()
    assert (back.state, back.consignment.state) == (ReturnState.LOST, ConsignmentState.WRITTEN_OFF)
    assert ledger.balance(AccountKind.SELLER_PAYABLE, party_id=counter.shop.seller.pk) == 2000
    assert sound() == []


def test_an_overdue_return_is_named_by_o2(counter, monkeypatch):
    _record, back = expired(counter)
    monkeypatch.setattr(clock, "now", lambda: EXPIRED + dt.timedelta(days=14, minutes=6))

    assert [finding.subject for finding in invariants.findings(["O2"])] == [f"return {back.number}"]


def test_a_parcel_with_a_vanished_return_is_named(counter):
    _record, back = expired(counter)
    back.lines.all().delete()
    back.delete()

    assert {finding.code for finding in sound()} == {"O2"}


def test_it_is_not_loaded_where_it_does_not_lie(counter):
    _record, back = expired(counter)
    elsewhere = Departure.objects.filter(round__hub=counter.shop.network.county).order_by("pk").first()
    lane = Departure.objects.filter(lane__origin=counter.shop.network.other_county).order_by("pk").first()

    for departure in (elsewhere, lane):
        with pytest.raises(UnableToMoveReturn):
            goods_returns.load(back, departure=departure, nonce="x", by="test", at=LATER)

    assert not ReturnScan.objects.exists()


def test_a_round_that_does_not_lead_home_does_not_take_it_from_the_hub(counter):
    _record, back = expired(counter)
    hub = counter.shop.network.other_county
    goods_returns.unload(back, hub=hub, nonce="1", by="test", at=LATER)
    astray = Departure.objects.filter(round__hub=hub).order_by("pk").first()

    with pytest.raises(UnableToMoveReturn):
        goods_returns.load(back, departure=astray, nonce="2", by="test", at=LATER)


def test_a_reading_sent_again_is_the_same_and_a_strangers_is_refused(counter):
    _record, back = expired(counter)
    departure = Departure.objects.filter(round__hub=counter.shop.network.other_county).order_by("pk").first()
    first = goods_returns.load(back, departure=departure, nonce="n", by="test", at=LATER)

    assert goods_returns.load(back, departure=departure, nonce="n", by="test", at=LATER) == first
    with pytest.raises(ReturnAlreadyLoaded):
        goods_returns.load(back, departure=departure, nonce="m", by="test", at=LATER)
    with pytest.raises(UnableToMoveReturn):
        goods_returns.load(back, departure=departure, nonce="n", by=counter.operator, at=LATER)


def test_strangers_move_nothing(counter):
    _record, back = expired(counter)
    departure = Departure.objects.filter(round__hub=counter.shop.network.other_county).order_by("pk").first()
    stranger = shop.user()

    with pytest.raises(NotTheirs):
        goods_returns.load(back, departure=departure, nonce="1", by=stranger, at=LATER)
    with pytest.raises(NotTheirs):
        goods_returns.unload(back, hub=counter.shop.network.county, nonce="2", by=stranger, at=LATER)
    with pytest.raises(NotTheirs):
        goods_returns.drop(back, nonce="3", by=counter.operator, at=LATER)


def test_what_is_to_be_written_off_does_not_travel(counter):
    _record, back = expired(counter, storage_class=StorageClass.FROZEN)
    departure = Departure.objects.filter(round__hub=counter.shop.network.other_county).order_by("pk").first()

    with pytest.raises(UnableToMoveReturn):
        goods_returns.load(back, departure=departure, nonce="1", by="test", at=LATER)


def test_goods_from_the_sellers_own_point_are_at_the_stop_at_once():
    network = logistics.small_network()
    seller = shop.seller(network.point)
    order = shop.at_point(shop.order(network.point, shop.listing(seller)))

    uncollected.expire_overdue(by="test", at=EXPIRED)

    assert GoodsReturn.objects.get(consignment__order=order).state == ReturnState.AT_STOP


@pytest.mark.parametrize(
    ("storage_class", "reason", "disposal"),
    [
        (StorageClass.AMBIENT, Reason.NOT_WANTED, Disposal.BACK),
        (StorageClass.AMBIENT, Reason.BROKEN, Disposal.WRITE_OFF),
        (StorageClass.CHILLED, Reason.NOT_WANTED, Disposal.WRITE_OFF),
    ],
)
def test_what_is_rejected_at_the_counter_stays_there_as_a_return(counter, monkeypatch, storage_class, reason, disposal):
    monkeypatch.setattr(clock, "now", lambda: MONDAY + dt.timedelta(days=2))
    product = shop.listing(counter.shop.seller, on_hand=10, storage_class=storage_class, price_fen=1000)
    order = shop.at_point(shop.order(counter.point, product, quantity=3))
    line = order.consignments.get().lines.get()

    handover.hand_over(
        order,
        point=counter.point,
        outcomes={line.pk: Outcome(taken=1, rejected=2, reason=reason)},
        proof=CollectionProof.QR,
        code=qr_of(order),
        nonce="n",
        by=counter.operator,
        at=MONDAY + dt.timedelta(days=1, hours=3),
    )

    back = GoodsReturn.objects.get()
    assert (back.reason, back.disposal, back.lines.get().units) == (ReturnReason.REJECTED, disposal, 2)
    assert sound() == []
    goods_back.end_overdue(by="test", at=LATER + dt.timedelta(days=20))
    back.refresh_from_db()
    assert back.ended_at is not None
    assert back.consignment.state == ConsignmentState.COLLECTED
    assert sound() == []
