"""The hand-over page: line by line, for the right cash, with the right proof, once."""

import datetime as dt

import pytest
from django.urls import reverse

from core import clock, invariants
from logistics.models import CodeAttempt, Collection, CollectionLine, Consignment, ConsignmentLine
from logistics.services.collections import WaitingHasChanged
from logistics.states import CollectionProof, ConsignmentState
from marketplace.counter.services import handover, proving
from marketplace.order.models import Order
from marketplace.order.states import OrderState
from marketplace.settlement import ledger
from marketplace.settlement.states import AccountKind
from tests.factories import shop
from tests.factories.counter import code_of, qr_of, wrong_code
from tests.factories.photos import jpeg
from tests.integration.counter.conftest import NOW


def page_of(order: Order) -> str:
    return reverse("counter:order", args=[order.number])


def lines_of(order: Order) -> list[ConsignmentLine]:
    return list(ConsignmentLine.objects.filter(consignment__order=order).order_by("pk"))


def sent(order: Order, *, shown_fen: int, code: str | None = None, nonce: str = "n1", do: str = "hand-over", **said):
    """Return the form as a browser sends it; ``said`` is (what, units, reason) by the line's place: ``line1=…``."""
    data = {
        "nonce": nonce,
        "shown_fen": shown_fen,
        "code": code_of(order) if code is None else code,
        "do": do,
        "line": [],
    }
    for place, line in enumerate(lines_of(order), start=1):
        what, units, reason = said.get(f"line{place}", ("TAKEN", line.open, ""))
        data["line"].append(line.pk)
        data |= {f"l{line.pk}-what": what, f"l{line.pk}-units": units, f"l{line.pk}-reason": reason}
        if what == "REJECTED":
            data[f"l{line.pk}-photos"] = jpeg()
    return data


def untouched(order: Order) -> bool:
    return not Collection.objects.exists() and set(order.consignments.values_list("state", flat=True)) == {
        ConsignmentState.AT_POINT
    }


def test_all_is_taken_for_the_cash_that_was_shown(counter):
    order = counter.waiting(quantity=2)
    client = counter.client()
    assert "¥</i>96.00" in client.get(page_of(order)).content.decode()

    response = client.post(page_of(order), sent(order, shown_fen=9600))

    collection = Collection.objects.get()
    assert response["Location"] == reverse("counter:receipt", args=[collection.pk])
    assert (collection.cash_fen, collection.proof, collection.operator) == (
        9600,
        CollectionProof.TYPED_CODE,
        counter.operator,
    )
    order.refresh_from_db()
    assert order.status == OrderState.COMPLETED
    assert ledger.balance(AccountKind.OPERATOR_CASH, party_id=counter.point.pk) == -9600
    assert invariants.findings(["C1", "C2", "M1", "S1"]) == []
    receipt = client.get(response["Location"]).content.decode()
    assert "¥</i>96.00" in receipt
    assert "拿走 2" in receipt
    assert "这单已经提过" not in receipt


def test_lines_are_short_and_rejected_one_by_one(counter):
    order = counter.waiting(quantity=3, lines=3)
    said = {"line2": ("SHORT", 1, "MISSING"), "line3": ("REJECTED", 3, "BROKEN")}

    response = counter.client().post(page_of(order), sent(order, shown_fen=5 * 4500 + 600, **said))

    assert response.status_code == 302
    rows = CollectionLine.objects.order_by("consignment_line_id").values_list("taken", "short", "rejected", "reason")
    assert list(rows) == [(3, 0, 0, ""), (2, 1, 0, "MISSING"), (0, 0, 3, "BROKEN")]
    assert Collection.objects.get().cash_fen == 5 * 4500 + 600
    receipt = counter.client().get(response["Location"]).content.decode()
    assert "少了 1：箱里没有" in receipt
    assert "拒收 3：破损、漏了" in receipt
    assert invariants.findings(["C1", "C2", "M1"]) == []


