"""Two transactions commit against the order of their ids: no reader of positions loses one, a reader of ids does."""

import threading

import pytest
from django.db import connection, transaction

from core import events
from core.events import NewEvent
from core.models import Event, EventPosition
from tests.factories.shop import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def committed_against_id_order():
    """Begin a transaction that appends first, commit another in between, then commit the first; read in between."""
    appended, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            events.append([NewEvent("test", "slow", "test.slow")], by="slow", at=MONDAY)
            appended.set()
            assert go_on.wait(timeout=20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert appended.wait(timeout=20)
    with transaction.atomic():
        events.append([NewEvent("test", "fast", "test.fast")], by="fast", at=MONDAY)
    yield lambda: (go_on.set(), thread.join(timeout=20))
    go_on.set()
    thread.join(timeout=20)


@pytest.mark.postgres
def test_a_reader_of_positions_loses_no_event(committed_against_id_order):
    finish = committed_against_id_order
    seen: list[str] = []

    def handle(batch):
        seen.extend(event.name for _position, event in batch)

    events.publish()
    events.read("test", handle)
    assert seen == ["test.fast"]
    finish()
    events.publish()
    events.read("test", handle)

    assert seen == ["test.fast", "test.slow"]
    slow, fast = Event.objects.get(name="test.slow"), Event.objects.get(name="test.fast")
    assert slow.pk < fast.pk
    assert list(EventPosition.objects.order_by("position").values_list("position", flat=True)) == [1, 2]


@pytest.mark.postgres
def test_the_control_a_reader_of_ids_loses_one(committed_against_id_order):
    finish = committed_against_id_order
    bookmark, seen = 0, []

    def read_by_id():
        nonlocal bookmark
        for event in Event.objects.filter(pk__gt=bookmark).order_by("pk"):
            seen.append(event.name)
            bookmark = event.pk

    read_by_id()
    finish()
    read_by_id()

    assert seen == ["test.fast"]


def test_publishers_and_appenders_at_once_give_dense_positions():
    from tests.concurrency.racing import race

    def append(number):
        def run():
            for n in range(5):
                with transaction.atomic():
                    events.append([NewEvent("test", f"{number}", f"test.{n}")], by="test", at=MONDAY)
                events.publish()

        return run

    outcomes = race([append(number) for number in range(6)])
    while events.publish():
        pass

    assert outcomes == [None] * 6
    assert list(EventPosition.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 31))
    versions = Event.objects.order_by("stream_id", "version").values_list("stream_id", "version")
    assert list(versions) == [(str(stream), version) for stream in range(6) for version in range(1, 6)]
