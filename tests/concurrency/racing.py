"""Running the same thing at once in threads, each with its own connection."""

import threading
from collections.abc import Callable, Iterable

from django.db import connection


def race(runners: Iterable[Callable[[], object]]) -> list[object]:
    """Start all runners at one moment; return what each gave or raised, in their order."""
    runners = list(runners)
    start = threading.Barrier(len(runners))
    outcomes: list[object] = [None] * len(runners)

    def run(number: int, runner: Callable[[], object]) -> None:
        try:
            start.wait(timeout=30)
            outcomes[number] = runner()
        except Exception as error:  # noqa: BLE001 - what a runner raised is its outcome
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "a runner hangs"
    return outcomes