def test_what_is_not_in_the_parcel_is_not_rejected(counter):
    order = counter.waiting(quantity=1)

    response = counter.client().post(page_of(order), sent(order, shown_fen=0, line1=("REJECTED", 1, "MISSING")))

    assert response.status_code == 422
    assert "箱里没有的，请选“少了”。" in response.content.decode()
    assert not Collection.objects.exists()


def test_nothing_is_paid_where_nothing_is_taken(counter):
    order = counter.waiting(quantity=1)

    counter.client().post(page_of(order), sent(order, shown_fen=0, line1=("REJECTED", 1, "NOT_WANTED")))

    assert Collection.objects.get().cash_fen == 0
    assert ledger.balance(AccountKind.OPERATOR_CASH, party_id=counter.point.pk) == 0


def test_the_amount_is_worked_out_again_without_handing_over(counter):
    order = counter.waiting(quantity=3)
    said = {"line1": ("REJECTED", 2, "SPOILED")}

    response = counter.client().post(page_of(order), sent(order, shown_fen=14100, code="", do="recalculate", **said))

    page = response.content.decode()
    assert response.status_code == 200
    assert 'name="shown_fen" value="5100"' in page
    assert "¥</i>51.00" in page
    assert 'value="REJECTED"' in page.split("checked")[0][-200:]
    assert untouched(order)


def test_cash_that_was_not_shown_is_not_booked(counter):
    order = counter.waiting(quantity=3)
    said = {"line1": ("REJECTED", 2, "SPOILED")}

    response = counter.client().post(page_of(order), sent(order, shown_fen=14100, **said))

    page = response.content.decode()
    assert response.status_code == 422
    assert "应收现金变了" in page
    assert 'name="shown_fen" value="5100"' in page
    assert untouched(order)
    assert counter.client().post(page_of(order), sent(order, shown_fen=5100, **said)).status_code == 302


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (("SHORT", 2, ""), "请选一个原因。"),
        (("SHORT", 2, "NONSENSE"), "请选一个原因。"),
        (("REJECTED", 3, "BROKEN"), "这里只有 2 份。"),
        (("REJECTED", 0, "BROKEN"), "请填 1 以上的整数。"),
        (("REJECTED", "-1", "BROKEN"), "请填 1 以上的整数。"),
        (("REJECTED", "x", "BROKEN"), "请填 1 以上的整数。"),
    ],
)
def test_a_line_that_does_not_add_up_is_refused_above_its_field(counter, said, sentence):
    order = counter.waiting(quantity=2)

    response = counter.client().post(page_of(order), sent(order, shown_fen=9600, line1=said))

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "还没有交货，请看标红的地方。" in page
    assert f'value="{code_of(order)}"' in page, "what was typed is kept"
    assert untouched(order)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "请输买家报出的 8 位提货码。"),
        ("1234", "提货码有 8 位，其中一位输错了"),
        ("wrong", "这个提货码不是这张订单的。"),
        ("XP2.T1.1.1.1.A.AAAA", "这个二维码不是提货码。"),
    ],
)
def test_a_wrong_code_is_refused_above_its_field_and_kept(counter, code, sentence):
    order = counter.waiting()
    typed = wrong_code(order) if code == "wrong" else code

    response = counter.client().post(page_of(order), sent(order, shown_fen=9600, code=typed))

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert f'value="{typed}"' in page or not typed
    assert untouched(order)
    assert CodeAttempt.objects.count() == (1 if code == "wrong" else 0)


def test_the_code_may_be_typed_as_it_is_shown(counter):
    order = counter.waiting()
    code = code_of(order)

    response = counter.client().post(
        page_of(order), sent(order, shown_fen=9600, code=f"{code[:3]} · {code[3:7]} · {code[7:]}")
    )

    assert response.status_code == 302


def test_another_orders_code_or_qr_opens_nothing(counter):
    order, other = counter.waiting(), counter.waiting()

    for code in (code_of(other), qr_of(other)):
        assert counter.client().post(page_of(order), sent(order, shown_fen=9600, code=code)).status_code == 422

    assert untouched(order)
    assert counter.client().post(page_of(order), sent(order, shown_fen=9600, code=qr_of(order))).status_code == 302
    assert Collection.objects.get().proof == CollectionProof.QR


