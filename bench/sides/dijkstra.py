"""The baseline of the search: a plain time-dependent Dijkstra, once for every consignment.

Nodes are hubs and stops; from a node it looks at every departure to each neighbour in order of arrival until one can be
caught and has room (S. E. Dreyfus: "An Appraisal of Some Shortest-Path Algorithms", Operations Research 17, 1969).
"""

import heapq
from collections import defaultdict

from logistics.connections import Connection
from logistics.timetable import Timetable

FAR = 1 << 62


class Graph:
    """Every connection of a timetable, by its origin and destination."""

    def __init__(self, timetable: Timetable, stops: list[int]):
        self._out: dict[tuple, dict[tuple, list[tuple[int, Connection, bool]]]] = defaultdict(lambda: defaultdict(list))
        for lane in timetable.lanes:
            self._out[("hub", lane.origin)][("hub", lane.destination)].append((lane.arrives, lane, True))
        for stop in stops:
            for way in timetable.outbound[stop]:
                self._out[("hub", way.origin)][("stop", stop)].append((way.arrives, way, True))
            for way in timetable.inbound[stop]:
                self._out[("stop", stop)][("hub", way.destination)].append((way.arrives, way, False))
        for neighbours in self._out.values():
            for ways in neighbours.values():
                ways.sort(key=lambda way: way[0])

    def arrival(self, origin: int, destination: int, *, at: int, storage_class: str, crates: int) -> int | None:
        """Return the earliest arrival, in seconds since 1970, or None."""
        goal, settled, queue = ("stop", destination), set(), [(at, ("stop", origin))]
        while queue:
            now, node = heapq.heappop(queue)
            if node == goal:
                return now
            if node in settled:
                continue
            settled.add(node)
            for neighbour, ways in self._out[node].items():
                if neighbour in settled or (neighbour[0] == "stop" and neighbour != goal):
                    continue
                for arrives, way, is_out in ways:
                    free = way.ride.free_out if is_out else way.ride.free_back
                    if way.departs - way.cutoff >= now and free >= crates and storage_class in way.ride.storage_classes:
                        heapq.heappush(queue, (arrives, neighbour))
                        break
        return None
