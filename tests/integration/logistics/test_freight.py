import datetime as dt
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from core.events import Event
from core.storage_class import StorageClass
from logistics import freight
from logistics.freight import Freight, FreightRequest
from logistics.models import FreeDelivery, FreightRate, Tariff
from logistics.services import tariffs
from logistics.services.tariffs import Rate, UnableToSetTariff
from logistics.states import FreightFunder, Reach
from tests.factories import logistics
from tests.factories.logistics import MONDAY

pytestmark = pytest.mark.django_db
SHIMEN, LI, FURONG = "430726001001", "430723001001", "430102001001"
TODAY, TOMORROW = MONDAY.date(), MONDAY.date() + dt.timedelta(days=1)


def rates(**changes) -> list[Rate]:
    figures = {Reach.SAME_COUNTY: (300, 100), Reach.SAME_PREFECTURE: (500, 200), Reach.PROVINCE: (800, 300)} | changes
    return [
        Rate(storage_class, Reach(reach), *fen)
        for storage_class in StorageClass.values
        for reach, fen in figures.items()
    ]


def tariff(*more: Rate, valid_from: dt.date = TODAY, **changes) -> Tariff:
    return tariffs.set_tariff([*rates(**changes), *more], valid_from=valid_from, note="", by="test", at=MONDAY)


def ask(
    destination: str, *, crates: int = 1, goods_fen: int = 0, seller_id: int = 1, at: dt.datetime = MONDAY
) -> Freight:
    request = FreightRequest(seller_id, SHIMEN, destination, StorageClass.AMBIENT, crates, goods_fen)
    return replace(freight.freights([request], at=at)[0], offer=None)


def test_without_a_tariff_each_consignment_costs_the_flat_sum(settings):
    settings.FREIGHT_FEN = 600

    assert ask(FURONG, crates=9) == Freight(600)


@pytest.mark.parametrize(("destination", "fen"), [(SHIMEN, 300 + 200), (LI, 500 + 400), (FURONG, 800 + 600)])
def test_freight_grows_with_the_distance_and_the_crates(destination, fen):
    tariff()

    assert ask(destination, crates=3) == Freight(fen)


def test_two_named_counties_have_a_rate_of_their_own_one_way():
    tariff(Rate(StorageClass.AMBIENT, Reach.PAIR, 600, 50, "430726000000", "430102000000"))

    assert ask(FURONG, crates=2) == Freight(650)
    back = FreightRequest(1, FURONG, SHIMEN, StorageClass.AMBIENT, 2, 0)
    assert freight.freights([back], at=MONDAY) == [Freight(1100)]


def test_a_tariff_holds_from_its_day_on():
    tariff()
    tariff(valid_from=TOMORROW, **{Reach.PROVINCE: (900, 300)})

    assert ask(FURONG) == Freight(800)
    assert ask(FURONG, at=MONDAY + dt.timedelta(days=1)) == Freight(900)


def test_the_first_offer_that_the_goods_reach_makes_delivery_free():
    tariff()
    seller = logistics.seller()
    tariffs.offer_free_delivery(funder=FreightFunder.PLATFORM, from_fen=19900, seller_id=None, by="test", at=MONDAY)
    tariffs.offer_free_delivery(funder=FreightFunder.SELLER, from_fen=9900, seller_id=seller.pk, by="test", at=MONDAY)

    assert ask(FURONG, goods_fen=9899, seller_id=seller.pk) == Freight(800)
    assert ask(FURONG, goods_fen=9900, seller_id=seller.pk) == Freight(0, 800, FreightFunder.SELLER)
    assert ask(FURONG, goods_fen=9900, seller_id=seller.pk + 1) == Freight(800)
    assert ask(FURONG, goods_fen=19900, seller_id=seller.pk + 1) == Freight(0, 800, FreightFunder.PLATFORM)


def test_the_goods_of_one_seller_count_together():
    tariff()
    tariffs.offer_free_delivery(funder=FreightFunder.PLATFORM, from_fen=1000, seller_id=None, by="test", at=MONDAY)
    asked = [
        FreightRequest(1, SHIMEN, FURONG, StorageClass.AMBIENT, 1, 600),
        FreightRequest(1, SHIMEN, FURONG, StorageClass.CHILLED, 1, 400),
        FreightRequest(2, SHIMEN, FURONG, StorageClass.AMBIENT, 1, 999),
    ]

    assert [found.funder for found in freight.freights(asked, at=MONDAY)] == [
        FreightFunder.PLATFORM,
        FreightFunder.PLATFORM,
        None,
    ]


def test_a_new_offer_ends_the_old_and_ending_ends_it():
    offer = {"funder": FreightFunder.PLATFORM, "seller_id": None, "by": "test"}
    tariffs.offer_free_delivery(**offer, from_fen=1, at=MONDAY - dt.timedelta(days=3))
    tariffs.offer_free_delivery(**offer, from_fen=1000, at=MONDAY)

    request = FreightRequest(1, SHIMEN, FURONG, StorageClass.AMBIENT, 1, 0)
    assert freight.freights([request], at=MONDAY)[0].offer.from_fen == 1000
    assert tariffs.end_free_delivery(seller_id=None, funder=FreightFunder.PLATFORM, by="test", at=MONDAY) == 1
    assert freight.freights([request], at=MONDAY)[0].offer is None
    assert FreeDelivery.objects.count() == 2


def test_two_queries_answer_for_any_number_of_consignments(django_assert_num_queries):
    tariff()
    asked = [FreightRequest(n, SHIMEN, FURONG, StorageClass.AMBIENT, 1, 0) for n in range(30)]

    with django_assert_num_queries(2):
        freight.freights(asked, at=MONDAY)


@pytest.mark.parametrize(
    ("given", "day"),
    [
        (lambda: rates()[1:], TOMORROW),
        (lambda: [*rates(), rates()[0]], TOMORROW),
        (lambda: rates(**{Reach.PROVINCE: (-1, 0)}), TOMORROW),
        (lambda: rates(**{Reach.PROVINCE: (0, 1_000_001)}), TOMORROW),
        (rates, TODAY),
    ],
    ids=["one missing", "one twice", "negative", "too dear", "today"],
)
def test_a_tariff_that_cannot_be_is_refused_and_the_old_one_stays(given, day):
    old = tariff()
    told = Event.objects.count()

    with pytest.raises(UnableToSetTariff):
        tariffs.set_tariff(given(), valid_from=day, note="", by="test", at=MONDAY)

    assert list(Tariff.objects.all()) == [old]
    assert (FreightRate.objects.count(), Event.objects.count()) == (9, told)


def test_a_tariff_that_has_not_begun_is_replaced():
    tariff()
    tariff(valid_from=TOMORROW, **{Reach.PROVINCE: (900, 300)})

    tariff(valid_from=TOMORROW, **{Reach.PROVINCE: (950, 300)})

    assert ask(FURONG, at=MONDAY + dt.timedelta(days=1)) == Freight(950)


def test_who_pays_is_named():
    with pytest.raises(UnableToSetTariff):
        tariffs.offer_free_delivery(funder=FreightFunder.SELLER, from_fen=1, seller_id=None, by="test", at=MONDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        FreeDelivery.objects.create(
            funder=FreightFunder.SELLER, from_fen=1, valid_from=TODAY, changed_by="test", changed_at=MONDAY
        )
