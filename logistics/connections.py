"""What the search goes over: vehicles with their room, ways to get on, rounds that unfold to them, and a route of legs.

Times are whole seconds since 1970 (UTC).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from logistics.states import Direction


@dataclass(slots=True)
class Ride:
    """A departure as the search sees it: what it keeps, the crates free out and back, and how many it has in all.

    :param line: the version of the lane or round that it runs by; another one may keep other goods, or call elsewhere.
    """

    departure_id: int
    storage_classes: frozenset[str]
    free_out: int
    free_back: int
    crates: int = 0
    line: int = 0

    def has_room(self, direction: str, storage_class: str, crates: int) -> bool:
        free = self.free_out if direction == Direction.OUT else self.free_back
        return free >= crates and storage_class in self.storage_classes


class Connection(NamedTuple):
    """One way to get on: of a lane from hub to hub; of a round from its hub to a stop, or from a stop to its hub.

    What is to ride on it must be there ``cutoff`` seconds before it departs.
    """

    departs: int
    arrives: int
    origin: int
    destination: int
    ride: Ride
    cutoff: int = 0


class Run(NamedTuple):
    """A round on a day: when it leaves its hub and is back."""

    departs: int
    arrives: int
    ride: Ride


class Rounds:
    """What rounds there are and where they call, unfolded to connections when a stop is first asked for.

    Thirty thousand stops have a million connections in ten days; one question needs some dozens of them.
    """

    def __init__(self):
        self._hubs: dict[int, tuple[int, int]] = {}
        self._runs: dict[int, list[Run]] = {}
        self._calls: dict[int, list[tuple[int, int]]] = {}

    def add(self, key: int, *, hub: int, cutoff: int = 0) -> None:
        """Note a round, its hub and how many seconds before leaving it closes."""
        self._hubs[key] = (hub, cutoff)

    def call(self, key: int, *, stop: int, offset: int) -> None:
        """Note that a round calls at a stop, so many seconds after it left."""
        self._calls.setdefault(stop, []).append((key, offset))

    def run(self, key: int, run: Run) -> None:
        """Note that a round runs."""
        self._runs.setdefault(key, []).append(run)

    def retime(self, times: Mapping[int, tuple[int, int]]) -> bool:
        """Let rounds leave and end at other times, by departure; tell whether any does."""
        changed = False
        for runs in self._runs.values():
            for number, (departs, arrives, ride) in enumerate(runs):
                then = times.get(ride.departure_id, (departs, arrives))
                if then != (departs, arrives):
                    runs[number], changed = Run(*then, ride), True
        return changed

    def rides(self) -> Iterable[Ride]:
        return (run.ride for runs in self._runs.values() for run in runs)

    def outbound(self, stop: int) -> list[Connection]:
        """Return the ways from hubs to a stop."""
        return [
            Connection(run.departs, run.departs + offset, hub, stop, run.ride, cutoff)
            for key, offset in self._calls.get(stop, ())
            for hub, cutoff in [self._hubs[key]]
            for run in self._runs.get(key, ())
        ]

    def inbound(self, stop: int) -> list[Connection]:
        """Return the ways from a stop to hubs."""
        return [
            Connection(run.departs + offset, run.arrives, stop, self._hubs[key][0], run.ride)
            for key, offset in self._calls.get(stop, ())
            for run in self._runs.get(key, ())
        ]


class Closing(NamedTuple):
    """Days on which a stop stays closed: nobody is there to give goods out or to take them in.

    :param too_late: from when on what arrives could not be handed over before them, and would lie there.
    :param begins: the first of their seconds; ``ends``: the first after them.
    """

    too_late: int
    begins: int
    ends: int


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
