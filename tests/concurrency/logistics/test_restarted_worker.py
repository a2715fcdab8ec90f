"""A worker is killed while it routes; another is started as in operation, with its beat, and the clock is read."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from core import clock, invariants
from core.events import Event
from logistics import tasks
from logistics.models import Consignment, Departure, Leg
from logistics.states import ConsignmentState
from tests.concurrency.logistics.test_killed_steps import RECOVERED_WITHIN, killed_at
from tests.factories import logistics

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0  # seconds; far more than is allowed, so that a late recovery is told from none

# Celery's worker with its beat, as `celery worker --beat` starts it, on the test's database and a broker of its own. Of
# the schedule only the sweep of routing is left, with the interval that is configured.
WORKER = """
import sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
folder = sys.argv[2]
settings.CELERY_BROKER_URL = "filesystem://"
settings.CELERY_BROKER_TRANSPORT_OPTIONS = dict.fromkeys(
    ("data_folder_in", "data_folder_out", "control_folder"), folder
)
settings.CELERY_BEAT_SCHEDULE = {"route-waiting": settings.CELERY_BEAT_SCHEDULE["route-waiting"]}
from config.celery import app
app.worker_main(["worker", "--beat", "--pool=solo", "--loglevel=INFO", f"--schedule={folder}/beat"])
"""


@contextlib.contextmanager
def worker(folder: Path) -> Iterator[subprocess.Popen]:
    """Start a worker, wait until it says that it is ready, and end it with its beat."""
    name = str(connection.settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, name, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: [said.put(line) for line in process.stdout])
    reader.start()
    try:
        heard = []
        while not heard or " ready." not in heard[-1]:
            heard.append(said.get(timeout=PATIENCE))
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
        reader.join(timeout=10)
        process.stdout.close()


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_worker_held_is_routed_within_15_seconds_of_the_restart(tmp_path):
    """Counted from when the worker is ready: how long Python takes to start is the machine's affair."""
    now = clock.now()
    network = logistics.small_network(crates=6, open_at=now)
    made = logistics.consignments([(network.stop, network.point)] * 3, crates=2, at=now)
    waiting = Consignment.objects.filter(state=ConsignmentState.AWAITING_ROUTE)

    killed_at("legs-written", tasks.route_waiting)
    assert waiting.filter(routing_lease_until__gt=clock.now()).count() == 3, "the dead worker still holds them"

    with worker(tmp_path):
        ready = time.monotonic()
        while waiting.exists() and time.monotonic() - ready < PATIENCE:
            time.sleep(0.1)
        took = time.monotonic() - ready

    assert took <= RECOVERED_WITHIN
    assert set(Consignment.objects.values_list("state", "route_version")) == {(ConsignmentState.ROUTED, 1)}
    assert Counter(Leg.objects.values_list("consignment_id", flat=True)) == {each.pk: 4 for each in made}
    told = Event.objects.filter(name="consignment.routed").values_list("stream_id", flat=True)
    assert Counter(told) == {each.number: 1 for each in made}
    taken = Departure.objects.values_list("taken_out", "taken_back")
    assert (sum(out for out, _ in taken), sum(back for _, back in taken)) == (3 * 3 * 2, 3 * 2)
    assert invariants.findings(["L1"]) == []
