"""What each step of an order books."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from core import money
from logistics.models import Consignment
from logistics.states import FreightFunder
from marketplace.settlement import ledger
from marketplace.settlement.ledger import NewPosting
from marketplace.settlement.states import PostingKind


@dataclass(frozen=True)
class Value:
    """The value in fen of some units of a consignment, with the consignment that they travel in."""

    consignment: Consignment
    goods_fen: int
    freight_fen: int = 0


def book_due(values: Iterable[Value], *, by, at: dt.datetime) -> None:
    """Book what is due at placing: the buyer owes it, nobody has earned it yet."""
    ledger.book(due(values), by=by, at=at)


def due(values: Iterable[Value]) -> list[NewPosting]:
    """Return the postings of ``book_due``."""
    postings = []
    for value in values:
        for kind, amount in ((PostingKind.GOODS_DUE, value.goods_fen), (PostingKind.FREIGHT_DUE, value.freight_fen)):
            postings.append(
                _posting(f"{kind}:{value.consignment.pk}", kind, ledger.BUYER_CLEARING, ledger.UNEARNED, amount, value)
            )
    return postings


def book_not_delivered(values: Iterable[Value], *, reference: str, was_paid: bool, by, at: dt.datetime) -> None:
    """Book units that were cancelled, short, rejected or expired: the due falls, or a refund is owed if it was paid."""
    ledger.book(not_delivered(values, reference=reference, was_paid=was_paid), by=by, at=at)


def not_delivered(values: Iterable[Value], *, reference: str, was_paid: bool) -> list[NewPosting]:
    """Return the postings of ``book_not_delivered``."""
    owed = ledger.REFUNDS if was_paid else ledger.BUYER_CLEARING
    postings = []
    for value in values:
        amounts = ((PostingKind.NOT_DELIVERED, value.goods_fen), (PostingKind.FREIGHT_WAIVED, value.freight_fen))
        for kind, amount in amounts:
            key = f"{kind}:{reference}:{value.consignment.pk}"
            postings.append(_posting(key, kind, ledger.UNEARNED, owed, amount, value))
    return postings


def earned(values: Iterable[Value], *, reference: str) -> list[NewPosting]:
    """Return the postings of goods that were taken: the seller's part, the commission, the freight and who paid it."""
    postings = []
    for value in values:
        commission = money.share(value.goods_fen, settings.COMMISSION_PERMILLE)
        payable = ledger.seller_payable(value.consignment.seller_id)
        key = f"{reference}:{value.consignment.pk}"
        for kind, account, amount in (
            (PostingKind.EARNED, payable, value.goods_fen - commission),
            (PostingKind.COMMISSION, ledger.COMMISSION, commission),
            (PostingKind.FREIGHT_EARNED, ledger.FREIGHT, value.freight_fen),
        ):
            postings.append(_posting(f"{kind}:{key}", kind, ledger.UNEARNED, account, amount, value))
        consignment = value.consignment
        if value.goods_fen and consignment.freight_funded_fen:
            kind, funder = (
                PostingKind.FREIGHT_FUNDED,
                ledger.discount(consignment.freight_funder, consignment.seller_id),
            )
            funded = consignment.freight_funded_fen
            postings.append(_posting(f"{kind}:{key}", kind, funder, ledger.FREIGHT, funded, value))
    return postings


def written_off(values: Iterable[Value], *, reference: str, bearer: str) -> list[NewPosting]:
    """Return the postings of goods that were written off or lost, which the buyer owes nothing for.

    A seller who bears them is paid nothing for them: the loss stands between the seller's write-offs and all of them.
    Where the platform bears them, it pays the seller their value.
    """
    postings = []
    for value in values:
        seller, kind = value.consignment.seller_id, PostingKind.WRITE_OFF
        if bearer == FreightFunder.PLATFORM:
            debit, credit = ledger.WRITE_OFFS, ledger.seller_payable(seller)
        else:
            debit, credit = ledger.write_offs_of(seller), ledger.WRITE_OFFS
        postings.append(_posting(f"{kind}:{reference}", kind, debit, credit, value.goods_fen, value))
    return postings


def claim_granted(
    consignment: Consignment, *, reference: str, refund_fen: int, taken_fen: int, refunded_before_fen: int
) -> list[NewPosting]:
    """Return the postings of a refund that is granted: the seller's part and the commission become owed to the buyer.

    The commission falls by as much as that of what is still sold, so that many small refunds give back all of it.

    :param taken_fen: the goods that were taken of the consignment. :param refunded_before_fen: granted of them before.
    """
    rest = taken_fen - refunded_before_fen
    commission = money.share(rest, settings.COMMISSION_PERMILLE) - money.share(
        rest - refund_fen, settings.COMMISSION_PERMILLE
    )
    seller, value = ledger.seller_payable(consignment.seller_id), Value(consignment, refund_fen)
    return [
        _posting(f"{kind}:{reference}", kind, account, ledger.REFUNDS, amount, value)
        for kind, account, amount in (
            (PostingKind.CLAIM_GRANTED, seller, refund_fen - commission),
            (PostingKind.COMMISSION_BACK, ledger.COMMISSION, commission),
        )
    ]


def cash_paid_back(*, order_id: int, consignment_id: int, point_id: int, amount_fen: int, reference: str) -> NewPosting:
    """Return the posting of a refund that the operator paid out in cash."""
    return NewPosting(
        f"{PostingKind.REFUND}:{reference}",
        PostingKind.REFUND,
        ledger.REFUNDS,
        ledger.operator_cash(point_id),
        amount_fen,
        order_id,
        consignment_id,
    )


def cash_taken(*, order_id: int, point_id: int, amount_fen: int, reference: str) -> NewPosting:
    """Return the posting of cash that the operator took."""
    return NewPosting(
        f"{PostingKind.CASH_TAKEN}:{reference}",
        PostingKind.CASH_TAKEN,
        ledger.operator_cash(point_id),
        ledger.BUYER_CLEARING,
        amount_fen,
        order_id,
    )


def paid_online(*, order_id: int, amount_fen: int, reference: str) -> NewPosting:
    """Return the posting of what a buyer paid to the provider."""
    kind = PostingKind.PAID_ONLINE
    return NewPosting(f"{kind}:{reference}", kind, ledger.PROVIDER, ledger.BUYER_CLEARING, amount_fen, order_id)


def refund_owed(*, order_id: int, amount_fen: int, reference: str) -> NewPosting:
    """Return the posting of what was paid and bought nothing: it is owed to the buyer."""
    kind = PostingKind.REFUND_OWED
    return NewPosting(f"{kind}:{reference}", kind, ledger.BUYER_CLEARING, ledger.REFUNDS, amount_fen, order_id)


def paid_back(*, order_id: int, amount_fen: int, reference: str) -> NewPosting:
    """Return the posting of a refund that the provider paid out."""
    kind = PostingKind.REFUND
    return NewPosting(f"{kind}:{reference}", kind, ledger.REFUNDS, ledger.PROVIDER, amount_fen, order_id)


def _posting(key: str, kind: PostingKind, debit, credit, amount: int, value: Value) -> NewPosting:
    return NewPosting(key, kind, debit, credit, amount, value.consignment.order_id, value.consignment.pk)
