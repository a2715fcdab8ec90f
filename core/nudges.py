"""Nudges: telling Celery after commit, with every error ignored, since sweeps find what a broker lost."""

import logging

from django.db import transaction

log = logging.getLogger(__name__)


def nudge(task, **arguments) -> None:
    """Send a task once the surrounding transaction has committed; a broker that is down is a log line and no more."""

    def send() -> None:
        try:
            task.apply_async(kwargs=arguments, retry=False, ignore_result=True)
        except Exception as error:  # noqa: BLE001 - any broker error: the sweep will find the work
            log.warning("not nudged: %s (%s)", task.name, error)

    transaction.on_commit(send, robust=True)