def test_a_qr_that_was_scanned_to_find_the_order_needs_no_code(counter):
    order = counter.waiting()
    client = counter.client()
    client.post(reverse("counter:find"), {"q": qr_of(order)})
    assert 'name="code"' not in client.get(page_of(order)).content.decode()

    response = client.post(page_of(order), sent(order, shown_fen=9600, code=""))

    assert response.status_code == 302
    assert Collection.objects.get().proof == CollectionProof.QR
    assert "counter_qr" not in client.session


def test_a_qr_that_was_scanned_is_forgotten_after_a_while(counter, monkeypatch):
    order = counter.waiting()
    client = counter.client()
    client.post(reverse("counter:find"), {"q": qr_of(order)})

    monkeypatch.setattr(clock, "now", lambda: NOW + dt.timedelta(minutes=16))

    assert 'name="code"' in client.get(page_of(order)).content.decode()
    assert client.post(page_of(order), sent(order, shown_fen=9600, code="")).status_code == 422
    assert untouched(order)


def test_a_scanned_qr_is_void_when_the_code_is_issued_again(counter):
    order = counter.waiting()
    client = counter.client()
    client.post(reverse("counter:find"), {"q": qr_of(order)})
    Order.objects.filter(pk=order.pk).update(code_epoch=2)

    response = client.post(page_of(order), sent(order, shown_fen=9600, code=""))

    page = response.content.decode()
    assert response.status_code == 422
    assert 'name="code"' in page
    assert "可不填" not in page.split('for="id_code"')[1].split("</label>")[0]
    assert untouched(order)


def test_too_many_wrong_codes_close_the_order(counter):
    order = counter.waiting()
    for _ in range(proving.TRIES_PER_ORDER):
        counter.client().post(page_of(order), sent(order, shown_fen=9600, code=wrong_code(order)))

    response = counter.client().post(page_of(order), sent(order, shown_fen=9600))

    assert response.status_code == 422
    assert "错误提货码过多" in response.content.decode()
    assert untouched(order)


def test_the_second_attempt_lands_on_the_first_ones_receipt(counter):
    order = counter.waiting()
    second = counter.client(shop.operator(counter.point))
    page = sent(order, shown_fen=9600, nonce="n2")
    counter.client().post(page_of(order), sent(order, shown_fen=9600))
    first = Collection.objects.get()

    for response in (second.post(page_of(order), page), second.get(page_of(order))):
        assert response["Location"] == f"{reverse('counter:receipt', args=[first.pk])}?again=1"
        receipt = second.get(response["Location"])
        assert receipt.status_code == 200
        assert "这单已经提过，不要再交。" in receipt.content.decode()
        assert counter.operator.get_full_name() in receipt.content.decode()
    assert Collection.objects.count() == 1


def test_the_same_act_sent_again_sees_its_receipt_without_alarm(counter):
    order = counter.waiting()
    client = counter.client()
    page = sent(order, shown_fen=9600)
    first = client.post(page_of(order), page)

    assert client.post(page_of(order), page)["Location"] == first["Location"]
    assert Collection.objects.count() == 1


def test_an_act_that_is_sent_again_hands_over_nothing_that_came_meanwhile(counter):
    order, line = _two_consignments(counter)
    client = counter.client()
    page = sent(order, shown_fen=4500 + 600, line2=("TAKEN", 1, ""))
    page["line"] = page["line"][:1]
    first = client.post(page_of(order), page)
    assert first.status_code == 302
    Consignment.objects.filter(pk=line.consignment_id).update(
        state=ConsignmentState.AT_POINT, arrived_at=NOW, collect_by=NOW + dt.timedelta(days=7)
    )

    assert client.post(page_of(order), page)["Location"].startswith(first["Location"])

    assert Collection.objects.count() == 1
    line.refresh_from_db()
    assert line.open == 1


