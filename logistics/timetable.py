"""Earliest arrival over departures that have room: plain data in, a route out, no database.

Lanes are searched by the Connection Scan Algorithm (J. Dibbelt, T. Pajor, B. Strasser, D. Wagner: "Intriguingly Simple
and Fast Transit Routing", SEA 2013; "Connection Scan Algorithm", ACM JEA 23, 2018): one pass over the lanes in order of
departure. Rounds touch a route only at its two ends, a stop to a hub first and a hub to a stop last, so they stay out
of the pass: the first leg seeds it, the last is looked up after it. One pass answers every destination, and every stop
whose goods reach the same hub at the same time; it is kept and used again for as long as the departures that it found
have room.

Times are whole seconds since 1970 (UTC).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from logistics.connections import Closing, Connection, Hop, Rounds, Route
from logistics.states import Direction

FAR = 1 << 62
_SETTLED_EVERY = 256  # lanes between two looks whether every hub is settled
_PASSES_KEPT = 4096


class _Label(NamedTuple):
    """How a hub is reached: from when on one can leave it, by which lane, and after which label."""

    ready: int
    lane: Connection | None
    before: "_Label | None"
    hub: int


class _Unfolding(dict):
    """The connections of stops at which somebody is there, each stop's made when it is first asked for."""

    def __init__(
        self,
        made: Mapping[int, list[Connection]],
        make: Callable[[int], list[Connection]],
        order: Callable[[Connection], object],
        is_met: Callable[[Connection], bool] = lambda connection: True,
    ):
        self._make, self._order, self._is_met = make, order, is_met
        super().__init__({stop: self._sorted(found) for stop, found in made.items()})

    def __missing__(self, stop: int) -> list[Connection]:
        found = self[stop] = self._sorted(self._make(stop))
        return found

    def _sorted(self, connections: Iterable[Connection]) -> list[Connection]:
        return sorted(filter(self._is_met, connections), key=self._order)


