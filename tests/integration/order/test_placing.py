"""Placing: one transaction, guarded, frozen, once."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock, invariants
from core.models import Event
from core.storage_class import StorageClass
from logistics.models import Consignment, ConsignmentLine
from logistics.states import ConsignmentState
from marketplace.order.models import Line, Order
from marketplace.order.services import freezing, placing
from marketplace.order.services.refusals import UnableToPlace
from marketplace.order.states import OrderState
from marketplace.partner.models import StockRecord
from marketplace.settlement.models import Posting
from marketplace.storefront.services import baskets
from tests.factories import shop, villages
from tests.factories.shop import MONDAY
from villages.models import PointDay
from villages.states import PointState

pytestmark = pytest.mark.django_db


def rows() -> tuple[int, ...]:
    return tuple(m.objects.count() for m in (Order, Line, Consignment, ConsignmentLine, Posting, PointDay))


def refusal(basket, point, **changes) -> UnableToPlace:
    """Place what must be refused; return the refusal, having seen that nothing was written."""
    before, allocated = rows(), list(StockRecord.objects.order_by("pk").values_list("num_allocated", flat=True))
    status = basket.status
    arguments = {"point_id": point.pk if point else 0, "contact": shop.contact(), "by": None, "at": MONDAY} | changes
    with pytest.raises(UnableToPlace) as caught:
        placing.place(basket, **arguments)
    basket.refresh_from_db()
    assert (rows(), basket.status) == (before, status)
    assert list(StockRecord.objects.order_by("pk").values_list("num_allocated", flat=True)) == allocated
    return caught.value


def test_an_order_freezes_what_was_bought_and_holds_it():
    made = shop.shop()
    product = shop.listing(made.seller, price_fen=4550, on_hand=10)

    order = shop.order(made.point, product, quantity=3)

    line = order.lines.get()
    assert (line.unit_price_fen, line.quantity, line.category_path) == (4550, 3, "水果/柑橘")
    assert line.seller_division == made.seller.home_division_id
    assert (line.origin_division, line.point_division) == (product.origin_id, made.point.division_id)
    assert (order.goods_fen, order.freight_fen, order.total_fen) == (13650, 600, 14250)
    assert order.status == OrderState.OPEN
    consignment = order.consignments.get()
    assert consignment.state == ConsignmentState.AWAITING_ROUTE
    assert (consignment.crates, consignment.origin_stop, consignment.point) == (1, made.network.stop, made.point)
    day = PointDay.objects.get()
    assert (day.point, day.day, day.held) == (made.point, clock.day_of(consignment.promised_at), 1)
    record = StockRecord.objects.get(product=product)
    assert (record.num_in_stock, record.num_allocated) == (10, 3)
    assert list(order.postings.order_by("pk").values_list("kind", "amount_fen")) == [
        ("GOODS_DUE", 13650),
        ("FREIGHT_DUE", 600),
    ]
    assert list(Event.objects.exclude(stream="listing").order_by("pk").values_list("name", flat=True)) == [
        "order.placed",
        "consignment.created",
    ]


def test_later_changes_of_the_listing_do_not_touch_the_order():
    made = shop.shop()
    product = shop.listing(made.seller, price_fen=4500)
    order = shop.order(made.point, product)

    StockRecord.objects.filter(product=product).update(price="99.00")
    type(product).objects.filter(pk=product.pk).update(title="改名", category_path="茶叶")

    line = order.lines.get()
    assert (line.unit_price_fen, line.title, line.category_path) == (4500, product.title, "水果/柑橘")


def test_each_seller_and_storage_class_gets_its_own_consignment():
    made = shop.shop()
    other = shop.seller(made.network.stop)
    products = [
        shop.listing(made.seller),
        shop.listing(made.seller, storage_class=StorageClass.CHILLED),
        shop.listing(other),
    ]

    order = shop.order(made.point, *products)

    found = order.consignments.order_by("pk").values_list("seller", "storage_class", "freight_fen")
    assert sorted(found) == sorted(
        [(made.seller.pk, "AMBIENT", 600), (made.seller.pk, "CHILLED", 600), (other.pk, "AMBIENT", 600)]
    )
    assert order.freight_fen == 1800


def test_a_second_submit_lands_on_the_same_order():
    made = shop.shop()
    basket = shop.basket(shop.listing(made.seller, on_hand=5))
    arguments = {"point_id": made.point.pk, "contact": shop.contact(), "by": None, "at": MONDAY}
    first = placing.place(basket, **arguments)
    before = rows()

    second = placing.place(basket, **arguments)

    assert (second.pk, rows()) == (first.pk, before)


def test_order_numbers_are_random_and_end_in_a_check_digit():
    made = shop.shop()
    product = shop.listing(made.seller)

    numbers = [shop.order(made.point, product).number for _ in range(3)]

    assert len({number[:6] for number in numbers}) == 3
    assert all(len(number) == 12 for number in numbers)


def test_the_phone_is_sealed_in_the_database():
    made = shop.shop()
    order = shop.order(made.point, shop.listing(made.seller), phone="+8613812345678")

    with connection.cursor() as cursor:
        cursor.execute("SELECT contact_phone, contact_name, contact_phone_tail FROM order_order")
        phone, name, tail = cursor.fetchone()

    assert "13812345678" not in phone
    assert "张小满" not in name
    assert tail == "5678"
    assert Order.objects.get(pk=order.pk).contact_phone == "+8613812345678"
    assert "13812345678" not in "".join(str(event.payload) for event in Event.objects.all())


def test_what_was_sold_meanwhile_is_refused_by_name():
    made = shop.shop()
    product = shop.listing(made.seller, on_hand=2, title="石门柑橘")
    late = shop.basket(product, quantity=2)
    shop.order(made.point, product)

    caught = refusal(late, made.point)

    assert (caught.field, caught.lines) == ("lines", [product.pk])
    assert "石门柑橘" in caught.message
    assert "1" in caught.message


def test_an_unknown_point_is_refused():
    made = shop.shop()
    caught = refusal(shop.basket(shop.listing(made.seller)), None)
    assert caught.field == "point"


@pytest.mark.parametrize("state", [PointState.SUSPENDED, PointState.CLOSED, PointState.APPLIED])
def test_a_point_that_is_not_open_is_refused(state):
    made = shop.shop()
    basket = shop.basket(shop.listing(made.seller))
    type(made.point).objects.filter(pk=made.point.pk).update(state=state)

    caught = refusal(basket, made.point)

    assert caught.field == "point"
    assert made.point.name in caught.message


def test_a_point_without_the_storage_class_is_refused():
    made = shop.shop()
    warm = villages.point("430723001001", capacities={StorageClass.AMBIENT: 10})
    product = shop.listing(made.seller, storage_class=StorageClass.CHILLED, title="湘潭鲜鱼")

    caught = refusal(shop.basket(product), warm)

    assert (caught.field, caught.lines) == ("point", [product.pk])
    assert "湘潭鲜鱼" in caught.message


def test_a_point_that_no_vehicle_reaches_is_refused():
    made = shop.shop()
    lonely = villages.point("430723001001")
    caught = refusal(shop.basket(shop.listing(made.seller)), lonely)
    assert caught.field == "point"


def test_a_point_whose_day_is_full_promises_the_next_day():
    made = shop.shop()
    product = shop.listing(made.seller, units_per_crate=1, on_hand=1000)
    made.point.capacities.filter(storage_class=StorageClass.AMBIENT).update(crates_per_day=2)
    first = shop.order(made.point, product, quantity=2).consignments.get()

    second = shop.order(made.point, product, quantity=2).consignments.get()

    assert second.held_day == first.held_day + dt.timedelta(days=1)
    assert clock.day_of(second.promised_at) == second.held_day


def test_a_point_that_is_full_as_far_as_vehicles_are_known_is_refused():
    made = shop.shop()
    product = shop.listing(made.seller, units_per_crate=1, on_hand=1000)
    made.point.capacities.filter(storage_class=StorageClass.AMBIENT).update(crates_per_day=1)
    with pytest.raises(UnableToPlace) as told:
        for _ in range(10):
            shop.order(made.point, product)

    caught = refusal(shop.basket(product), made.point)

    assert (caught.field, caught.message) == ("point", told.value.message)
    assert "没有空位" in caught.message


def test_what_one_vehicle_cannot_carry_goes_in_several_consignments():
    made = shop.shop(crates=10)
    large = shop.listing(made.seller, units_per_crate=2, on_hand=1000, price_fen=1000)
    small = shop.listing(made.seller, units_per_crate=10, on_hand=1000, price_fen=100)

    basket = shop.basket(large, quantity=39)
    baskets.add(basket, product=small, quantity=11)

    order = placing.place(basket, point_id=made.point.pk, contact=shop.contact(), by=None, at=MONDAY)

    found = [
        (each.crates, dict(each.lines.values_list("order_line__product", "ordered")), each.promised_at is not None)
        for each in order.consignments.order_by("pk")
    ]
    assert found == [
        (8, {large.pk: 16}, True),
        (8, {large.pk: 16}, True),
        (5, {large.pk: 7, small.pk: 11}, True),
    ]
    assert [line.quantity for line in order.lines.order_by("pk")] == [39, 11]
    assert order.goods_fen == 39 * 1000 + 11 * 100
    assert order.freight_fen == sum(each.freight_fen for each in order.consignments.all())
    assert invariants.findings(["L1", "M1", "S1"]) == []


def test_what_no_number_of_vehicles_would_carry_is_refused():
    made = shop.shop(crates=4)
    product = shop.listing(made.seller, units_per_crate=1, on_hand=1000)

    caught = refusal(shop.basket(product, quantity=41), made.point)

    assert caught.field == "lines"


def test_a_listing_taken_off_sale_is_refused():
    made = shop.shop()
    product = shop.listing(made.seller)
    basket = shop.basket(product)
    type(product).objects.filter(pk=product.pk).update(state="WITHDRAWN")

    caught = refusal(basket, made.point)

    assert caught.lines == [product.pk]


def test_another_total_than_the_one_shown_is_refused():
    made = shop.shop()
    product = shop.listing(made.seller, price_fen=4500)
    basket = shop.basket(product)
    StockRecord.objects.filter(product=product).update(price="46.00")

    caught = refusal(basket, made.point, expected_fen=5100)

    assert caught.field == "lines"
    assert "52.00" in caught.message


def test_an_unverified_phone_cannot_pay_at_the_point():
    made = shop.shop()
    caught = refusal(shop.basket(shop.listing(made.seller)), made.point, contact=shop.contact(verified=False))
    assert caught.field == "phone_code"


def test_a_phone_has_three_unpaid_orders_at_most(settings):
    settings.MAX_UNPAID_ORDERS_PER_PHONE = 3
    made = shop.shop()
    product = shop.listing(made.seller, price_fen=100)
    for _ in range(3):
        shop.order(made.point, product, phone="+8613812345678")

    caught = refusal(shop.basket(product), made.point, contact=shop.contact("+8613812345678"))

    assert caught.field == "phone"
    shop.order(made.point, product, phone="+8613812345679")


def test_the_unpaid_value_of_a_phone_has_a_cap(settings):
    settings.MAX_UNPAID_FEN_PER_PHONE = 10_000
    made = shop.shop()
    product = shop.listing(made.seller, price_fen=4000)
    shop.order(made.point, product, phone="+8613812345678")

    assert shop.order(made.point, product, phone="+8613812345678").total_fen == 4600
    caught = refusal(shop.basket(product), made.point, contact=shop.contact("+8613812345678"))

    assert caught.field == "phone"
    assert "100.00" in caught.message


def test_a_network_address_has_a_limit_of_unpaid_orders(settings):
    settings.MAX_UNPAID_ORDERS_PER_ADDRESS = 2
    made = shop.shop()
    product = shop.listing(made.seller)
    for _ in range(2):
        placing.place(
            shop.basket(product),
            point_id=made.point.pk,
            contact=shop.contact(),
            by=None,
            at=MONDAY,
            network_address="203.0.113.9",
        )

    caught = refusal(shop.basket(product), made.point, network_address="203.0.113.9")

    assert caught.field == "phone"
    assert not Order.objects.filter(network_address_hash="203.0.113.9").exists()


def count_queries(basket, point) -> int:
    with CaptureQueriesContext(connection) as captured:
        placing.place(basket, point_id=point.pk, contact=shop.contact(), by=None, at=MONDAY)
    return len(captured)


def test_placing_asks_the_database_at_most_25_times_for_a_line_and_30_for_20_lines_of_5_sellers(settings):
    settings.MAX_UNPAID_FEN_PER_PHONE = 10**9
    made = shop.shop(crates=10_000)
    made.point.capacities.update(crates_per_day=10_000)
    sellers = [made.seller, *[shop.seller(made.network.stop) for _ in range(4)]]
    products = [shop.listing(each) for each in sellers for _ in range(4)]
    count_queries(shop.basket(products[0]), made.point)  # the timetable is read once a process

    assert count_queries(shop.basket(products[1]), made.point) <= 25
    assert count_queries(shop.basket(*products), made.point) <= 30


def test_the_direction_is_between_town_and_country():
    home = villages.division("430726001001", is_urban=False)
    town = villages.division("430723001002", name="城南社区", is_urban=True)

    assert freezing.direction(home, town) == "TO_TOWN"
    assert freezing.direction(town, home) == "TO_COUNTRY"
    assert freezing.direction(home, home) == "NEUTRAL"
    assert freezing.direction(None, town) == "NEUTRAL"
