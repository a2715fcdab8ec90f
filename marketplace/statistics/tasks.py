"""The sweep of the statistics."""

from celery import shared_task

from core import events
from marketplace.statistics.services import rollups


@shared_task
def read_sales() -> None:
    """Publish events and add them to the rollups until none is left."""
    events.publish()
    while rollups.read_events():
        pass
