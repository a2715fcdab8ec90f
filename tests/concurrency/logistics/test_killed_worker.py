"""A routing worker is killed in the middle of its work; whoever comes next finishes it."""

import datetime as dt
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from core import invariants
from core.events import Event
from logistics.models import Consignment, Leg
from logistics.services import routing
from logistics.states import ConsignmentState
from tests.factories import logistics
from tests.factories.logistics import MONDAY

ROOT = Path(__file__).resolve().parents[3]
BATCH, TOTAL = 20, 200

# The worker says when it is about to write a batch and then waits a moment, inside the transaction, to be killed there.
WORKER = """
import datetime as dt, sys, time
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from logistics.services import routing
written = routing._write
def write(*args, **kwargs):
    written(*args, **kwargs)
    print("writing", flush=True)
    time.sleep(float(sys.argv[4]))
routing._write = write
at = dt.datetime.fromisoformat(sys.argv[2])
while routing.route_waiting(limit=int(sys.argv[3]), at=at, by="task:routing").claimed:
    pass
"""


def start(at: dt.datetime, *, pause: float) -> subprocess.Popen:
    name = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, name, at.isoformat(), str(BATCH), str(pause)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db(transaction=True)
def test_each_of_200_is_routed_exactly_once_though_the_worker_is_killed(settings):
    network = logistics.small_network(crates=1000)
    made = logistics.consignments([(network.stop, network.point)] * TOTAL)

    with start(MONDAY, pause=0.5) as worker:
        for _ in range(6):
            assert worker.stdout.readline() == "writing\n"
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=30)

    states = Counter(Consignment.objects.values_list("state", flat=True))
    assert states == {ConsignmentState.ROUTED: 5 * BATCH, ConsignmentState.AWAITING_ROUTE: TOTAL - 5 * BATCH}
    assert Leg.objects.count() == 4 * 5 * BATCH, "nothing of the batch that was being written is left"
    assert invariants.findings(["L1"]) == []

    restarted_at = MONDAY + dt.timedelta(seconds=settings.ROUTING_LEASE_SECONDS)
    with start(restarted_at, pause=0) as worker:
        worker.communicate(timeout=120)

    assert worker.returncode == 0
    assert set(Consignment.objects.values_list("state", "route_version")) == {(ConsignmentState.ROUTED, 1)}
    events = Counter(Event.objects.filter(name="consignment.routed").values_list("stream_id", flat=True))
    assert events == {consignment.number: 1 for consignment in made}
    assert Leg.objects.count() == 4 * TOTAL
    assert invariants.findings(["L1"]) == []
    assert routing.route_waiting(limit=TOTAL, at=restarted_at, by="test").claimed == 0
