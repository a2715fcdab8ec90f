import datetime as dt

import pytest
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from core import clock
from core.nudges import nudge
from logistics import tasks
from logistics.models import Consignment, Departure
from logistics.services import routing
from logistics.states import ConsignmentState
from tests.factories import logistics

pytestmark = pytest.mark.django_db


def test_all_is_routed_though_the_broker_loses_every_message(monkeypatch, django_capture_on_commit_callbacks):
    lost = []

    def lose(*args, **kwargs):
        lost.append(kwargs)
        raise OperationalError("the broker is gone")

    monkeypatch.setattr(tasks.route_waiting, "apply_async", lose)
    at = clock.now()
    network = logistics.small_network(open_at=at)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        logistics.consignments([(network.stop, network.point)] * 30, at=at)
        nudge(tasks.route_waiting)
    assert len(lost) == 1
    assert Consignment.objects.filter(state=ConsignmentState.AWAITING_ROUTE).count() == 30

    tasks.route_waiting()

    assert set(Consignment.objects.values_list("state", flat=True)) == {ConsignmentState.ROUTED}


def test_the_sweep_reroutes_what_missed_its_departure():
    long_ago = clock.now() - dt.timedelta(days=2)
    network = logistics.small_network(open_at=long_ago, days=8)
    consignment = logistics.consignment(network.stop, network.point, at=long_ago)
    routing.route_waiting(limit=10, at=long_ago, by="test")

    tasks.route_waiting()

    consignment.refresh_from_db()
    assert (consignment.state, consignment.route_version) == (ConsignmentState.ROUTED, 2)
    assert consignment.legs.filter(released_at=None).first().departs_at > clock.now()


def test_departures_are_opened_for_the_days_ahead():
    logistics.small_network(open_at=None)

    tasks.open_departures()

    last = Departure.objects.latest("day").day
    assert last == clock.today() + dt.timedelta(days=settings.DEPARTURE_HORIZON_DAYS)


@pytest.mark.parametrize("task", ["route_waiting", "open_departures"])
def test_the_schedule_names_the_tasks(task):
    assert getattr(tasks, task).name in {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}