def test_what_came_while_the_page_was_open_is_not_handed_over_unseen(counter):
    order, line = _two_consignments(counter)
    client = counter.client()
    page = sent(order, shown_fen=4500 + 600)
    page["line"] = page["line"][:1]
    Consignment.objects.filter(pk=line.consignment_id).update(
        state=ConsignmentState.AT_POINT, arrived_at=NOW, collect_by=NOW + dt.timedelta(days=7)
    )

    response = client.post(page_of(order), page)

    assert response.status_code == 422
    assert "这张订单待提的货变了，请再看一遍每一行。" in response.content.decode()
    assert not Collection.objects.exists()
    assert client.post(page_of(order), sent(order, shown_fen=2 * 4500 + 1200)).status_code == 302


def test_the_service_itself_refuses_lines_that_were_not_seen(counter):
    order = counter.waiting(lines=2)
    seen = {lines_of(order)[0].pk}
    arguments = {
        "point": counter.point,
        "outcomes": {},
        "proof": CollectionProof.TYPED_CODE,
        "code": code_of(order),
        "by": counter.operator,
        "at": NOW,
    }

    with pytest.raises(WaitingHasChanged):
        handover.hand_over(order, nonce="n1", seen=seen, **arguments)

    assert untouched(order)
    handover.hand_over(order, nonce="n1", **arguments)
    assert Collection.objects.count() == 1, "the control: unasked, all of it is handed over"


def _two_consignments(counter) -> tuple[Order, ConsignmentLine]:
    """Return an order of two sellers of which the first one's waits, and the line that is still on its way."""
    other = shop.seller(counter.shop.network.stop)
    products = [shop.listing(each, price_fen=4500) for each in (counter.shop.seller, other)]
    order = shop.at_point(shop.order(counter.point, *products))
    late = lines_of(order)[1]
    Consignment.objects.filter(pk=late.consignment_id).update(state=ConsignmentState.IN_TRANSIT)
    return order, late


def test_what_is_still_coming_is_told(counter):
    order, _late = _two_consignments(counter)

    page = counter.client().get(page_of(order)).content.decode()

    assert "这张订单还有 1 张运单在路上。" in page
    assert page.count('class="surface outcome') == 1


def test_an_order_that_has_not_come_shows_where_it_is(counter):
    order = counter.coming()
    client = counter.client()

    response = client.get(page_of(order))

    assert response.status_code == 200
    assert "这张订单现在没有可交的货。" in response.content.decode()
    assert client.post(page_of(order), sent(order, shown_fen=9600)).status_code == 422
    assert not Collection.objects.exists()


def test_an_order_and_its_receipt_are_a_404_at_another_point(counter, elsewhere):
    order = counter.waiting()
    client = elsewhere.client()

    assert client.get(page_of(order)).status_code == 404
    assert client.post(page_of(order), sent(order, shown_fen=9600)).status_code == 404
    assert untouched(order)
    counter.client().post(page_of(order), sent(order, shown_fen=9600))
    receipt = reverse("counter:receipt", args=[Collection.objects.get().pk])
    assert client.get(receipt).status_code == 404
    assert counter.client().get(receipt).status_code == 200


def test_a_nonce_of_another_order_shows_nobody_elses_receipt(counter):
    first, second = counter.waiting(), counter.waiting()
    client = counter.client()
    client.post(page_of(first), sent(first, shown_fen=9600, nonce="same"))

    response = client.post(page_of(second), sent(second, shown_fen=9600, nonce="same"))

    assert response.status_code == 422
    assert Collection.objects.get().order == first


@pytest.mark.parametrize("change", [{"nonce": ""}, {"nonce": "n" * 65}, {"shown_fen": ""}, {"shown_fen": "x"}])
def test_a_form_that_was_tampered_with_hands_over_nothing(counter, change):
    order = counter.waiting()

    response = counter.client().post(page_of(order), sent(order, shown_fen=9600) | change)

    assert response.status_code == 422
    assert untouched(order)
