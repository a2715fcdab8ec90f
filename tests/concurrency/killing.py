"""Killing a worker at a named step of its work."""

import os
import signal
import time
import warnings
from collections.abc import Callable

from django.db import connection

from logistics.services import milestones


def killed_at(step: str, work: Callable[[], object]) -> None:
    """Do some work in a process of its own that is killed when it comes to a step."""
    connection.close()  # neither process may use the other's
    if connection.vendor == "postgresql":
        connection.close_pool()
    told, telling = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads: the child touches none of theirs
        child = os.fork()
    if child == 0:
        try:
            milestones.passed = lambda passed: stop(telling) if passed == step else None
            work()
        finally:
            os._exit(1)
    os.close(telling)
    reached = os.read(told, 1)
    os.close(told)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert reached, f"the work never came to {step}"


def stop(telling: int) -> None:
    os.write(telling, b".")
    time.sleep(60)
