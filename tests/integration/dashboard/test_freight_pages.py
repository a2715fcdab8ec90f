"""Platform staff set the tariff and free delivery, sellers their own; the order's page says who pays."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.storage_class import StorageClass
from logistics.freight import FreightRequest, freights
from logistics.models import FreeDelivery, FreightRate, Tariff
from logistics.services import tariffs
from logistics.services.tariffs import FAR
from logistics.states import FreightFunder, Reach
from marketplace.order.models import Order
from tests.factories import shop
from tests.factories.shop import MONDAY
from villages import known_names

pytestmark = pytest.mark.django_db
ADD, FREIGHT, OWN = reverse("dashboard:freight-add"), reverse("dashboard:freight"), reverse("selling:free-delivery")
NAMES = {
    "430000000000": "湖南省", "430100000000": "长沙市", "430700000000": "常德市",
    "430723000000": "澧县", "430726000000": "石门县", "430102000000": "芙蓉区",
}  # fmt: skip


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    monkeypatch.setattr(known_names, "names", lambda: NAMES)


def client_of(person) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client


@pytest.fixture
def staff() -> Client:
    return client_of(shop.user(is_staff=True))


def typed(**changed) -> dict[str, str]:
    """What is typed for a tariff: each crate ¥5.00, each further one ¥2.50."""
    fields = {
        f"{storage_class}-{reach}-{part}".lower(): "5" if part == "first" else "2.50"
        for storage_class in StorageClass.values
        for reach in FAR
        for part in ("first", "further")
    }
    return fields | {"valid_from": "2026-03-03", "note": "春季", "pairs": "2"} | changed


def pair(number: int, origin: str, destination: str, first: str = "4", further: str = "1") -> dict[str, str]:
    names = {"storage_class": "AMBIENT", "origin": origin, "destination": destination, "first": first}
    return {f"pair-{number}-{name}": value for name, value in (names | {"further": further}).items()}


def test_a_tariff_is_set_with_a_pair_of_counties_that_were_typed_by_name(staff):
    answer = staff.post(ADD, typed(**pair(0, "石门县", "长沙市 芙蓉区")))

    assert answer.status_code == 302
    rate = FreightRate.objects.get(reach=Reach.PAIR)
    assert (rate.origin_county, rate.destination_county, rate.first_fen, rate.further_fen) == (
        "430726000000", "430102000000", 400, 100,
    )  # fmt: skip
    assert set(FreightRate.objects.exclude(reach=Reach.PAIR).values_list("first_fen", "further_fen")) == {(500, 250)}
    tomorrow = MONDAY + dt.timedelta(days=1)
    asked = FreightRequest(1, "430726001001", "430102001001", "AMBIENT", 2, 0)
    assert freights([asked], at=tomorrow)[0].fen == 500
    assert "2026-03-03 起" in staff.get(FREIGHT).content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"chilled-province-first": "五元"}, "请用数字填写金额"),
        ({"chilled-province-first": ""}, "请填写金额。"),
        ({"chilled-province-first": "-1"}, "不能"),
        ({"valid_from": "明天"}, "日期请写成 2026-03-02。"),
        (pair(0, "不存在县", "石门县"), "没有这个县，请从列表里选。"),
        (pair(0, "县", "石门县"), "有几个县叫这个名字"),
        (pair(0, "石门县", ""), "这一行缺这一项。"),
        (pair(1, "石门县", "澧县", first=""), "这一行缺这一项。"),
        (pair(0, "石门县", "澧县") | pair(1, "石门县", "澧县"), "同样的县"),
    ],
)
def test_what_is_wrong_stands_beside_it_and_what_was_typed_is_kept(staff, wrong, said):
    answer = staff.post(ADD, typed(note="记得这句", **wrong))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'class="err"' in text or 'class="note bad' in text
    assert "记得这句" in text
    assert all(value in text for value in wrong.values() if value)
    if said not in ("不能", "同样的县"):
        assert said in text
    assert Tariff.objects.count() == 0


def test_a_day_that_has_begun_is_refused_beside_the_day(staff):
    staff.post(ADD, typed(valid_from="2026-03-02"))

    answer = staff.post(ADD, typed(valid_from="2026-03-02"))

    assert answer.status_code == 422
    assert "id_valid_from_error1" in answer.content.decode()
    assert Tariff.objects.count() == 1


def test_more_rows_keep_what_was_typed_and_set_nothing(staff):
    text = staff.post(ADD, typed(more="1", **pair(1, "石门县", "澧县"))).content.decode()

    assert 'name="pairs" value="5"' in text
    assert 'name="pair-1-origin" value="石门县"' in text
    assert Tariff.objects.count() == 0


def test_the_form_begins_with_the_tariff_that_holds_last(staff):
    staff.post(ADD, typed(**pair(0, "石门县", "澧县", first="4.20")))

    text = staff.get(ADD).content.decode()

    assert 'value="4.20"' in text
    assert 'value="常德市石门县"' in text


def test_the_platform_offers_free_delivery_and_ends_it(staff):
    offer = {"from_yuan": "199", "valid_from": "2026-03-02", "valid_to": ""}
    assert staff.post(reverse("dashboard:freight-offer"), offer).status_code == 302
    assert FreeDelivery.objects.get().from_fen == 19_900
    assert "199.00" in staff.get(FREIGHT).content.decode()

    staff.post(reverse("dashboard:freight-end"))

    assert FreeDelivery.objects.get().valid_to == MONDAY.date()


@pytest.mark.parametrize(
    "wrong", [{"from_yuan": "x"}, {"valid_from": "2026-03-01"}, {"valid_from": "2026-03-05", "valid_to": "2026-03-05"}]
)
def test_an_offer_that_cannot_be_is_refused_beside_its_field(staff, wrong):
    offer = {"from_yuan": "199", "valid_from": "2026-03-02", "valid_to": ""} | wrong

    answer = staff.post(reverse("dashboard:freight-offer"), offer)

    assert answer.status_code == 422
    assert 'class="err"' in answer.content.decode()
    assert FreeDelivery.objects.count() == 0


def test_a_seller_sets_changes_and_ends_the_own_offer_only():
    made = shop.shop()
    person = shop.user()
    made.seller.users.set([person])
    other = shop.seller(made.point)
    tariffs.offer_free_delivery(funder=FreightFunder.SELLER, from_fen=1, seller_id=other.pk, by="test", at=MONDAY)
    client = client_of(person)
    own = FreeDelivery.objects.filter(seller=made.seller)

    for yuan in ("99", "88.50"):
        assert client.post(OWN, {"from_yuan": yuan}).status_code == 302
    assert own.get(valid_to=None).from_fen == 8_850
    assert client.post(OWN, {"from_yuan": "多"}).status_code == 422
    assert "88.50" in client.get(OWN).content.decode()
    client.post(OWN, {"end": "1"})

    assert not own.filter(valid_to=None).exists()
    assert FreeDelivery.objects.get(seller=other).valid_to is None


def test_the_orders_page_says_who_pays_the_freight():
    made, buyer = shop.shop(), shop.user()
    product = shop.listing(made.seller)
    paid = shop.order(made.point, product, by=buyer)
    tariffs.offer_free_delivery(funder=FreightFunder.PLATFORM, from_fen=1, seller_id=None, by="test", at=MONDAY)
    free = shop.order(made.point, product, by=buyer)

    def page(order: Order) -> str:
        return client_of(buyer).get(reverse("customer:order", args=[order.number])).content.decode()

    assert "由平台承担" in page(free)
    assert "承担" not in page(paid)
