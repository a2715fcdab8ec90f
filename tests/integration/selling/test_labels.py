"""A label tells the road what it needs and hides who the buyer is, on the page and in the PDF."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from core import phones
from logistics.models import Consignment, Parcel
from marketplace.selling import label_paper, labels
from tests.factories import shop

pytestmark = pytest.mark.django_db
PHONE = "+8613873601234"
DIGITS = PHONE.removeprefix("+86")


@pytest.fixture
def consignment() -> Consignment:
    made = shop.shop()
    seller = shop.user("覃师傅")
    made.seller.users.set([seller])
    shop.packed(shop.order(made.point, shop.listing(made.seller), phone=PHONE))
    return Consignment.objects.get()


@pytest.fixture
def client(consignment) -> Client:
    client = Client()
    client.force_login(consignment.seller.users.get(), backend="marketplace.users.backends.PhoneOrEmailBackend")
    return client


def shown_digits(text: str) -> int:
    """Return how many digits of the phone, in a row and from any place, a text has at most."""
    runs = (DIGITS[start:end] for start in range(11) for end in range(start + 1, 12))
    return max((len(run) for run in runs if re.search(rf"(?<!\d){run}(?!\d)", text)), default=0)


def test_at_least_six_digits_of_the_phone_are_hidden(client, consignment):
    page = client.get(reverse("selling:labels", args=[consignment.number])).content.decode()

    assert "1234" in page
    assert shown_digits(page) <= 11 - 6
    assert shown_digits(f"{page} {DIGITS[:6]}") == 6, "the control: six digits of it would be seen"
    assert DIGITS not in page
    assert consignment.order.contact_name not in page
    assert phones.masked(PHONE).count("*") >= 6


def test_the_pdf_shows_no_more_than_the_page(client, consignment):
    response = client.get(reverse("selling:labels-pdf", args=[consignment.number]))
    assert response["Content-Type"] == "application/pdf"

    drawn = label_paper.draw(labels.of(consignment), compressed=False)

    said = "".join(re.findall(r"\((.*?)\) Tj", drawn.decode("latin-1"))).replace("\\000", "")
    parcel = Parcel.objects.get()
    assert drawn.count(b"/Type /Page\n") == 1
    assert f"({parcel.number})".encode() in drawn
    assert consignment.number in said
    assert "1234" in said
    assert DIGITS[:7] not in said
    assert drawn.count(b" re f") > 100, "its bars and the QR's modules"


def test_there_is_a_label_for_each_parcel(consignment):
    twin = Parcel.objects.get()
    twin.pk, twin.sequence, twin.number = None, 2, "1000000000009"
    twin.save()
    Consignment.objects.update(storage_class="FROZEN")
    consignment.refresh_from_db()

    drawn = label_paper.draw(labels.of(consignment), compressed=False)

    assert drawn.count(b"/Type /Page\n") == 2


def test_a_label_has_the_address_that_the_buyer_is_shown(consignment):
    assert [label.place for label in labels.of(consignment)] == [consignment.point.address]


def test_a_consignment_of_older_books_says_that_it_has_no_parcels(client, consignment):
    page = reverse("selling:consignment", args=[consignment.number])
    sheet = reverse("selling:labels", args=[consignment.number])
    assert sheet in client.get(page).content.decode()
    Parcel.objects.all().delete()

    shown = client.get(page).content.decode()

    assert sheet not in shown
    assert "没有逐件记录" in shown
    assert client.get(sheet).status_code == 404


def test_what_is_not_packed_has_no_labels(client, consignment):
    Consignment.objects.update(packed_at=None)

    assert client.get(reverse("selling:labels-pdf", args=[consignment.number])).status_code == 404
