"""The demonstration's whole network, built once for the tests of a module and rolled back after it."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker

from logistics import demo
from logistics.services import departures
from tests.factories.logistics import MONDAY
from tests.integration.logistics import journeys
from tests.integration.logistics.journeys import Journey
from villages import demo as points


@pytest.fixture(scope="module")
def _hunan(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True  # each test's own block is then the outermost that counts
        block.__enter__()
        call_command("load_divisions", verbosity=0)
        points.open_points(at=MONDAY)
        demo.build_network(at=MONDAY)
        departures.open_departures(at=MONDAY, until=MONDAY.date() + dt.timedelta(days=10))
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


@pytest.fixture
def hunan(_hunan: None, db: None) -> None:
    """600 points, 136 hubs, their lanes and rounds, departures for ten days."""


@pytest.fixture
def journey(db: None) -> Journey:
    return journeys.journey()
