"""A consignment with its parcels, moved along its route step by step."""

import datetime as dt
from dataclasses import dataclass

from logistics.models import Consignment, Hub, Leg, Parcel
from logistics.services import routing, scans
from tests.factories import logistics
from tests.factories.logistics import MONDAY, SmallNetwork


@dataclass
class Journey:
    """A packed and routed consignment of two parcels, with its legs in order."""

    network: SmallNetwork
    consignment: Consignment
    parcels: list[Parcel]
    legs: list[Leg]

    def state(self) -> str:
        return Consignment.objects.values_list("state", flat=True).get(pk=self.consignment.pk)

    def states(self) -> list[str]:
        return list(self.consignment.parcels.values_list("state", flat=True))

    def step(self, verb: str, *, at: dt.datetime = MONDAY, by="test", number: int | None = None, **place) -> None:
        for parcel in self.parcels if number is None else [self.parcels[number]]:
            verbs = {"drop": scans.drop, "load": scans.load, "unload": scans.unload, "receive": scans.receive}
            places = sorted(str(getattr(each, "pk", each)) for each in place.values())
            nonce = f"{verb}-{parcel.pk}-{places}-{at:%d%H%M}"
            verbs[verb](parcel, nonce=nonce, by=by, at=at, **place)

    def ride(self, sequence: int, *, hub: Hub, **step) -> None:
        """Load on a leg's departure and unload at a hub, each when the plan says so."""
        leg = self.legs[sequence - 1]
        self.step("load", at=leg.departs_at, departure=leg.departure, **step)
        self.step("unload", at=leg.arrives_at, hub=hub, **step)

    def travel_to_the_last_round(self) -> None:
        self.step("drop")
        self.ride(1, hub=self.network.county)
        self.ride(2, hub=self.network.prefecture)
        self.ride(3, hub=self.network.other_county)
        self.step("load", at=self.legs[3].departs_at, departure=self.legs[3].departure)


def journey() -> Journey:
    """Return two packed parcels from 石门 to 澧县, which are to leave at 15:00 and to arrive at 09:00 the next day."""
    network = logistics.small_network()
    consignment = logistics.consignment(network.stop, network.point, packed_at=MONDAY, parcels=2)
    routing.route_waiting(limit=10, at=MONDAY, by="test")
    consignment.refresh_from_db()
    legs = list(consignment.legs.select_related("departure"))
    return Journey(network, consignment, list(consignment.parcels.all()), legs)
