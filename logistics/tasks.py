"""The network's tasks: each calls one service until there is nothing left to do."""

from celery import shared_task
from django.conf import settings

from core import clock
from logistics.services import departures, rerouting, routing, sheet_imports, transfers


@shared_task
def route_waiting() -> None:
    """Route what waits, and what cannot go on as it was planned."""
    rerouting.mend(at=clock.now())
    while routing.route_waiting(limit=settings.ROUTING_BATCH, at=clock.now()).claimed:
        pass


@shared_task
def open_departures() -> None:
    """Open the departures of the days ahead, and look at the connections of hubs that come to need another time."""
    departures.open_departures(at=clock.now())
    transfers.recheck(at=clock.now())


@shared_task
def clear_sheets() -> None:
    """Delete the spreadsheets of timetables that are done with."""
    sheet_imports.clear(at=clock.now())
