"""Packing: a parcel is a crate's label, so that what is aboard never passes what was booked."""

import pytest
from django.db.models import Sum

from logistics.models import Consignment, Parcel
from logistics.states import ConsignmentState
from marketplace.selling.services import packing
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


def routed(*, quantity: int) -> Consignment:
    made = shop.shop()
    (consignment,) = shop.routed(shop.order(made.point, shop.listing(made.seller), quantity=quantity))
    return consignment


def test_parcels_share_the_crates_of_their_consignment():
    consignment = routed(quantity=12)
    assert consignment.crates == 3

    packing.pack(consignment, parcels=2, by="test", at=MONDAY)

    assert list(Parcel.objects.values_list("crates", flat=True)) == [2, 1]
    assert Parcel.objects.aggregate(Sum("crates"))["crates__sum"] == consignment.crates


@pytest.mark.parametrize("parcels", [0, -1, 2, 21])
def test_more_parcels_than_crates_are_refused_with_how_many_may_be(parcels):
    consignment = routed(quantity=3)
    assert consignment.crates == 1

    with pytest.raises(packing.UnableToPack, match="最多 1 件"):
        packing.pack(consignment, parcels=parcels, by="test", at=MONDAY)

    assert not Parcel.objects.exists()
    consignment.refresh_from_db()
    assert consignment.state == ConsignmentState.ROUTED