class Timetable:
    """Connections with their free crates. Searching never changes them; ``take`` and ``give`` do.

    :param lanes: connections between hubs.
    :param outbound: connections of rounds from their hub to a stop.
    :param inbound: connections of rounds from a stop to their hub.
    :param rounds: rounds that are unfolded when they are needed, in place of the two before.
    :param transfer_seconds: what a hub needs after unloading before anything can be loaded, by hub;
        ``default_transfer`` elsewhere.
    :param transfer_changes: by hub, moments in their order and what it needs for what arrives from each on.
    :param closings: the days on which stops stay closed; no round calls there then.
    """

    def __init__(
        self,
        *,
        lanes: Iterable[Connection] = (),
        outbound: Iterable[Connection] = (),
        inbound: Iterable[Connection] = (),
        rounds: Rounds | None = None,
        transfer_seconds: Mapping[int, int] | None = None,
        transfer_changes: Mapping[int, Sequence[tuple[int, int]]] | None = None,
        default_transfer: int = 0,
        closings: Mapping[int, Sequence[Closing]] | None = None,
    ):
        rounds = self._rounds = rounds or Rounds()
        outbound, inbound = list(outbound), list(inbound)
        self.closings = dict(closings or {})
        self.transfer_seconds = dict(transfer_seconds or {})
        self.transfer_changes = dict(transfer_changes or {})
        self.default_transfer = default_transfer
        self._lay(lanes)
        self._made_outbound, self._made_inbound = _by(outbound, key=3), _by(inbound, key=2)
        self._unfold()
        self.rides = {c.ride.departure_id: c.ride for c in (*self.lanes, *outbound, *inbound)}
        self.rides |= {ride.departure_id: ride for ride in rounds.rides()}
        self._passes: dict[tuple, dict[int, _Label]] = {}

    def _lay(self, lanes: Iterable[Connection]) -> None:
        self.lanes = sorted(lanes, key=lambda lane: lane[:4])
        self._lane_departs = [lane.departs for lane in self.lanes]
        self._lane_ready = [lane.arrives + self.transfer(lane.destination, lane.arrives) for lane in self.lanes]
        self._hubs = {lane.destination for lane in self.lanes} | {lane.origin for lane in self.lanes}
        closings: dict[int, set[int]] = {}
        for lane in self.lanes:
            closings.setdefault(lane.origin, set()).add(lane.departs - lane.cutoff)
        self._closings = {hub: sorted(found) for hub, found in closings.items()}

    def _unfold(self) -> None:
        outbound = self._made_outbound, self._rounds.outbound, _by_arrival
        inbound = self._made_inbound, self._rounds.inbound, _by_departure
        self.outbound = _Unfolding(*outbound, self._is_received)
        self.inbound = _Unfolding(*inbound, self._is_given_out)
        self._calls = {False: (self.outbound, self.inbound), True: (_Unfolding(*outbound), _Unfolding(*inbound))}

    def _is_received(self, last: Connection) -> bool:
        found = self.closings.get(last.destination, ())
        return not any(closing.too_late <= last.arrives < closing.ends for closing in found)

    def _is_given_out(self, first: Connection) -> bool:
        found = self.closings.get(first.origin, ())
        return not any(closing.begins <= first.departs < closing.ends for closing in found)

    def route(
        self,
        *,
        origin: int,
        destination: int,
        at: int,
        storage_class: str,
        crates: int,
        not_before: int = 0,
        by: int | None = None,
        also_closed: bool = False,
    ) -> Route | None:
        """Return the route from a stop to a stop that arrives first, or None when there is none.

        :param at: from when the goods are at the stop.
        :param not_before: what would arrive earlier does not count; it waits at the last hub.
        :param by: keep to the routes whose last departure is this one.
        :param also_closed: as if no stop were ever closed.
        """
        if origin == destination:
            return Route(max(at, not_before), ())
        outbound, inbound = self._calls[also_closed]
        first = self._first_legs(inbound[origin], at, storage_class, crates)
        if not first:
            return None
        seeds = {hub: ready for hub, (ready, _connection) in first.items()}
        found = self._route(seeds, outbound[destination], storage_class, crates, not_before, by)
        if found is None:
            return None
        hub, hops = found
        return Route(hops[-1].arrives, (_hop(first[hub][1], Direction.BACK), *hops))

    def route_from_hub(
        self,
        *,
        hub: int,
        destination: int,
        at: int,
        storage_class: str,
        crates: int,
        not_before: int = 0,
        by: int | None = None,
        also_closed: bool = False,
    ) -> Route | None:
        """Return the route from a hub, where the goods can be loaded from ``at`` on, to a stop that arrives first."""
        outbound, _inbound = self._calls[also_closed]
        found = self._route({hub: at}, outbound[destination], storage_class, crates, not_before, by)
        return Route(found[1][-1].arrives, found[1]) if found else None

    def _first_legs(
        self, found: Sequence[Connection], at: int, storage_class: str, crates: int
    ) -> dict[int, tuple[int, Connection]]:
        """Return for each hub that rounds bring goods to from a stop from when on they can be loaded there at the
        earliest, and by which connection."""
        first: dict[int, tuple[int, Connection]] = {}
        hubs = len({connection.destination for connection in found})
        latest = FAR
        for connection in found[bisect_left(found, at, key=_departs) :]:
            if connection.departs >= latest:
                break  # every hub that can be reached is, and sooner
            hub = connection.destination
            best = first[hub][0] if hub in first else FAR
            if connection.arrives >= best or not connection.ride.has_room(Direction.BACK, storage_class, crates):
                continue
            ready = connection.arrives + self.transfer(hub, connection.arrives)
            if ready < best:
                first[hub] = ready, connection
                if len(first) == hubs:
                    latest = max(each for each, _connection in first.values())
        return first

    def _route(
        self,
        seeds: dict[int, int],
        last: Sequence[Connection],
        storage_class: str,
        crates: int,
        not_before: int,
        by: int | None,
    ) -> tuple[int, tuple[Hop, ...]] | None:
        """Return the hub of the seed that the best route begins at, and its hops from there on."""
        # What comes to a hub between two of its lanes goes on by the same one: both share a pass. (Where there are
        # two hubs to begin at, one may be reached from the other before its own next lane.)
        caught = {hub: self._next_closing(hub, ready) for hub, ready in seeds.items()} if len(seeds) == 1 else seeds
        key = (tuple(sorted(caught.items())), storage_class, crates)
        while True:
            labels = self._passes.get(key)
            fresh = labels is None
            if fresh:
                if len(self._passes) >= _PASSES_KEPT:
                    self._passes.clear()
                labels = self._passes[key] = self._scan(caught, storage_class, crates)
            found = self._last_leg(labels, seeds, last, storage_class, crates, not_before, by)
            if found is None or fresh or all(self._has_room(hop, crates) for hop in found[1][:-1]):
                # Room only ever goes while passes are kept, so what an older pass could not reach stays unreached.
                return found
            del self._passes[key]

    def _next_closing(self, hub: int, ready: int) -> int:
        """Return when the first lane closes that goods can catch which are ready at a hub then."""
        closings = self._closings.get(hub, ())
        following = bisect_left(closings, ready)
        return closings[following] if following < len(closings) else FAR

    def _scan(self, seeds: dict[int, int], storage_class: str, crates: int) -> dict[int, _Label]:
        """Return the earliest label of every hub that can be reached from the seeds: the pass over the lanes."""
        labels = {hub: _Label(ready, None, None, hub) for hub, ready in seeds.items()}
        ready = dict(seeds)
        everywhere = len(self._hubs | ready.keys())
        lane_ready = self._lane_ready
        first = bisect_left(self._lane_departs, min(ready.values()))
        for number in range(first, len(self.lanes)):
            departs, _arrives, origin, destination, ride, cutoff = connection = self.lanes[number]
            if ready.get(origin, FAR) <= departs - cutoff:
                then = lane_ready[number]
                if (
                    then < ready.get(destination, FAR)
                    and ride.free_out >= crates
                    and storage_class in ride.storage_classes
                ):
                    ready[destination] = then
                    labels[destination] = _Label(then, connection, labels[origin], destination)
            if number % _SETTLED_EVERY == 0 and len(ready) == everywhere and departs >= max(ready.values()):
                break
        return labels

    def _last_leg(
        self,
        labels: dict[int, _Label],
        seeds: dict[int, int],
        last: Sequence[Connection],
        storage_class: str,
        crates: int,
        not_before: int,
        by: int | None,
    ) -> tuple[int, tuple[Hop, ...]] | None:
        """Return the hub where the best way to the stop begins, and its hops."""
        for connection in last:
            if connection.arrives < not_before or (by is not None and connection.ride.departure_id != by):
                continue
            label = labels.get(connection.origin)
            if (
                label is not None
                and (seeds[label.hub] if label.lane is None else label.ready) <= connection.departs - connection.cutoff
                and connection.ride.has_room(Direction.OUT, storage_class, crates)
            ):
                hops = [_hop(connection, Direction.OUT)]
                while label.lane is not None:
                    hops.append(_hop(label.lane, Direction.OUT))
                    label = label.before
                return label.hub, tuple(reversed(hops))
        return None

    def smallest(self, route: Route) -> int:
        """Return the crates of the smallest vehicle on a route, full or not; without legs, more than anybody sends."""
        return min((self.rides[hop.departure_id].crates for hop in route.hops), default=FAR)

    def transfer(self, hub: int, arrives: int) -> int:
        """Return the seconds that a hub needs for what arrives at a moment before it can be loaded."""
        seconds = self.transfer_seconds.get(hub, self.default_transfer)
        if not self.transfer_changes:
            return seconds
        for since, then in self.transfer_changes.get(hub, ()):
            if since > arrives:
                break
            seconds = then
        return seconds

    def _has_room(self, hop: Hop, crates: int) -> bool:
        ride = self.rides[hop.departure_id]
        return (ride.free_out if hop.direction == Direction.OUT else ride.free_back) >= crates

    def has_room_for(self, route: Route, crates: int) -> bool:
        """Tell whether every departure of a route has room for so many crates now."""
        return all(self._has_room(hop, crates) for hop in route.hops)

    def take(self, route: Route, crates: int) -> None:
        """Note that a route's crates are taken."""
        for hop in route.hops:
            self._add(hop, -crates)

    def give(self, route: Route, crates: int) -> None:
        """Note that a route's crates are free again; kept passes are forgotten, for there may be better ways now."""
        for hop in route.hops:
            self._add(hop, crates)
        self._passes.clear()

    @contextmanager
    def borrowed(self) -> Iterator[Callable[[Route, int], None]]:
        """Let room be taken for a while: what is taken of it inside is free again afterwards."""
        before, taken = self._passes, []
        self._passes = dict(before)

        def take(route: Route, crates: int) -> None:
            taken.append((route, crates))
            self.take(route, crates)

        try:
            yield take
        finally:
            # A pass made inside is as good outside, unless it went around a departure for lack of what was borrowed.
            rides = (self.rides[hop.departure_id] for route, _ in taken for hop in route.hops)
            scarce = min((ride.free_out for ride in rides), default=FAR)
            kept = {key: labels for key, labels in self._passes.items() if key[-1] <= scarce}
            for route, crates in taken:
                for hop in route.hops:
                    self._add(hop, crates)
            self._passes = kept | before

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

    def retime(self, times: Mapping[int, tuple[int, int]]) -> None:
        """Let departures leave and end at other times; a round's calls move with its leaving.

        Only lanes, and rounds that are unfolded when they are needed, can be moved.
        """
        moved = [
            lane._replace(departs=departs, arrives=arrives)
            for lane in self.lanes
            for departs, arrives in [times.get(lane.ride.departure_id, (lane.departs, lane.arrives))]
        ]
        if moved != self.lanes:
            self._lay(moved)
            self._passes.clear()
        if self._rounds.retime(times):
            self._unfold()

    def close(self, closings: Mapping[int, Sequence[Closing]]) -> None:
        """Let stops stay closed on these days, and on no others."""
        if closings != self.closings:
            self.closings = dict(closings)
            self._unfold()

    def retransfer(self, changes: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        """Let hubs need what they need now (``transfer_changes``)."""
        if changes != self.transfer_changes:
            self.transfer_changes = dict(changes)
            self._lay(self.lanes)
            self._passes.clear()

    def _add(self, hop: Hop, crates: int) -> None:
        ride = self.rides[hop.departure_id]
        if hop.direction == Direction.OUT:
            ride.free_out += crates
        else:
            ride.free_back += crates


def _departs(connection: Connection) -> int:
    return connection.departs


def _by_departure(connection: Connection) -> tuple:
    return connection[:4]


def _by_arrival(connection: Connection) -> tuple:
    return connection.arrives, -connection.departs, connection.origin


def _by(connections: Iterable[Connection], *, key: int) -> dict[int, list[Connection]]:
    """Return connections by origin (2) or destination (3)."""
    found: dict[int, list[Connection]] = {}
    for connection in connections:
        found.setdefault(connection[key], []).append(connection)
    return found


def _hop(connection: Connection, direction: Direction) -> Hop:
    return Hop(connection.ride.departure_id, direction, connection.departs, connection.arrives)
