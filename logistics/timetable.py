"""Earliest arrival over departures that have room: plain data in, a route out, no database.

Lanes are searched by the Connection Scan Algorithm (J. Dibbelt, T. Pajor, B. Strasser, D. Wagner: "Intriguingly Simple
and Fast Transit Routing", SEA 2013; "Connection Scan Algorithm", ACM JEA 23, 2018): one pass over the lanes in order of
departure. Rounds touch a route only at its two ends, a stop to a hub first and a hub to a stop last, so they stay out
of the pass: the first leg seeds it, the last is looked up after it. One pass from a stop answers every destination;
it is kept and used again for as long as the departures that it found have room.

Times are whole seconds since 1970 (UTC).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from logistics.states import Direction

FAR = 1 << 62
_SETTLED_EVERY = 256  # lanes between two looks whether every hub is settled
_PASSES_KEPT = 4096


@dataclass(slots=True)
class Ride:
    """A departure as the search sees it: what it keeps, and the crates free out and back."""

    departure_id: int
    storage_classes: frozenset[str]
    free_out: int
    free_back: int

    def has_room(self, direction: str, storage_class: str, crates: int) -> bool:
        free = self.free_out if direction == Direction.OUT else self.free_back
        return free >= crates and storage_class in self.storage_classes


class Connection(NamedTuple):
    """One way to get on: of a lane from hub to hub; of a round from its hub to a stop, or from a stop to its hub."""

    departs: int
    arrives: int
    origin: int
    destination: int
    ride: Ride


class Hop(NamedTuple):
    """One leg of a route."""

    departure_id: int
    direction: Direction
    departs: int
    arrives: int


@dataclass(frozen=True, slots=True)
class Route:
    """The legs from a stop to a stop, and when the last of them arrives; no legs where both are the same."""

    arrives: int
    hops: tuple[Hop, ...]


class _Label(NamedTuple):
    """How a hub is reached: from when on one can leave it, by which connection, and after which label."""

    ready: int
    connection: Connection | None
    direction: Direction
    before: "_Label | None"


class Timetable:
    """Connections with their free crates. Searching never changes them; ``take`` and ``give`` do.

    :param lanes: connections between hubs.
    :param outbound: connections of rounds from their hub to a stop.
    :param inbound: connections of rounds from a stop to their hub.
    :param transfer_seconds: what a hub needs between unloading and loading, by hub; ``default_transfer`` elsewhere.
    """

    def __init__(
        self,
        *,
        lanes: Iterable[Connection] = (),
        outbound: Iterable[Connection] = (),
        inbound: Iterable[Connection] = (),
        transfer_seconds: Mapping[int, int] | None = None,
        default_transfer: int = 0,
    ):
        self.lanes = sorted(lanes, key=lambda lane: lane[:4])
        self._lane_departs = [lane.departs for lane in self.lanes]
        self._hubs = {lane.destination for lane in self.lanes} | {lane.origin for lane in self.lanes}
        self.outbound = _by(outbound, key=1)
        self.inbound = _by(inbound, key=0)
        self._inbound_departs = {stop: [c.departs for c in found] for stop, found in self.inbound.items()}
        self.transfer_seconds = dict(transfer_seconds or {})
        self.default_transfer = default_transfer
        self.rides = {
            connection.ride.departure_id: connection.ride
            for group in ([self.lanes], self.outbound.values(), self.inbound.values())
            for connections in group
            for connection in connections
        }
        self._passes: dict[tuple, dict[int, _Label]] = {}

    def route(self, *, origin: int, destination: int, at: int, storage_class: str, crates: int) -> Route | None:
        """Return the route from a stop to a stop that arrives first, or None when there is none.

        :param at: from when the goods are at the stop.
        """
        if origin == destination:
            return Route(at, ())
        key = (origin, storage_class, crates, bisect_left(self._inbound_departs.get(origin, ()), at))
        return self._route(key, destination, lambda: self._seeds(origin, at, storage_class, crates))

    def route_from_hub(self, *, hub: int, destination: int, at: int, storage_class: str, crates: int) -> Route | None:
        """Return the route from a hub, where the goods have been since ``at``, to a stop that arrives first."""
        label = _Label(at, None, Direction.OUT, None)
        return self._route((None, hub, storage_class, crates, at), destination, lambda: {hub: label})

    def _route(self, key: tuple, destination: int, seeds) -> Route | None:
        storage_class, crates = (key[1], key[2]) if key[0] is not None else (key[2], key[3])
        while True:
            labels = self._passes.get(key)
            fresh = labels is None
            if fresh:
                if len(self._passes) >= _PASSES_KEPT:
                    self._passes.clear()
                labels = self._passes[key] = self._scan(seeds(), storage_class, crates)
            hops = self._last_leg(labels, destination, storage_class, crates)
            if hops is None or fresh or all(self._has_room(hop, crates) for hop in hops[:-1]):
                # Room only ever goes while passes are kept, so what an older pass could not reach stays unreached.
                return Route(hops[-1].arrives, hops) if hops else None
            del self._passes[key]

    def _seeds(self, origin: int, at: int, storage_class: str, crates: int) -> dict[int, _Label]:
        """Return how each hub is reached by the first leg, from the stop."""
        labels: dict[int, _Label] = {}
        for connection in self.inbound.get(origin, ()):
            if connection.departs >= at and connection.ride.has_room(Direction.BACK, storage_class, crates):
                hub = connection.destination
                ready = connection.arrives + self._transfer(hub)
                if hub not in labels or ready < labels[hub].ready:
                    labels[hub] = _Label(ready, connection, Direction.BACK, None)
        return labels

    def _scan(self, labels: dict[int, _Label], storage_class: str, crates: int) -> dict[int, _Label]:
        """Complete the seeds to the earliest label of every hub: the pass over the lanes."""
        if not labels:
            return labels
        ready = {hub: label.ready for hub, label in labels.items()}
        everywhere = len(self._hubs | ready.keys())
        transfer, default = self.transfer_seconds, self.default_transfer
        first = bisect_left(self._lane_departs, min(ready.values()))
        for number, connection in enumerate(self.lanes[first:]):
            departs, arrives, origin, destination, ride = connection
            if ready.get(origin, FAR) <= departs:
                then = arrives + transfer.get(destination, default)
                if (
                    then < ready.get(destination, FAR)
                    and ride.free_out >= crates
                    and storage_class in ride.storage_classes
                ):
                    ready[destination] = then
                    labels[destination] = _Label(then, connection, Direction.OUT, labels[origin])
            if number % _SETTLED_EVERY == 0 and len(ready) == everywhere and departs >= max(ready.values()):
                break
        return labels

    def _last_leg(
        self, labels: dict[int, _Label], destination: int, storage_class: str, crates: int
    ) -> tuple[Hop, ...] | None:
        """Return the hops of the best way on from the labelled hubs to the stop."""
        best, best_label = None, None
        for connection in self.outbound.get(destination, ()):
            if best is not None and connection.departs >= best.arrives:
                break
            label = labels.get(connection.origin)
            if (
                label is not None
                and label.ready <= connection.departs
                and (best is None or connection.arrives < best.arrives)
                and connection.ride.has_room(Direction.OUT, storage_class, crates)
            ):
                best, best_label = connection, label
        if best is None:
            return None
        hops = [_hop(best, Direction.OUT)]
        while best_label is not None and best_label.connection is not None:
            hops.append(_hop(best_label.connection, best_label.direction))
            best_label = best_label.before
        return tuple(reversed(hops))

    def _transfer(self, hub: int) -> int:
        return self.transfer_seconds.get(hub, self.default_transfer)

    def _has_room(self, hop: Hop, crates: int) -> bool:
        ride = self.rides[hop.departure_id]
        return (ride.free_out if hop.direction == Direction.OUT else ride.free_back) >= crates

    def take(self, route: Route, crates: int) -> None:
        """Note that a route's crates are taken."""
        for hop in route.hops:
            self._add(hop, -crates)

    def give(self, route: Route, crates: int) -> None:
        """Note that a route's crates are free again; kept passes are forgotten, for there may be better ways now."""
        for hop in route.hops:
            self._add(hop, crates)
        self._passes.clear()

    def correct(self, free: Mapping[int, tuple[int, int]]) -> None:
        """Set the free crates, out and back, of departures as the database has them."""
        more = False
        for departure_id, (free_out, free_back) in free.items():
            ride = self.rides.get(departure_id)
            if ride is not None:
                more = more or free_out > ride.free_out or free_back > ride.free_back
                ride.free_out, ride.free_back = free_out, free_back
        if more:
            self._passes.clear()

    def _add(self, hop: Hop, crates: int) -> None:
        ride = self.rides[hop.departure_id]
        if hop.direction == Direction.OUT:
            ride.free_out += crates
        else:
            ride.free_back += crates


def _by(connections: Iterable[Connection], *, key: int) -> dict[int, list[Connection]]:
    """Return connections by origin (0) or destination (1), each list in order of departure."""
    found: dict[int, list[Connection]] = {}
    for connection in sorted(connections, key=lambda each: each[:4]):
        found.setdefault(connection[2 + key], []).append(connection)
    return found


def _hop(connection: Connection, direction: Direction) -> Hop:
    return Hop(connection.ride.departure_id, direction, connection.departs, connection.arrives)
