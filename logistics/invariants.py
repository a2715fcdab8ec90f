"""What must always be true of capacity: what is taken is what live legs and live consignments hold."""

from collections.abc import Iterator

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from core.invariants import Finding, check
from logistics.models import Consignment, Departure, Lane, Leg, Round
from logistics.states import ConsignmentState, Direction
from villages.models import PointDay


@check("L1")
def departures_hold_their_legs() -> Iterator[Finding]:
    """The crates taken of a departure, out and back, are those of its live legs."""
    live = Q(legs__released_at=None)
    rows = Departure.objects.annotate(
        going_out=Coalesce(Sum("legs__crates", filter=live & Q(legs__direction=Direction.OUT)), 0),
        coming_back=Coalesce(Sum("legs__crates", filter=live & Q(legs__direction=Direction.BACK)), 0),
    ).exclude(going_out=F("taken_out"), coming_back=F("taken_back"))
    for row in rows.iterator(chunk_size=2000):
        yield Finding(
            "L1",
            f"departure {row.pk}",
            f"taken {row.taken_out} out and {row.taken_back} back, legs hold {row.going_out} and {row.coming_back}",
        )


@check("L1")
def live_legs_are_of_the_route_in_force() -> Iterator[Finding]:
    """No leg of an older route, or of a consignment that was cancelled or waits for a route, is live."""
    stale = Leg.objects.filter(released_at=None).filter(
        Q(parcel=None) & ~Q(route_version=F("consignment__route_version"))
        | Q(consignment__state__in=[ConsignmentState.CANCELLED, ConsignmentState.AWAITING_ROUTE])
    )
    for leg in stale.select_related("consignment").iterator(chunk_size=2000):
        yield Finding("L1", f"consignment {leg.consignment.number}", f"leg {leg} holds crates and should not")


@check("L1")
def point_days_hold_their_consignments() -> Iterator[Finding]:
    """The crates held of a point's day are those of the consignments promised for it that were not cancelled."""
    held = {
        (point_id, day, storage_class): crates
        for point_id, day, storage_class, crates in Consignment.objects.exclude(state=ConsignmentState.CANCELLED)
        .values_list("point_id", "held_day", "storage_class")
        .annotate(together=Sum("crates"))
    }
    for row in PointDay.objects.iterator(chunk_size=2000):
        there = held.get((row.point_id, row.day, row.storage_class), 0)
        if there != row.held:
            yield Finding("L1", f"point-day {row}", f"consignments hold {there}")


@check("T1")
def versions_of_a_line_do_not_overlap() -> Iterator[Finding]:
    """Of the versions of a lane or a round one at most is in force on any day."""
    for model in (Lane, Round):
        rows = model.objects.that_run().order_by("code", "valid_from").values_list("code", "valid_from", "valid_to")
        before = None
        for code, valid_from, valid_to in rows.iterator(chunk_size=2000):
            if before is not None and before[0] == code and (before[1] is None or before[1] > valid_from):
                yield Finding("T1", code, f"the version from {valid_from} begins before the one before it ends")
            before = (code, valid_to)
