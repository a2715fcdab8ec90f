import datetime as dt
from itertools import pairwise

import pytest
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from core import clock, invariants
from core.nudges import nudge
from logistics import tasks
from logistics.models import Consignment, Departure, Leg, SheetImport
from logistics.services import departures, routing
from logistics.states import ConsignmentState, DepartureState
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


def test_all_is_mended_though_the_broker_loses_every_message(monkeypatch):
    def lose(*args, **kwargs):
        raise OperationalError("the broker is gone")

    monkeypatch.setattr(tasks.route_waiting, "apply_async", lose)
    at = clock.now()
    network = logistics.small_network(open_at=at, days=8)
    made = logistics.consignments([(network.stop, network.point)] * 12, at=at)
    tasks.route_waiting()
    cancelled, delayed = Departure.objects.filter(legs__sequence__in=(1, 3)).distinct().order_by("departs_at")
    departures.cancel([cancelled], by="test", at=at, reason="no-vehicle")
    departures.delay(delayed, minutes=600, by="test", at=at)
    closed = Departure.objects.filter(lane__origin=network.prefecture, departs_at__lt=at + dt.timedelta(days=2))
    departures.cancel(closed.exclude(pk=delayed.pk), by="test", at=at, reason="closure")

    tasks.route_waiting()

    assert set(Consignment.objects.values_list("state", "route_version")) == {(ConsignmentState.ROUTED, 2)}
    live = Leg.objects.in_force()
    assert live.count() == 4 * len(made)
    assert not live.exclude(departure__state=DepartureState.SCHEDULED).exists()
    for row in Consignment.objects.all():
        legs = list(live.filter(consignment=row).order_by("sequence"))
        assert all(leg.arrives_at <= after.departs_at for leg, after in pairwise(legs))
    assert invariants.findings(["L1"]) == []


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


def test_spreadsheets_that_are_done_with_go_and_others_stay():
    planner, now = logistics.planner(), clock.now()
    kept = []
    for days, applied, stays in ((6, None, True), (8, None, False), (40, 29, True), (40, 31, False)):
        made = SheetImport.objects.create(
            user=planner,
            file_name="x.xlsx",
            valid_from=now.date(),
            sheets={"tables": {}, "seen": {}},
            uploaded_at=now - dt.timedelta(days=days),
            applied_at=applied and now - dt.timedelta(days=applied),
        )
        kept += [made.pk] if stays else []

    tasks.clear_sheets()

    assert list(SheetImport.objects.order_by("pk").values_list("pk", flat=True)) == kept


@pytest.mark.parametrize("task", ["route_waiting", "open_departures", "clear_sheets"])
def test_the_schedule_names_the_tasks(task):
    assert getattr(tasks, task).name in {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}
