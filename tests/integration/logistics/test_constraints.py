"""The database keeps what the services promise of consignments."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from logistics.models import Consignment, ConsignmentLine, Departure
from tests.factories import shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def order():
    made = shop.shop()
    order = shop.order(made.point, shop.listing(made.seller), quantity=2)
    shop.routed(order)
    return order


@pytest.mark.parametrize(
    ("model", "change", "name"),
    [
        (Consignment, {"state": "NONSENSE"}, "consignment_state_known"),
        (Consignment, {"state": "AWAITING_ROUTE", "waiting_since": None}, "consignment_waits_since"),
        (Consignment, {"crates": 0}, "consignment_crates"),
        (ConsignmentLine, {"taken": 1}, "consignment_line_quantity"),
        (ConsignmentLine, {"returned": 1}, "consignment_line_returned"),
        (ConsignmentLine, {"refunded": 1}, "consignment_line_refunded"),
        (Departure, {"taken_out": F("crates") + 1}, "departure_capacity"),
        (Departure, {"taken_back": F("crates") + 1}, "departure_capacity"),
    ],
)
def test_a_row_that_breaks_a_promise_is_refused(model, change, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        model.objects.update(**change)
