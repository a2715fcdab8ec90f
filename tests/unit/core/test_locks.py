import pytest
from django.db import transaction

from core import locks
from core.locks import LockOrderError, Rank

pytestmark = pytest.mark.django_db


def test_locks_go_up_and_may_repeat():
    with transaction.atomic():
        for rank in (Rank.ORDER, Rank.CONSIGNMENT, Rank.CONSIGNMENT, Rank.LEDGER):
            locks.touch(rank)


def test_an_earlier_kind_after_a_later_one_is_refused():
    with transaction.atomic():
        locks.touch(Rank.STOCK)
        with pytest.raises(LockOrderError):
            locks.touch(Rank.ORDER)


def test_an_inner_block_belongs_to_the_outer_one():
    with transaction.atomic():
        locks.touch(Rank.DEPARTURE)
        with transaction.atomic(), pytest.raises(LockOrderError):
            locks.touch(Rank.STOCK)


def test_a_new_transaction_begins_anew():
    with transaction.atomic():
        locks.touch(Rank.LEDGER)
    with transaction.atomic():
        locks.touch(Rank.ORDER)


def test_outside_a_transaction_nothing_is_locked():
    with pytest.raises(LockOrderError):
        locks.touch(Rank.ORDER)
