"""The nightly check."""

import logging

from celery import shared_task

from core import invariants

log = logging.getLogger(__name__)


@shared_task
def check_invariants() -> None:
    """Check every promise and log each row that breaks one."""
    for finding in invariants.findings():
        log.error("broken promise %s", finding)
