"""Ways: where each parcel of a consignment is, or will be next, and the legs that lie ahead of it from there."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from logistics import snapshots
from logistics.connections import Closing
from logistics.models import Consignment, Leg, Parcel, Scan
from logistics.states import NOT_RUNNING, ConsignmentState, DepartureState, Direction, ParcelState, ScanKind

UNSENT = frozenset({ConsignmentState.ROUTED, ConsignmentState.PACKED})
UNDER_WAY = UNSENT | {ConsignmentState.IN_TRANSIT}
GRACE = dt.timedelta(minutes=20)  # that a loading may be late before the departure counts as missed


class Place(NamedTuple):
    """Where goods are, or will be next: a hub or the seller's stop, and from when; and whether they still come."""

    hub: int | None
    stop: int | None
    since: dt.datetime
    is_coming: bool = False


@dataclass
class Way:
    """A parcel's place, and the legs that lie ahead of it from there.

    :param is_met: somebody is at the stops ahead when the round calls there.
    """

    parcel: Parcel
    place: Place
    ahead: list[Leg]
    is_met: bool = True

    def holds(self, at: dt.datetime) -> bool:
        """Tell whether the legs ahead can be ridden as they are planned."""
        if not self.ahead:
            return False
        first = self.ahead[0]
        return (
            _start_of(first) == self.place[:2]
            and first.departs_at >= at - GRACE
            and self.place.since <= max(first.departs_at, at)
            and self.is_met
            and all(_runs(leg) for leg in self.ahead)
            and not any(leg.is_too_tight for leg in self.ahead[0 if self.place.is_coming else 1 :])
            and all(leg.arrives_at <= after.departs_at for leg, after in pairwise(self.ahead))
        )


def _runs(leg: Leg) -> bool:
    """Tell whether a leg can still be got on: a vehicle that has left calls at its stops all the same."""
    state = leg.departure.state
    return state == DepartureState.SCHEDULED or (state == DepartureState.DEPARTED and leg.direction == Direction.BACK)


def _start_of(leg: Leg) -> tuple[int | None, int | None]:
    departure = leg.departure
    if departure.lane:
        return departure.lane.origin_id, None
    if leg.direction == Direction.OUT:
        return departure.round.hub_id, None
    return None, leg.consignment.origin_stop_id


def ways_of(consignment: Consignment, at: dt.datetime) -> list[Way]:
    """Return the way ahead of each parcel that can be given another one; of what is not packed yet, the one to be."""
    found = _every_way(consignment, at)
    closings = snapshots.current(at).closings
    return [
        Way(parcel, place, ahead, not any(comes_in_vain(leg, consignment, closings) for leg in ahead))
        for parcel, place, ahead in found
        if place is not None and (ahead or parcel.state != ParcelState.LOADED)
    ]


def comes_in_vain(leg: Leg, consignment: Consignment, closings: Mapping[int, Sequence[Closing]]) -> bool:
    """Tell whether a round calls at a stop while that is closed: to bring the consignment, or to take it along.

    :param leg: with its departure. :param closings: as the timetable has them.
    """
    if leg.departure.round_id is None:
        return False
    if leg.direction == Direction.OUT:
        arrives = int(leg.arrives_at.timestamp())
        return any(each.too_late <= arrives < each.ends for each in closings.get(consignment.point_id, ()))
    departs = int(leg.departs_at.timestamp())
    return any(each.begins <= departs < each.ends for each in closings.get(consignment.origin_stop_id, ()))


def stranded_ways(consignment: Consignment, at: dt.datetime) -> list[Way]:
    """Return the ways that were ahead of the parcels aboard a vehicle that does not go on; their place is not known."""
    stopped = consignment.parcels.filter(state=ParcelState.LOADED, departure__state__in=sorted(NOT_RUNNING))
    stranded = set(stopped.values_list("pk", flat=True))
    if not stranded:
        return []
    nowhere = Place(None, None, at)
    found = _every_way(consignment, at)
    return [Way(parcel, nowhere, ahead) for parcel, _, ahead in found if parcel.pk in stranded]


def are_together(ways: list[Way], consignment: Consignment) -> bool:
    """Tell whether all of a consignment stands in one place; what was left behind once is among them when it lies there
    too, since from there on it need not travel alone.
    """
    if len({way.place[:2] for way in ways}) != 1 or len(ways) != consignment.parcels.count():
        return False
    lie = all(way.parcel.state == ParcelState.AT_HUB for way in ways)
    return lie or not any(way.parcel.strayed for way in ways)


def _every_way(consignment: Consignment, at: dt.datetime) -> list[tuple[Parcel, Place | None, list[Leg]]]:
    legs: dict[int | None, list[Leg]] = {}
    in_force = Leg.objects.in_force().filter(consignment=consignment).order_by("route_version", "sequence")
    for leg in in_force.select_related("departure__lane", "departure__round"):
        leg.consignment = consignment
        legs.setdefault(leg.parcel_id, []).append(leg)
    parcels = list(consignment.parcels.all())
    if not parcels:
        if consignment.state not in UNSENT:
            return []
        at_stop = Place(None, consignment.origin_stop_id, at)
        return [(Parcel(), at_stop, legs.get(None, []))]
    done = _done(parcels, legs)
    found = []
    for parcel in parcels:
        own = legs.get(_key(parcel), [])
        ahead = [leg for leg in own if _rank(leg) > done[parcel.pk]]
        # It may still ride a vehicle that it got on before it had a way of its own.
        aboard = next((leg for leg in [*own, *legs.get(None, [])] if leg.departure_id == parcel.departure_id), None)
        found.append((parcel, _place(parcel, consignment, aboard, at), ahead))
    return found


def _done(parcels: list[Parcel], legs: dict[int | None, list[Leg]]) -> dict[int, tuple[int, int]]:
    """Return for each parcel the last leg that is behind it.

    Those that ride together and lie in one place have the same behind them, however each of them came there.
    """
    ridden = set(Scan.objects.filter(parcel__in=parcels, kind=ScanKind.LOADED).values_list("parcel_id", "departure_id"))
    groups: dict[tuple, tuple[int, int]] = {}
    for parcel in parcels:
        own = [_rank(leg) for leg in legs.get(_key(parcel), []) if (parcel.pk, leg.departure_id) in ridden]
        groups[_group(parcel)] = max([*own, groups.get(_group(parcel), (0, 0))])
    return {parcel.pk: groups[_group(parcel)] for parcel in parcels}


def _key(parcel: Parcel) -> int | None:
    return parcel.pk if parcel.strayed else None


def _group(parcel: Parcel) -> tuple:
    return _key(parcel), parcel.state, parcel.hub_id, parcel.departure_id


def _rank(leg: Leg) -> tuple[int, int]:
    return leg.route_version, leg.sequence


def _place(parcel: Parcel, consignment: Consignment, aboard: Leg | None, at: dt.datetime) -> Place | None:
    """Return where a parcel can be taken on from; None where nobody can tell, or where it has come to its end."""
    if parcel.state in {ParcelState.PACKED, ParcelState.AT_STOP}:
        return Place(None, consignment.origin_stop_id, at)
    if parcel.state == ParcelState.AT_HUB:
        return Place(parcel.hub_id, None, at)
    if parcel.state != ParcelState.LOADED or aboard is None or aboard.departure.state in NOT_RUNNING:
        return None  # what is aboard a vehicle that broke down goes on from the hub that unloads it
    ends = aboard.departure.lane.destination_id if aboard.departure.lane else aboard.departure.round.hub_id
    return Place(ends, None, max(at, aboard.arrives_at), is_coming=True)
