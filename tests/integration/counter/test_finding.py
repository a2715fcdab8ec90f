"""What the operator types or scans leads to an order of the own point, or to one and the same refusal."""

import pytest
from django.urls import reverse

from logistics.models import Parcel
from marketplace.order.services import reissuing
from tests.factories import shop
from tests.factories.counter import code_of, qr_of
from tests.factories.shop import MONDAY

FIND = reverse("counter:find")
NOT_HERE = "本网点没有这个号码的货。"


def find(client, text: str):
    return client.post(FIND, {"q": text})


def page_of(order) -> str:
    return reverse("counter:order", args=[order.number])


def test_each_number_leads_to_the_order(counter):
    order = counter.waiting(phone="+8613874122260")
    client = counter.client()
    consignment = order.consignments.get()
    parcel = Parcel.objects.get(consignment=consignment)

    for text in (order.number, f" {parcel.number[:7]} {parcel.number[7:]} ", consignment.number, "2260", qr_of(order)):
        response = find(client, text)
        assert (response.status_code, response["Location"]) == (302, page_of(order)), text


def test_a_tail_that_two_orders_have_lets_the_operator_choose(counter):
    first, second = (counter.waiting(phone=phone) for phone in ("+8613874122260", "+8613900002260"))
    counter.waiting(phone="+8613900002261")

    response = find(counter.client(), "2260")

    assert response["Location"] == f"{FIND}?tail=2260"
    text = counter.client().get(response["Location"]).content.decode()
    assert page_of(first) in text
    assert page_of(second) in text
    assert text.count("尾号 2260") >= 2
    assert "2261" not in text


def test_a_phone_and_a_name_are_shown_masked_only(counter):
    order = counter.waiting(phone="+8613874122260")
    client = counter.client()

    for url in (reverse("counter:waiting"), f"{FIND}?tail=2260", page_of(order), reverse("counter:index")):
        text = client.get(url).content.decode()
        assert "张小满" not in text, url
        assert "1387412" not in text, url
        assert code_of(order) not in text, url
    assert "张**" in client.get(page_of(order)).content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "请输号码，或扫二维码。"),
        ("张小满", "请输数字：件号、订单号，或手机最后 4 位。"),
        ("123", "您输了 3 位。"),
        ("48239175", "这是提货码。请先用手机尾号找到订单。"),
        ("XP2.T1.123456789012.1.1.A.AAAA", "这个二维码不是提货码。"),
    ],
)
def test_what_cannot_be_read_is_explained_above_the_field_and_kept(counter, text, sentence):
    response = find(counter.client(), text)

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert f'value="{text}"' in page or not text
    assert page.index(sentence) < page.index('name="q"')


def test_a_mistyped_digit_is_noticed(counter):
    number = counter.waiting().number
    mistyped = number[:-1] + str((int(number[-1]) + 1) % 10)

    response = find(counter.client(), mistyped)

    assert response.status_code == 422
    assert "有一位数字输错了" in response.content.decode()


def test_what_is_typed_and_at_another_point_is_refused_like_what_does_not_exist(counter, elsewhere):
    order = counter.waiting(phone="+8613874122260")
    parcel = Parcel.objects.get(consignment__order=order)
    theirs, mine = elsewhere.client(), counter.client()

    for text in (order.number, parcel.number, order.consignments.get().number):
        assert find(mine, text).status_code == 302, "the control: at the own point it is found"
        response = find(theirs, text)
        assert response.status_code == 404, text
        assert NOT_HERE in response.content.decode()
    unknown = find(theirs, "000000000000")
    assert (unknown.status_code, NOT_HERE in unknown.content.decode()) == (404, True)
    tail = find(theirs, "2260")
    assert tail.status_code == 404
    assert "本网点没有尾号 2260 的待提货。" in tail.content.decode()


def test_a_qr_of_another_point_leaves_no_proof_behind(counter, elsewhere):
    order = counter.waiting()
    client = elsewhere.client()

    find(client, qr_of(order))

    assert "counter_qr" not in client.session


def test_an_operator_of_two_points_works_at_the_chosen_one(counter):
    other = counter.shop.network.stop
    shop.operator(other, person=counter.operator)
    order = counter.waiting(phone="+8613874122260")
    client = counter.client()

    client.post(reverse("counter:choose-point"), {"point": counter.point.pk})
    assert find(client, "2260").status_code == 302
    response = client.post(reverse("counter:choose-point"), {"point": other.pk})
    assert response["Location"] == reverse("counter:index")
    assert other.name in client.get(response["Location"]).content.decode()
    assert find(client, order.number).status_code == 404


def test_a_point_of_somebody_else_cannot_be_chosen(counter, elsewhere):
    client = counter.client()

    for point in (elsewhere.operator.operator_of.get().point_id, 0, "", "x"):
        assert client.post(reverse("counter:choose-point"), {"point": point}).status_code == 404

    assert "counter_point" not in client.session


def test_whoever_left_the_point_comes_in_no_more(counter, at_noon):
    client = counter.client()
    assert client.get(reverse("counter:index")).status_code == 200

    counter.operator.operator_of.update(until=at_noon)

    assert client.get(reverse("counter:index")).status_code == 404


def test_a_void_qr_opens_nothing_and_says_so(counter):
    order, client = counter.waiting(), counter.client()
    old = qr_of(order)
    order = reissuing.reissue(order, by=None, at=MONDAY)

    response = find(client, old)

    assert response.status_code == 422
    assert "这个二维码作废了" in response.content.decode()
    assert find(client, qr_of(order))["Location"] == page_of(order)
