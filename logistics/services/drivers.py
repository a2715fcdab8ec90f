"""Who drives a departure of a round in place of the round's own driver: this one departure, and from now on.

The round's other days stay as its timetable has them. Whoever drove it before sees it no more, whatever was loaded.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Departure
from logistics.models.network import driven_by
from logistics.services import timetables
from logistics.services.steps import NotTheirs
from logistics.states import DepartureState

STILL_DRIVEN = frozenset({DepartureState.SCHEDULED, DepartureState.DEPARTED})


class UnableToChangeDriver(Exception):
    """This person cannot drive this departure; the sentence is for whoever asked."""


def choosable_by(user):
    """Return the departures whose driver a person may change: of rounds of the own hubs and of the planned division."""
    return Departure.objects.of_rounds_run_by(user, divisions=timetables.divisions_of(user))


@transaction.atomic
def put_on(departure: Departure, *, driver, by, at: dt.datetime) -> Departure:
    """Put a driver on one departure of a round; it may have left.

    :param driver: a user; None for the round's own driver.
    :raises UnableToChangeDriver: when it runs no more, when they drive it as it is or another at that time.
    :raises NotTheirs: by anybody but the workers of the round's hub and the planners of its division.
    """
    rows = locks.lock(Departure.objects.filter(pk=departure.pk, lane=None), rank=locks.Rank.DEPARTURE)
    found = rows.select_related("round").first()
    if found is None or not (isinstance(by, str) or choosable_by(by).filter(pk=found.pk).exists()):
        raise NotTheirs(_("This is not your hub."))
    if found.state not in STILL_DRIVEN:
        raise UnableToChangeDriver(_("This departure is: %(state)s.") % {"state": DepartureState(found.state).label})
    before, after = found.driven_by_id, driver.pk if driver else found.round.driver_id
    if before == after:
        raise UnableToChangeDriver(_("This departure has this driver already."))
    if driver is not None:
        _refuse_two_at_once(found, driver)
    found.driver = driver if after != found.round.driver_id else None
    Departure.objects.filter(pk=found.pk).update(driver=found.driver)
    payload = {"round": found.round_id, "day": found.day.isoformat(), "before": before, "after": after}
    events.append([NewEvent("departure", found.pk, "departure.driver-changed", payload)], by=by, at=at)
    return found


def _refuse_two_at_once(found: Departure, driver) -> None:
    others = Departure.objects.filter(driven_by(driver), state__in=STILL_DRIVEN).exclude(pk=found.pk)
    other = (
        others.filter(departs_at__lt=found.arrives_at, arrives_at__gt=found.departs_at)
        .select_related("round")
        .order_by("departs_at")
        .first()
    )
    if other is not None:
        raise UnableToChangeDriver(
            _("This driver has another round at that time: %(round)s, %(departs)s–%(ends)s.")
            % {
                "round": other.round.name,
                "departs": f"{timezone.localtime(other.departs_at):%H:%M}",
                "ends": f"{timezone.localtime(other.arrives_at):%H:%M}",
            }
        )
