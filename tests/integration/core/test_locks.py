"""Row locks are taken in one order within a transaction, and each transaction begins anew."""

import pytest
from django.db import transaction

from core import locks
from core.locks import LockOrderError, Rank

# Below a test's own transaction ours are savepoints; without one they are real.
in_both = pytest.mark.parametrize(
    "kind",
    [
        pytest.param("savepoint", marks=pytest.mark.django_db),
        pytest.param("transaction", marks=pytest.mark.django_db(transaction=True)),
    ],
)


@transaction.atomic
def take(*ranks: Rank) -> None:
    for rank in ranks:
        locks.touch(rank)


@in_both
def test_a_later_kind_is_never_locked_first(kind):
    take(Rank.ORDER, Rank.CONSIGNMENT, Rank.CONSIGNMENT, Rank.LEDGER)
    with pytest.raises(LockOrderError):
        take(Rank.STOCK, Rank.ORDER)


@in_both
def test_a_decorated_function_begins_anew_at_each_call(kind):
    take(Rank.ORDER, Rank.LEDGER)
    take(Rank.ORDER, Rank.LEDGER)


@in_both
def test_a_transaction_inside_keeps_to_the_order_of_the_one_around_it(kind):
    with pytest.raises(LockOrderError), transaction.atomic():
        take(Rank.LEDGER)
        take(Rank.ORDER)


@in_both
def test_no_lock_is_taken_outside_a_transaction(kind):
    with pytest.raises(LockOrderError):
        locks.touch(Rank.ORDER)
