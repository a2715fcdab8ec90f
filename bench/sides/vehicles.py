"""The vehicles of the simulated network: they load, leave, are late, break down, set down and pick up."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q

from logistics.models import Departure, Hub, Leg, Parcel
from logistics.services import arrivals, departures, scans
from logistics.states import ConsignmentState, DepartureState, Direction, ParcelState

BY = "simulation"
MINUTE = dt.timedelta(minutes=1)


class Vehicles:
    """What happens to departures on their day."""

    def __init__(self, world):
        self.world = world
        self._seen: set[int] = set()
        self._elsewhere = list(Hub.objects.order_by("pk"))

    def look(self, *, until: dt.datetime) -> None:
        """Find the departures that leave before then and have something to carry."""
        legs = Leg.objects.in_force().filter(departure=OuterRef("pk"))
        rows = Departure.objects.filter(
            Exists(legs),
            state=DepartureState.SCHEDULED,
            departs_at__gt=until - 3 * (until - self.world.now),
            departs_at__lt=until,
        )
        for row in rows.order_by("departs_at", "pk"):
            if row.pk not in self._seen:
                self._seen.add(row.pk)
                self.world.at(row.departs_at, self._loading, row.pk)

    def _loading(self, pk: int) -> None:
        """Load what goes out from the hub, and leave; or be late, or not go at all."""
        world = self.world
        row = self._scheduled(pk)
        if row is None:
            return
        if row.departs_at > world.now:
            world.at(row.departs_at, self._loading, pk)
            return
        if world.draws(world.chances.cancelled):
            departures.cancel([row], by=BY, at=world.now, reason="no-vehicle")
            world.outcome.mishaps["cancelled"] += 1
            world.changed = True
            return
        for leg in self._legs(row, Direction.OUT):
            for parcel in self._waiting(leg, row):
                self._load(parcel, row)
        late = dt.timedelta()
        if world.draws(world.chances.late):
            late = world.minutes(15, 240)
            world.outcome.mishaps["left late"] += 1
            if world.draws(0.5):
                departures.delay(row, minutes=int(late / MINUTE), by=BY, at=world.now)
                world.changed = True
        elif world.draws(world.chances.a_little_late):
            late = world.minutes(1, 9)
        world.at(world.now + late, self._leave, pk)

    def _leave(self, pk: int) -> None:
        world = self.world
        row = self._scheduled(pk)
        if row is None:
            return
        row = departures.depart(row, by=BY, at=world.now)
        world.changed = True
        if world.draws(world.chances.broken_down):
            part = world.chance.random()
            world.at(world.now + (row.arrives_at - world.now) * part, self._break_down, pk)
        elif world.draws(world.chances.late / 2):
            world.at(world.now + (row.arrives_at - world.now) * world.chance.random(), self._held_up, pk)
        if row.round_id:
            for leg in self._legs(row):
                if leg.direction == Direction.BACK:
                    world.at(leg.departs_at, self._pick_up, leg.pk)
                else:
                    world.at(leg.arrives_at, self._set_down, leg.pk)
        world.at(row.arrives_at, self._end, pk)

    def _held_up(self, pk: int) -> None:
        row = Departure.objects.get(pk=pk)
        if row.state == DepartureState.DEPARTED and row.arrives_at > self.world.now:
            departures.delay(row, minutes=self.world.chance.randint(15, 180), by=BY, at=self.world.now)
            self.world.outcome.mishaps["held up on the way"] += 1

    def _break_down(self, pk: int) -> None:
        """Break down; hours later another vehicle brings what was aboard to one of the two hubs, or to any."""
        world = self.world
        row = Departure.objects.get(pk=pk)
        if row.state != DepartureState.DEPARTED:
            return
        departures.break_down(row, by=BY, at=world.now)
        aboard = list(Parcel.objects.filter(state=ParcelState.LOADED, departure=row).order_by("pk"))
        world.outcome.mishaps["broken down"] += 1
        hub = world.chance.choice([row.lane.origin, row.lane.destination] if row.lane else [row.round.hub])
        for parcel in aboard:
            world.touched.add(parcel.consignment_id)
            world.at(world.now + world.minutes(60, 600), self._turn_up, parcel.pk, hub)

    def _pick_up(self, leg_pk: int) -> None:
        leg, row = self._on_the_way(leg_pk)
        if leg is None:
            return
        if leg.departs_at > self.world.now:
            self.world.at(leg.departs_at, self._pick_up, leg_pk)
            return
        for parcel in self._parcels(leg, state=ParcelState.AT_STOP):
            self._load(parcel, row)

    def _set_down(self, leg_pk: int) -> None:
        world = self.world
        leg, row = self._on_the_way(leg_pk)
        if leg is None:
            return
        if leg.arrives_at > world.now:
            world.at(leg.arrives_at, self._set_down, leg_pk)
            return
        for parcel in self._parcels(leg, state=ParcelState.LOADED, departure=row):
            if world.draws(world.chances.not_set_down):
                world.touch([parcel.consignment_id], "not set down")
            else:
                world.received(parcel)

    def _end(self, pk: int) -> None:
        """Unload what is aboard, but for what is overlooked, and note that the vehicle is there."""
        world = self.world
        row = Departure.objects.select_related("lane__destination", "round__hub").get(pk=pk)
        if row.state != DepartureState.DEPARTED:
            return
        if row.arrives_at > world.now:
            world.at(row.arrives_at, self._end, pk)
            return
        hub = row.lane.destination if row.lane else row.round.hub
        for parcel in Parcel.objects.filter(state=ParcelState.LOADED, departure=row).order_by("pk"):
            if world.draws(world.chances.overlooked):
                world.touch([parcel.consignment_id], "overlooked")
                there = hub if world.draws(0.6) else world.chance.choice(self._elsewhere)
                world.at(world.now + world.minutes(30, 40 * 60), self._turn_up, parcel.pk, there)
            else:
                world.scan(scans.unload, parcel, hub=hub)
        if Departure.objects.filter(pk=pk, state=DepartureState.DEPARTED).exists():
            departures.arrive(row, by=BY, at=world.now)

    def _turn_up(self, pk: int, hub: Hub) -> None:
        self.world.scan(arrivals.take_in, Parcel.objects.get(pk=pk), hub=hub)

    def _load(self, parcel: Parcel, row: Departure) -> None:
        if self.world.draws(self.world.chances.left_behind):
            self.world.touch([parcel.consignment_id], "left behind")
        else:
            self.world.scan(scans.load, parcel, departure=row)

    def _scheduled(self, pk: int) -> Departure | None:
        rows = Departure.objects.select_related("lane", "round")
        return rows.filter(pk=pk, state=DepartureState.SCHEDULED).first()

    def _on_the_way(self, leg_pk: int) -> tuple[Leg | None, Departure | None]:
        """Return a leg that is still in force, with its departure, while that is on its way."""
        legs = Leg.objects.in_force().select_related("departure__round", "departure__lane")
        leg = legs.filter(pk=leg_pk, departure__state=DepartureState.DEPARTED).first()
        return (leg, leg.departure) if leg else (None, None)

    def _legs(self, row: Departure, *directions: str) -> list[Leg]:
        legs = Leg.objects.in_force().filter(departure=row, direction__in=directions or Direction.values)
        return list(legs.order_by("pk"))

    def _waiting(self, leg: Leg, row: Departure) -> list[Parcel]:
        start = row.lane.origin_id if row.lane else row.round.hub_id
        return self._parcels(leg, state=ParcelState.AT_HUB, hub=start)

    def _parcels(self, leg: Leg, **where) -> list[Parcel]:
        """Return the parcels that a leg is for."""
        ridden = ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT
        own = Q(pk=leg.parcel_id) if leg.parcel_id else Q(strayed=False)
        rows = Parcel.objects.filter(own, consignment=leg.consignment_id, consignment__state__in=ridden, **where)
        return list(rows.select_related("consignment__point").order_by("pk"))
