"""The whole register, loaded once for the tests of a module and rolled back after it."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module")
def _register(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True  # each test's own block is then the outermost that counts
        block.__enter__()
        call_command("load_divisions", verbosity=0)
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


@pytest.fixture
def register(_register: None, db: None) -> None:
    """All divisions of Hunan."""
