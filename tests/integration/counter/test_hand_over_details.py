"""What comes with a hand-over: who collects for the buyer, photos of what is rejected, how it was paid, the cap."""

import pytest
from django.urls import reverse

from core import invariants
from core.events import Event
from logistics.models import Collection
from logistics.states import CounterPayment
from marketplace.counter.models import CashUp
from marketplace.counter.services import cash
from marketplace.counter.services.cash import UnableToCashUp
from marketplace.counter.states import Reason
from marketplace.evidence.models import Photo
from tests.factories import shop
from tests.factories.photos import jpeg
from tests.integration.counter.conftest import NOW
from tests.integration.counter.test_handing_over import lines_of, page_of, sent, untouched
from villages.models import Operator
from villages.states import OperatorRole


def handed(counter, order, *, shown_fen: int = 9600, client=None, **more):
    return (client or counter.client()).post(
        page_of(order), sent(order, shown_fen=shown_fen, nonce=f"n{order.pk}") | more
    )


def owner(counter):
    person = shop.user()
    Operator.objects.create(point=counter.point, user=person, role=OperatorRole.OWNER, since=NOW)
    return person


def test_somebody_else_collects_by_name_and_phone(counter):
    order = counter.waiting()

    response = handed(counter, order, **{"collector-name": "李小红", "collector-phone": "139 0000 1234"})

    collection = Collection.objects.get()
    assert (collection.collector_name, collection.collector_phone) == ("李小红", "+8613900001234")
    receipt = counter.client().get(response["Location"]).content.decode()
    assert "代取人" in receipt
    assert "李小红" not in receipt
    assert "13900001234" not in receipt
    told = Event.objects.get(name="consignment.collected").payload
    assert told["by_other"] is True
    assert "李小红" not in str(told)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"collector-name": "李小红"}, "姓名和手机号都要填"),
        ({"collector-phone": "13900001234"}, "姓名和手机号都要填"),
        ({"collector-name": "李小红", "collector-phone": "123"}, "手机号有 11 位数字"),
    ],
)
def test_half_a_collector_is_refused_and_kept(counter, typed, sentence):
    order = counter.waiting()

    response = handed(counter, order, **typed)

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert all(f'value="{value}"' in page for value in typed.values())
    assert untouched(order)


@pytest.mark.parametrize("reason", [each for each in Reason if each != Reason.MISSING])
def test_rejected_goods_are_shown_in_a_photo_that_only_the_point_sees(counter, elsewhere, reason):
    order = counter.waiting(quantity=3)
    said = {"line1": ("REJECTED", 2, reason)}
    data = sent(order, shown_fen=5100, **said)
    line = lines_of(order)[0]
    without = {key: value for key, value in data.items() if not key.endswith("photos")}
    refused = counter.client().post(page_of(order), without)
    assert "请拍一张照片" in refused.content.decode()
    assert untouched(order)

    # A wrong code refuses the form; the photo stays.
    refused = counter.client().post(page_of(order), data | {"code": "1"})
    (photo,) = Photo.objects.all()
    assert f'value="{photo.token}"' in refused.content.decode()
    response = counter.client().post(page_of(order), without | {f"l{line.pk}-photos-kept": photo.token})

    collection = Collection.objects.get()
    photo.refresh_from_db()
    assert photo.matter == f"collection-line:{collection.lines.get().pk}"
    address = reverse("counter:photo", args=[collection.pk, photo.pk])
    assert address in counter.client().get(response["Location"]).content.decode()
    assert counter.client().get(address).content[:4] == b"RIFF"
    assert elsewhere.client().get(address).status_code == 404


def test_a_photo_that_is_no_photo_keeps_everything_else(counter):
    order = counter.waiting(quantity=3)
    data = sent(order, shown_fen=5100, line1=("REJECTED", 2, "BROKEN"))
    line = lines_of(order)[0]
    no_photo = jpeg()
    no_photo.file.seek(0)
    no_photo.file.truncate(10)
    data[f"l{line.pk}-photos"] = no_photo

    response = counter.client().post(page_of(order), data)

    page = response.content.decode()
    assert response.status_code == 422
    assert "不是照片" in page
    assert f'value="{data["code"]}"' in page
    assert untouched(order)


def test_a_scan_of_the_operators_own_code_counts_as_cash(counter, settings):
    settings.OPERATOR_CASH_CAP_FEN = 9600
    order, other = counter.waiting(), counter.waiting()

    handed(counter, order, paid_by="OPERATOR_SCAN")

    assert Collection.objects.get().paid_by == CounterPayment.OPERATOR_SCAN
    assert cash.held_fen(counter.point.pk, counter.operator.pk) == 9600
    refused = handed(counter, other)
    assert "现金会超过 ¥96.00" in refused.content.decode()
    assert untouched_but_first(other)
    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []
    second = counter.client(shop.operator(counter.point))
    assert handed(counter, other, client=second).status_code == 302, "the cap is of each operator"


def untouched_but_first(order) -> bool:
    return not Collection.objects.filter(order=order).exists()


def test_the_cash_is_counted_and_the_owner_signs_it_off(counter, settings):
    settings.OPERATOR_CASH_CAP_FEN = 10_000
    handed(counter, counter.waiting())
    boss, client, address = owner(counter), counter.client(), reverse("counter:cash")
    assert "¥</i>96.00" in client.get(address).content.decode()

    refused = client.post(address, {"counted": "90"})
    assert refused.status_code == 422
    assert "请写明原因" in refused.content.decode()
    assert 'value="90"' in refused.content.decode()
    assert client.post(address, {"counted": "90", "note": "找错了钱"}).status_code == 302

    made = CashUp.objects.get()
    assert (made.expected_fen, made.counted_fen, made.difference_fen, made.signed_at) == (9600, 9000, -600, None)
    assert handed(counter, counter.waiting()).status_code == 422, "it is still in the operator's hands"
    assert client.post(reverse("counter:cash-sign", args=[made.pk])).status_code == 302
    made.refresh_from_db()
    assert made.signed_at is None, "nobody signs off the own cash but an owner"
    boss_client = counter.client(boss)
    assert "等店主签收" not in boss_client.get(address).content.decode()
    boss_client.post(reverse("counter:cash-sign", args=[made.pk]))
    made.refresh_from_db()
    assert made.signed_by == boss
    assert handed(counter, counter.waiting()).status_code == 302
    assert list(Event.objects.filter(stream="cash_up").values_list("name", flat=True)) == [
        "cash.counted",
        "cash.signed",
    ]


def test_nothing_is_counted_twice(counter):
    handed(counter, counter.waiting())
    cash.count_up(counter.point, counted_fen=9600, note="", by=counter.operator, at=NOW)

    with pytest.raises(UnableToCashUp):
        cash.count_up(counter.point, counted_fen=0, note="", by=counter.operator, at=NOW)
    handed(counter, counter.waiting())
    with pytest.raises(UnableToCashUp):
        cash.count_up(counter.point, counted_fen=9600, note="", by=counter.operator, at=NOW)
    assert CashUp.objects.count() == 1


def test_somebody_elses_cash_up_is_not_there(counter, elsewhere):
    handed(counter, counter.waiting())
    made = cash.count_up(counter.point, counted_fen=9600, note="", by=counter.operator, at=NOW)

    assert elsewhere.client().post(reverse("counter:cash-sign", args=[made.pk])).status_code == 404
    assert "96.00" not in elsewhere.client().get(reverse("counter:cash")).content.decode()
