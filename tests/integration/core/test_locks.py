"""Row locks are taken in one order within a transaction, and each transaction begins anew."""

import pytest
from django.db import transaction

from core import locks
from core.locks import LockOrderError, Rank


@transaction.atomic
def take(*ranks: Rank) -> None:
    for rank in ranks:
        locks.touch(rank)


@pytest.mark.parametrize("transactional", [False, True])
def test_a_later_kind_is_never_locked_first(request, transactional):
    request.getfixturevalue("transactional_db" if transactional else "db")

    take(Rank.ORDER, Rank.CONSIGNMENT, Rank.CONSIGNMENT, Rank.LEDGER)
    with pytest.raises(LockOrderError):
        take(Rank.STOCK, Rank.ORDER)


@pytest.mark.parametrize("transactional", [False, True])
def test_a_decorated_function_begins_anew_at_each_call(request, transactional):
    request.getfixturevalue("transactional_db" if transactional else "db")

    take(Rank.ORDER, Rank.LEDGER)
    take(Rank.ORDER, Rank.LEDGER)


@pytest.mark.parametrize("transactional", [False, True])
def test_a_transaction_inside_keeps_to_the_order_of_the_one_around_it(request, transactional):
    request.getfixturevalue("transactional_db" if transactional else "db")

    with pytest.raises(LockOrderError), transaction.atomic():
        take(Rank.LEDGER)
        take(Rank.ORDER)


@pytest.mark.parametrize("transactional", [False, True])
def test_no_lock_is_taken_outside_a_transaction(request, transactional):
    request.getfixturevalue("transactional_db" if transactional else "db")

    with pytest.raises(LockOrderError):
        locks.touch(Rank.ORDER)
