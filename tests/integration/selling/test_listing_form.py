"""The seller's form: a photo that is none, one of 10 MB and more, and every other thing that can be typed wrongly."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from catalogue.models import Product
from core.models import Event
from marketplace.partner.models import StockRecord
from tests.factories import shop

pytestmark = pytest.mark.django_db


def photo(name: str = "photo.jpg", *, side: int = 400, padding: int = 0) -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (side, side), "#c76a1a").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue() + b"\0" * padding, content_type="image/jpeg")


@pytest.fixture
def made():
    return shop.shop()


@pytest.fixture
def seller(made):
    person = shop.user()
    made.seller.users.add(person)
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client


def data(**changes) -> dict:
    return {
        "title": "桃源富硒茶",
        "category": shop.category("茶叶/绿茶").pk,
        "price": "88.50",
        "on_hand": "30",
        "pack": "250g/罐",
        "storage_class": "AMBIENT",
        "description": "<p>好茶<script>alert(1)</script></p>",
        "photo": photo(),
    } | changes


def refused(response, *words: str) -> str:
    text = response.content.decode()
    assert response.status_code == 422
    for word in words:
        assert word in text, word
    assert 'value="桃源富硒茶"' in text
    assert not Product.objects.filter(title="桃源富硒茶").exists()
    return text


def test_a_listing_is_added_with_its_stock_and_photo(seller, made):
    response = seller.post(reverse("selling:listing-add"), data())

    assert response.status_code == 302
    product = Product.objects.get(title="桃源富硒茶")
    record = product.stockrecords.get()
    assert (product.seller, product.state, product.category_path) == (made.seller, "LISTED", "茶叶/绿茶")
    assert (record.price, record.num_in_stock) == (88.50, 30)
    assert "script" not in product.description
    image = product.images.get()
    assert default_storage.exists(image.original.name)
    assert not image.is_illustration
    assert Client().get(product.get_absolute_url()).status_code == 200


def test_a_photo_of_more_than_10_mb_is_refused(seller):
    refused(seller.post(reverse("selling:listing-add"), data(photo=photo(padding=10 * 1024 * 1024 + 1))), "10")


def test_a_photo_that_is_none_is_refused(seller):
    text_file = SimpleUploadedFile("photo.jpg", b"this is no photo at all", content_type="image/jpeg")
    refused(seller.post(reverse("selling:listing-add"), data(photo=text_file)), "照片")


def test_a_listing_without_a_photo_is_refused(seller):
    refused(seller.post(reverse("selling:listing-add"), data(photo="")), "照片")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", "0"), ("price", "-5"), ("price", "abc"), ("price", "1.234"), ("price", "9999999"),
        ("on_hand", "-1"), ("on_hand", "1.5"), ("on_hand", ""), ("category", ""), ("category", "999999"),
        ("storage_class", "HOT"), ("harvest_from_month", "5"), ("shelf_life_days", "0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(field, value, seller):
    refused(seller.post(reverse("selling:listing-add"), data(**{field: value})), 'class="err"')


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("pack", "长" * 60, "最多 40 个字"), ("price", "1" * 12, "太"), ("description", "a\0b", "存不下")],
)
def test_limits_are_told_in_plain_words(field, value, words, seller):
    refused(seller.post(reverse("selling:listing-add"), data(**{field: value})), words)


def test_the_stock_cannot_fall_below_what_is_sold(seller, made):
    product = shop.listing(made.seller, on_hand=10, title="桃源富硒茶之前")
    shop.order(made.point, product, quantity=4)

    response = seller.post(reverse("selling:listing-edit", args=[product.pk]), data(on_hand="3", photo=""))

    assert response.status_code == 422
    assert "4" in response.content.decode()
    product.refresh_from_db()
    assert product.title == "桃源富硒茶之前"
    assert StockRecord.objects.get(product=product).num_in_stock == 10


def test_a_change_of_stock_is_an_adjusted_movement_and_an_event(seller, made):
    product = shop.listing(made.seller, on_hand=10)

    assert (
        seller.post(reverse("selling:listing-edit", args=[product.pk]), data(on_hand="7", photo="")).status_code == 302
    )

    record = StockRecord.objects.get(product=product)
    assert list(record.movements.order_by("pk").values_list("kind", "quantity")) == [("OPENING", 10), ("ADJUSTED", -3)]
    assert Event.objects.filter(stream="listing", name="listing.stock_set").count() == 2


def test_packing_by_the_console_makes_labels_that_hide_the_phone(seller, made):
    order = shop.order(made.point, shop.listing(made.seller), quantity=8, phone="+8613812345678")
    consignment = shop.routed(order)[0]

    response = seller.post(reverse("selling:consignment", args=[consignment.number]), {"parcels": "2"})

    assert response["Location"] == reverse("selling:labels", args=[consignment.number])
    labels = seller.get(response["Location"]).content.decode()
    assert all(parcel.number in labels for parcel in consignment.parcels.all())
    assert "5678" in labels
    assert "1234" not in labels.replace(consignment.number, "")
    assert "张小满" not in labels


@pytest.mark.parametrize("field", ["price", "on_hand"])
def test_a_figure_that_is_too_large_gets_one_sentence(seller, field):
    response = seller.post(reverse("selling:listing-add"), data(**{field: "99999999999"}))

    refused(response)
    assert len(response.context["form"].errors[field]) == 1


def test_categories_are_named_in_the_language_of_the_page(seller):
    shop.category("茶叶/绿茶")
    page = reverse("selling:listing-add")
    assert "茶叶 / 绿茶" in seller.get(page).content.decode()

    seller.cookies["django_language"] = "en"

    assert "Tea / Green tea" in seller.get(page).content.decode()


def test_a_field_that_is_left_out_is_asked_for_plainly():
    page = Client().post(reverse("customer:register"), {"action": "register"}).content.decode()

    assert "姓名：请填写。" in page
    assert "必填项" not in page
