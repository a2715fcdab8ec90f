"""An operator leaves a point: what they may do without network ends with it."""

import datetime as dt

from django.db import transaction

from logistics.services import leases
from villages.models import Operator
from villages.services import operators


@transaction.atomic
def remove(operator: Operator, *, by, at: dt.datetime) -> None:
    """End somebody's work at a point, and the offline lease that they took there.

    :raises operators.UnableToRemove: for the owner, and for whoever is gone already.
    """
    leases.only_one(operator.point_id)
    operators.remove(operator, by=by, at=at)
    leases.end_those_of(operator, by=by, at=at)
