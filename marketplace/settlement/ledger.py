"""Booking: each row moves an amount from one account to another, under a key that books it once."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, Sum

from core import events, locks
from logistics.states import FreightFunder
from marketplace.settlement.models import Account, Posting
from marketplace.settlement.states import AccountKind, PostingKind

BUYER_CLEARING: tuple[str, int] = (AccountKind.BUYER_CLEARING, 0)
UNEARNED: tuple[str, int] = (AccountKind.UNEARNED, 0)
FREIGHT: tuple[str, int] = (AccountKind.FREIGHT, 0)
COMMISSION: tuple[str, int] = (AccountKind.COMMISSION, 0)
REFUNDS: tuple[str, int] = (AccountKind.REFUNDS, 0)
PROVIDER: tuple[str, int] = (AccountKind.PROVIDER, 0)
WRITE_OFFS: tuple[str, int] = (AccountKind.WRITE_OFF, 0)


@dataclass(frozen=True)
class NewPosting:
    """An amount in fen from the ``debit`` account to the ``credit`` account; zero amounts are not booked."""

    key: str
    kind: PostingKind
    debit: tuple[str, int]
    credit: tuple[str, int]
    amount_fen: int
    order_id: int
    consignment_id: int | None = None
    at: dt.datetime | None = None


def seller_payable(seller_id: int) -> tuple[str, int]:
    return (AccountKind.SELLER_PAYABLE, seller_id)


def write_offs_of(seller_id: int) -> tuple[str, int]:
    """What a seller lost in goods that were written off."""
    return (AccountKind.WRITE_OFF, seller_id)


def discount(funder: str, seller_id: int) -> tuple[str, int]:
    """What a funder pays in the buyer's place: a seller's by seller, the platform's in one account."""
    return (AccountKind.DISCOUNT, seller_id if funder == FreightFunder.SELLER else 0)


def point(point_id: int) -> tuple[str, int]:
    """What a point earned."""
    return (AccountKind.POINT, point_id)


def operator_cash(point_id: int) -> tuple[str, int]:
    """Cash in an operator's hands is kept by point: the point answers for it at the daily cash-up."""
    return (AccountKind.OPERATOR_CASH, point_id)


def book(postings: Iterable[NewPosting], *, by, at: dt.datetime) -> list[Posting]:
    """Book postings inside the caller's transaction, in at most three queries.

    :raises django.db.IntegrityError: when one of the keys has been booked before.
    """
    postings = [posting for posting in postings if posting.amount_fen]
    if not postings:
        return []
    if not connection.in_atomic_block:
        raise RuntimeError("postings are booked inside the transaction that they belong to")
    locks.touch(locks.Rank.LEDGER)
    accounts = _accounts({account for posting in postings for account in (posting.debit, posting.credit)})
    actor = events.actor_of(by)
    return Posting.objects.bulk_create(
        Posting(
            key=posting.key,
            kind=posting.kind,
            debit_id=accounts[posting.debit],
            credit_id=accounts[posting.credit],
            amount_fen=posting.amount_fen,
            order_id=posting.order_id,
            consignment_id=posting.consignment_id,
            actor=actor,
            at=posting.at or at,
        )
        for posting in postings
    )


def balance(kind: AccountKind, *, party_id: int = 0) -> int:
    """Return an account's credits less its debits, in fen."""
    sums = Posting.objects.aggregate(
        credit=Sum("amount_fen", filter=Q(credit__kind=kind, credit__party_id=party_id), default=0),
        debit=Sum("amount_fen", filter=Q(debit__kind=kind, debit__party_id=party_id), default=0),
    )
    return sums["credit"] - sums["debit"]


def _accounts(keys: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
    kinds, parties = {kind for kind, _ in keys}, {party for _, party in keys}

    def find() -> dict[tuple[str, int], int]:
        rows = Account.objects.filter(kind__in=kinds, party_id__in=parties).values_list("kind", "party_id", "pk")
        return {(kind, party): pk for kind, party, pk in rows}

    found = find()
    if not keys <= found.keys():
        missing = sorted(keys - found.keys())
        Account.objects.bulk_create(
            [Account(kind=kind, party_id=party) for kind, party in missing], ignore_conflicts=True
        )
        found = find()
    return found
