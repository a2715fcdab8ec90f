"""Small random networks, and an oracle that tries every way there is on them."""

from dataclasses import dataclass

from hypothesis import strategies as st

from core.storage_class import StorageClass
from logistics.connections import Connection, Ride
from logistics.timetable import Timetable

AMBIENT, CHILLED = StorageClass.AMBIENT, StorageClass.CHILLED
HUBS = st.integers(1, 4)
STOPS = st.integers(901, 903)
CLASSES = st.sets(st.sampled_from([AMBIENT, CHILLED]), min_size=1)
TRANSFER = 2


@dataclass(frozen=True)
class Needs:
    """What hubs need at first, and each of some from a moment on."""

    at_first: dict[int, int]
    changes: dict[int, list[tuple[int, int]]]
    elsewhere: int

    def after(self, hub: int, arrives: int) -> int:
        """Return when what arrives at a hub can be loaded there."""
        needs = [self.at_first.get(hub, self.elsewhere)]
        needs += [seconds for since, seconds in self.changes.get(hub, ()) if since <= arrives]
        return arrives + needs[-1]


@st.composite
def timetables(draw, *, start: int = 0, unit: int = 1, ends: int = 4, room: int = 3) -> tuple[Timetable, Needs]:
    """Return a timetable with what its hubs need, of which some come to need something else.

    :param start: when the first departures may leave, and ``unit`` the seconds that all times are multiples of.
    :param ends: the most connections of rounds each way; ``room`` the most crates that one has free.
    """
    number = iter(range(1, 1000))

    def connection(origin: int, destination: int) -> Connection:
        departs = start + draw(st.integers(0, 40)) * unit
        free = draw(st.integers(0, room)), draw(st.integers(0, room))
        return Connection(
            departs,
            departs + draw(st.integers(1, 12)) * unit,
            origin,
            destination,
            Ride(next(number), frozenset(draw(CLASSES)), *free),
            cutoff=draw(st.integers(0, 3)) * unit if origin < 900 else 0,
        )

    lanes = [
        connection(origin, destination)
        for origin, destination in draw(st.lists(st.tuples(HUBS, HUBS), max_size=9))
        if origin != destination
    ]
    inbound = [connection(stop, hub) for stop, hub in draw(st.lists(st.tuples(STOPS, HUBS), max_size=ends))]
    outbound = [connection(hub, stop) for hub, stop in draw(st.lists(st.tuples(HUBS, STOPS), max_size=ends))]
    transfer = {hub: minutes * unit for hub, minutes in draw(st.dictionaries(HUBS, st.integers(0, 5))).items()}
    changes = {
        hub: [(start + since * unit, minutes * unit)]
        for hub, (since, minutes) in draw(
            st.dictionaries(HUBS, st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=2)
        ).items()
    }
    made = Timetable(
        lanes=lanes,
        inbound=inbound,
        outbound=outbound,
        transfer_seconds=transfer,
        transfer_changes=changes,
        default_transfer=TRANSFER * unit,
    )
    return made, Needs(transfer, changes, TRANSFER * unit)


def arrivals(
    timetable: Timetable,
    *,
    origin: int | None = None,
    hub: int | None = None,
    destination: int,
    at: int,
    storage_class: str,
    crates: int,
    by: int | None = None,
) -> set[int]:
    """Return when goods can arrive, by trying every sequence of departures from a stop, or from a hub.

    :param by: only with this one as the last departure.
    """

    def usable(ride: Ride, free: int) -> bool:
        return free >= crates and storage_class in ride.storage_classes

    after = Needs(timetable.transfer_seconds, timetable.transfer_changes, timetable.default_transfer).after

    def from_hub(hub: int, ready: int) -> set[int]:
        ends = {
            c.arrives
            for c in timetable.outbound.get(destination, ())
            if c.origin == hub
            and c.departs - c.cutoff >= ready
            and by in (None, c.ride.departure_id)
            and usable(c.ride, c.ride.free_out)
        }
        for lane in timetable.lanes:
            if lane.origin == hub and lane.departs - lane.cutoff >= ready and usable(lane.ride, lane.ride.free_out):
                ends |= from_hub(lane.destination, after(lane.destination, lane.arrives))
        return ends

    if hub is not None:
        return from_hub(hub, at)
    found: set[int] = set()
    for c in timetable.inbound.get(origin, ()):
        if c.departs >= at and usable(c.ride, c.ride.free_back):
            found |= from_hub(c.destination, after(c.destination, c.arrives))
    return found
