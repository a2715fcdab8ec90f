"""Which consignments cannot go on as planned, found from the database alone."""

import datetime as dt

from django.conf import settings
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from core.clock import BEIJING
from logistics import snapshots
from logistics.models import Consignment, Departure, Leg, Scan
from logistics.services import breakdowns
from logistics.services.ways import GRACE, UNDER_WAY, comes_in_vain
from logistics.states import NOT_RUNNING, ConsignmentState, Direction, ParcelState, ScanKind
from villages.hours import ONE_DAY
from villages.models import PointHoliday

LOOKED_BACK = dt.timedelta(days=2)  # how long after its end a disturbed departure is still asked about


def found(at: dt.datetime) -> set[int]:
    """Return consignments with a leg that was missed, or on a departure that does not run as it was planned or comes to
    a closed door, or with a parcel that turned up where it was not expected; without those that were looked at in vain
    a moment ago.
    """
    batch = settings.ROUTING_BATCH
    under_way = Leg.objects.in_force().filter(_is_due("consignment__", at), consignment__state__in=UNDER_WAY)
    missed = under_way.filter(loaded_at=None, departs_at__lt=at - GRACE).values_list("consignment_id", flat=True)
    disturbed = Departure.objects.filter(Q(state__in=sorted(NOT_RUNNING)) | Q(delay_minutes__gt=0))
    disturbed = list(disturbed.filter(arrives_at__gt=at - LOOKED_BACK).values_list("pk", "state"))
    stopped = [pk for pk, state in disturbed if state in NOT_RUNNING]
    late = [pk for pk, state in disturbed if state not in NOT_RUNNING]
    dead = under_way.filter(departure__in=stopped).values_list("consignment_id", flat=True)
    # A delay shows where a leg arrives after what the consignment was planned for, or after the next leg has left.
    moved = under_way.filter(departure__in=late)
    follows = Leg.objects.in_force().filter(
        consignment=OuterRef("consignment"), sequence=OuterRef("sequence") + 1, departs_at__lt=OuterRef("arrives_at")
    )
    tight = under_way.filter(is_too_tight=True).values_list("consignment_id", flat=True)
    overtaken = moved.filter(Exists(follows)).values_list("consignment_id", flat=True)
    later = moved.filter(arrives_at__gt=F("consignment__planned_at")).values_list("consignment_id", flat=True)
    # What turned up at a hub lies there until its way leads on from there; most of it does not.
    astray = Scan.objects.filter(
        _is_due("parcel__consignment__", at),
        kind=ScanKind.SURPLUS,
        parcel__state=ParcelState.AT_HUB,
        parcel__hub=F("hub"),
        parcel__consignment__state=ConsignmentState.IN_TRANSIT,
    ).values_list("parcel__consignment_id", flat=True)
    withdrawn = Consignment.objects.filter(breakdowns.TAKEN_BACK, _is_due("", at)).order_by(_longest_ago(""), "pk")
    troubled: set[int] = set(withdrawn.values_list("pk", flat=True)[:batch])
    for query in (dead, overtaken, tight, missed, later):
        troubled |= set(query.order_by(_longest_ago("consignment__"), "consignment_id").distinct()[:batch])
    troubled |= set(astray.order_by(_longest_ago("parcel__consignment__"), "pk")[:batch])
    for point, moment in (("consignment__point", "arrives_at"), ("consignment__origin_stop", "departs_at")):
        near = _near_days_off(under_way, point, moment)
        troubled |= set(in_vain(near.order_by(_longest_ago("consignment__"), "consignment_id"), at=at)[:batch])
    return troubled


def in_vain(legs: QuerySet[Leg], *, at: dt.datetime) -> list[int]:
    """Return the consignments of some legs ahead whose round would call at a stop while that is closed, in their order.

    What is aboard already is left alone: who drives it finds the door closed, and takes it back to the hub.
    """
    closings = snapshots.current(at).closings
    if not closings:
        return []
    brought = Q(direction=Direction.OUT, consignment__point__in=closings)
    taken = Q(direction=Direction.BACK, consignment__origin_stop__in=closings)
    ahead = legs.filter(brought | taken, departure__round__isnull=False, loaded_at=None, departs_at__gte=at - GRACE)
    rows = ahead.select_related("departure", "consignment")
    return list(dict.fromkeys(row.consignment_id for row in rows if comes_in_vain(row, row.consignment, closings)))


def _near_days_off(legs: QuerySet[Leg], point: str, moment: str) -> QuerySet[Leg]:
    """Return the legs at whose moment, or on the day after it, a point has days off.

    Of a hundred thousand legs these are the few that have to be compared with the point's hours.
    """
    next_day = TruncDate(ExpressionWrapper(F(moment) + ONE_DAY, DateTimeField()), tzinfo=BEIJING)
    legs = legs.annotate(day=TruncDate(moment, tzinfo=BEIJING), next_day=next_day)
    off = PointHoliday.objects.filter(point=OuterRef(point), withdrawn_at=None)
    return legs.filter(Exists(off.filter(first_day__lte=OuterRef("next_day"), last_day__gte=OuterRef("day"))))


def _is_due(prefix: str, at: dt.datetime) -> Q:
    until = f"{prefix}routing_lease_until"
    return Q(**{until: None}) | Q(**{f"{until}__lte": at})


def _longest_ago(prefix: str):
    return F(f"{prefix}routing_lease_until").asc(nulls_first=True)
