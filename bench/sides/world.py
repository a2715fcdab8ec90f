"""A month of the network in some minutes: orders, sellers, vehicles and mishaps, event by event, by a seed.

Everything happens through the services, at a clock that jumps from one event to the next; the sweep runs as the
worker would. What goes wrong is drawn from ``Chances``; whom it touched is noted, so that the others can be judged.
"""

import datetime as dt
import heapq
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from bench.sides.vehicles import Vehicles
from core import invariants, locks, numbers
from core.clock import day_of
from logistics import doors, promises, snapshots
from logistics.models import Consignment, Departure, Leg, Parcel
from logistics.promises import PromiseRequest
from logistics.services import calendars, departures, legs, redirecting, rerouting, routing, scans
from logistics.services.calendars import Days
from logistics.services.expectations import TOLERANCE
from logistics.services.redirecting import UnableToRedirect
from logistics.services.scans import UnableToScan
from logistics.states import (
    CANCELLABLE,
    ENDED,
    NOT_RUNNING,
    ClosureKind,
    ClosureScope,
    ConsignmentState,
    DepartureState,
    ParcelState,
)
from marketplace.order.models import Order
from marketplace.partner.models import Partner
from villages import codes
from villages.models import PickupPoint
from villages.services import crates
from villages.services import points as pickup_points
from villages.services.crates import CratesRequest, UnableToHoldCrates
from villages.states import PointState

BY = "simulation"
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
SLACK_MINUTES = 10  # a vehicle that is late by no more has disturbed nobody
LONGEST = 21 * DAY  # after the last order, until whatever is left counts as never ending
ARRIVED = frozenset({ConsignmentState.AT_POINT, *ENDED})


@dataclass(frozen=True)
class Chances:
    """How often something goes wrong: of each order, parcel or departure, or so many a day."""

    cancelled_by_buyer: float = 0.05
    other_point: float = 0.03
    packed_late: float = 0.02
    left_behind: float = 0.01
    overlooked: float = 0.005  # at unloading, to turn up later, here or elsewhere
    not_set_down: float = 0.005  # at its point, to come back to the hub
    a_little_late: float = 0.3  # within the slack
    late: float = 0.04
    cancelled: float = 0.008
    broken_down: float = 0.004
    cancelled_ahead_a_day: float = 2
    delayed_ahead_a_day: float = 3
    closed_divisions_a_day: float = 0.2
    suspended_points_a_day: float = 1


@dataclass
class Outcome:
    """What became of all that was ordered."""

    placed: int = 0
    refused: int = 0
    states: Counter = field(default_factory=Counter)
    parcel_states: Counter = field(default_factory=Counter)
    mishaps: Counter = field(default_factory=Counter)
    unsound: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    arrived: int = 0
    on_time: int = 0
    undisturbed: int = 0
    undisturbed_on_time: int = 0
    days: int = 0

    @property
    def rate(self) -> float:
        return self.on_time / max(1, self.arrived)

    @property
    def undisturbed_rate(self) -> float:
        return self.undisturbed_on_time / max(1, self.undisturbed)


class _Faults(logging.Handler):
    """Notes what the services could not do for a fault of theirs."""

    def __init__(self, found: list[str]):
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(f"{record.getMessage()}: {record.exc_info}")


class World:
    """The network in motion."""

    def __init__(
        self,
        *,
        seed: int,
        began: dt.datetime,
        days: int,
        orders: int,
        points: Sequence[PickupPoint],
        chances: Chances | None = None,
        most_crates: int = 8,
        sweep: dt.timedelta = 15 * MINUTE,
        tell: Callable[[str], None] = lambda line: None,
    ):
        self.chance, self.chances = random.Random(seed), chances or Chances()
        self.now, self.began, self.until = began, began, began + days * DAY
        self.days, self.orders, self.points, self.most_crates = days, orders, list(points), most_crates
        self.sweep, self.tell = sweep, tell
        self.outcome = Outcome()
        self.touched: set[int] = set()  # consignments of which something went wrong
        self.promised: dict[int, dt.datetime] = {}
        self.changed = True  # since the timetable was last read
        self._heap: list = []
        self._number = count()
        self._vehicles = Vehicles(self)
        self._seller = Partner.objects.create(name="模拟合作社", code=f"simulated-{seed}")
        self._over = False

    # Time

    def at(self, when: dt.datetime, what: Callable, *args) -> None:
        """Let something happen at a time, or now where that is past."""
        heapq.heappush(self._heap, (max(when, self.now), next(self._number), what, args))

    def draws(self, probability: float) -> bool:
        return self.chance.random() < probability

    def minutes(self, least: float, most: float) -> dt.timedelta:
        return self.chance.uniform(least, most) * MINUTE

    def run(self) -> Outcome:
        """Let all days pass, and as many more as it takes until everything has ended."""
        for _ in range(self.orders):
            day = self.began + self.chance.randrange(self.days) * DAY
            self.at(day + self.minutes(0, 14 * 60), self._order)
        self.at(self.began, self._morning)
        self.at(self.began, self._sweep)
        faults = _Faults(self.outcome.unsound)
        logging.getLogger("logistics").addHandler(faults)
        try:
            while self._heap and not self._over:
                self.now, _, what, args = heapq.heappop(self._heap)
                what(*args)
        finally:
            logging.getLogger("logistics").removeHandler(faults)
        self._count()
        return self.outcome

    def _morning(self) -> None:
        """What happens once a day: departures are opened, mishaps are announced, the books are looked at."""
        departures.open_departures(at=self.now)
        self.outcome.days += 1
        self.outcome.unsound += [f"{self.now:%m-%d}: {finding}" for finding in invariants.findings(["L1"])]
        open_ = Consignment.objects.exclude(state__in=ARRIVED).count()
        self.tell(f"day {self.outcome.days}: {self.outcome.placed} placed, {open_} under way")
        if self.now >= self.until and (open_ == 0 or self.now > self.until + LONGEST):
            self._over = True
            return
        self.at(self.now + DAY, self._morning)
        if self.now < self.until:
            self._announce()

    def _sweep(self) -> None:
        """What the worker does, and what is to be seen to before it comes again."""
        self.read_again()
        rerouting.mend(at=self.now, by=BY)
        while routing.route_waiting(limit=settings.ROUTING_BATCH, at=self.now, by=BY).claimed:
            pass
        self._vehicles.look(until=self.now + self.sweep)
        here = Parcel.objects.filter(
            state=ParcelState.AT_STOP,
            consignment__state=ConsignmentState.PACKED,
            consignment__origin_stop=F("consignment__point"),
        )
        for parcel in here.select_related("consignment"):
            self.received(parcel)
        self.at(self.now + self.sweep, self._sweep)

    def read_again(self) -> None:
        """Read what changed of the timetable, as every process does some seconds later."""
        if self.changed:
            snapshots.current(self.now, fresh=True)
            self.changed = False

    # Buyers and sellers

    def _order(self) -> None:
        """Place an order of one to three consignments, as placing does, at a point that can promise all of them."""
        for _ in range(4):
            point = self.chance.choice(self.points)
            parts = [
                (
                    self.chance.choice(self.points).pk,
                    self.chance.choices(("AMBIENT", "CHILLED", "FROZEN"), (80, 15, 5))[0],
                    self.chance.randint(1, self.most_crates),
                )
                for _ in range(self.chance.choices((1, 2, 3), (85, 12, 3))[0])
            ]
            asked = [PromiseRequest(stop, point.pk, kept, number) for stop, kept, number in parts]
            found = promises.promises(asked, at=self.now, together=True)
            if all(promise.handed_over_at for promise in found) and self._placed(point, asked, found):
                self.outcome.placed += 1
                return
            self.outcome.refused += 1

    def _placed(self, point: PickupPoint, asked: list[PromiseRequest], found: list[promises.Promise]) -> bool:
        try:
            with transaction.atomic():
                crates.hold(
                    [
                        CratesRequest(point.pk, day_of(promise.handed_over_at), request.storage_class, request.crates)
                        for request, promise in zip(asked, found, strict=True)
                    ]
                )
                order = Order.objects.create(
                    number=numbers.draw(12),
                    currency="CNY",
                    status="OPEN",
                    date_placed=self.now,
                    pickup_point=point,
                    total_incl_tax=0,
                    total_excl_tax=0,
                    shipping_incl_tax=0,
                    shipping_excl_tax=0,
                )
                made = Consignment.objects.bulk_create(
                    Consignment(
                        number=numbers.draw(12),
                        order=order,
                        seller=self._seller,
                        origin_stop_id=request.origin_stop_id,
                        point=point,
                        storage_class=request.storage_class,
                        state=ConsignmentState.AWAITING_ROUTE,
                        crates=request.crates,
                        freight_fen=600,
                        held_day=day_of(promise.handed_over_at),
                        promised_at=promise.handed_over_at,
                        expected_at=promise.handed_over_at,
                        created_at=self.now,
                        waiting_since=self.now,
                        ready_from=promises.ready_from(self.now),
                    )
                    for request, promise in zip(asked, found, strict=True)
                )
        except UnableToHoldCrates:
            return False
        self.at(self.now + dt.timedelta(seconds=2), self._nudged)
        for row in made:
            self.promised[row.pk] = row.promised_at
            ready = row.ready_from - self.minutes(5, 60)
            if self.draws(self.chances.packed_late):
                ready = row.ready_from + self.minutes(60, 36 * 60)
                self.touch([row.pk], "packed late")
            self.at(ready, self._pack, row.pk)
        if self.draws(self.chances.cancelled_by_buyer):
            self.at(self.now + self.minutes(1, 24 * 60), self._cancel, order.pk)
        elif self.draws(self.chances.other_point):
            self.at(self.now + self.minutes(1, 40 * 60), self._to_another_point, order.pk)
        return True

    def _nudged(self) -> None:
        routing.route_waiting(limit=settings.ROUTING_BATCH, at=self.now, by=BY)

    def _pack(self, pk: int) -> None:
        with transaction.atomic():
            row = locks.lock(Consignment.objects.filter(pk=pk), rank=locks.Rank.CONSIGNMENT).get()
            if row.state == ConsignmentState.AWAITING_ROUTE:
                self.at(self.now + 30 * MINUTE, self._pack, pk)
            if row.state != ConsignmentState.ROUTED:
                return
            Consignment.objects.filter(pk=pk).update(state=ConsignmentState.PACKED, packed_at=self.now)
            boxes = min(row.crates, self.chance.choices((1, 2, 3), (85, 12, 3))[0])
            share, more = divmod(row.crates, boxes)
            made = Parcel.objects.bulk_create(
                Parcel(
                    number=numbers.draw(13),
                    consignment=row,
                    sequence=sequence,
                    crates=share + (sequence <= more),
                    packed_at=self.now,
                )
                for sequence in range(1, boxes + 1)
            )
        for parcel in made:
            self.at(self.now + 4 * MINUTE, self.scan, scans.drop, parcel)

    def _cancel(self, order_pk: int) -> None:
        """Cancel an order of which nothing is packed; of ``cancelling.cancel`` what concerns the network."""
        with transaction.atomic():
            locks.lock(Order.objects.filter(pk=order_pk), rank=locks.Rank.ORDER).get()
            rows = list(locks.lock(Consignment.objects.filter(order=order_pk), rank=locks.Rank.CONSIGNMENT))
            if any(row.state not in CANCELLABLE or row.packed_at for row in rows):
                return
            Consignment.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=ConsignmentState.CANCELLED, ended_at=self.now
            )
            crates.release([CratesRequest(row.point_id, row.held_day, row.storage_class, row.crates) for row in rows])
            legs.release(rows, by=BY, at=self.now)
        self.outcome.mishaps["cancelled by the buyer"] += 1
        self.changed = True

    def _to_another_point(self, order_pk: int) -> None:
        """Send an order elsewhere, as ``change_point`` does."""
        rows = list(Consignment.objects.filter(order=order_pk).exclude(state__in=ENDED).order_by("pk"))
        point = PickupPoint.objects.get(pk=self.chance.choice(self.points).pk)
        if not rows or rows[0].point_id == point.pk:
            return
        try:
            with transaction.atomic():
                locks.lock(Order.objects.filter(pk=order_pk), rank=locks.Rank.ORDER).get()
                promised_at = redirecting.redirect(rows, point=point, is_agreed=True, by=BY, at=self.now)
                Order.objects.filter(pk=order_pk).update(pickup_point=point)
        except UnableToRedirect:
            self.outcome.mishaps["not sent to another point"] += 1
            return
        self.promised |= {row.pk: promised_at for row in rows}
        self.outcome.mishaps["sent to another point"] += 1
        self.changed = True

    # Steps

    def scan(self, verb: Callable, parcel: Parcel, **place) -> bool:
        """Read a label; False where it is refused."""
        try:
            verb(parcel, nonce=f"n{next(self._number)}", by=BY, at=self.now, **place)
        except UnableToScan as refusal:
            self.outcome.mishaps[f"refused to {verb.__name__}: {refusal}"] += 1
            return False
        return True

    def received(self, parcel: Parcel) -> bool:
        return self.scan(scans.receive, parcel, point=parcel.consignment.point, shelf="A-01")

    def touch(self, consignments: Sequence[int], what: str) -> None:
        """Note that something went wrong with some consignments."""
        self.touched.update(consignments)
        self.outcome.mishaps[what] += 1

    # What is announced

    def _announce(self) -> None:
        chances = self.chances
        for _ in range(self._times(chances.cancelled_ahead_a_day)):
            self.at(self.now + self.minutes(0, 14 * 60), self._ahead, True)
        for _ in range(self._times(chances.delayed_ahead_a_day)):
            self.at(self.now + self.minutes(0, 14 * 60), self._ahead, False)
        for _ in range(self._times(chances.suspended_points_a_day)):
            self.at(self.now + self.minutes(0, 14 * 60), self._suspend)
        for _ in range(self._times(chances.closed_divisions_a_day)):
            self.at(self.now + self.minutes(0, 14 * 60), self._close)

    def _times(self, mean: float) -> int:
        whole = int(mean)
        return whole + self.draws(mean - whole)

    def _ahead(self, cancelled: bool) -> None:
        """Cancel or delay a departure of the next days with something to ride on it."""
        legs = Leg.objects.in_force().filter(departure=OuterRef("pk"))
        rows = Departure.objects.filter(
            Exists(legs), state=DepartureState.SCHEDULED, departs_at__gt=self.now, departs_at__lt=self.now + 2 * DAY
        ).order_by("pk")
        found = list(rows)
        if not found:
            return
        row = self.chance.choice(found)
        if cancelled:
            departures.cancel([row], by=BY, at=self.now, reason="no-vehicle")
        else:
            departures.delay(row, minutes=self.chance.randint(20, 300), by=BY, at=self.now)
        self.outcome.mishaps["cancelled ahead" if cancelled else "delayed ahead"] += 1
        self.changed = True

    def _suspend(self) -> None:
        point = PickupPoint.objects.get(pk=self.chance.choice(self.points).pk)
        if point.state == PointState.OPEN:
            pickup_points.suspend([point], by=BY, at=self.now)
            self.at(self.now + self.minutes(6 * 60, 72 * 60), self._open_again, point)
            self.outcome.mishaps["point suspended"] += 1

    def _open_again(self, point: PickupPoint) -> None:
        pickup_points.open([point], by=BY, at=self.now)

    def _close(self) -> None:
        """Close a county's rounds for a day, or all that runs in a prefecture."""
        code = codes.county_of(self.chance.choice(self.points).division_id)
        scope = self.chance.choice((ClosureScope.ROUNDS, ClosureScope.ALL))
        if scope == ClosureScope.ALL:
            code = codes.prefecture_of(code)
        day = day_of(self.now) + self.chance.randint(1, 2) * DAY
        days = Days(code, ClosureKind.CLOSURE, scope, "停运", day, day)
        with transaction.atomic():
            calendars.close(days, by=BY, at=self.now)
        snapshots.forget()
        self.outcome.mishaps["closed for a day"] += 1
        self.changed = True

    # The end

    def _count(self) -> None:
        outcome = self.outcome
        known = snapshots.points({point.pk for point in self.points})
        disturbed = Departure.objects.filter(Q(delay_minutes__gt=SLACK_MINUTES) | Q(state__in=NOT_RUNNING))
        touched = self.touched | set(
            Leg.objects.filter(departure__in=disturbed).values_list("consignment_id", flat=True)
        )
        for row in Consignment.objects.order_by("pk"):
            outcome.states[row.state] += 1
            if row.state not in ARRIVED:
                parcels = list(row.parcels.values_list("state", "hub", "departure", "strayed"))
                outcome.left.append(f"{row.number} {row.state} {parcels}")
            if row.arrived_at is None:
                continue
            handed_over_at = doors.handed_over_from(known[row.point_id].week, legs.seconds(row.arrived_at))
            on_time = handed_over_at <= self.promised[row.pk] + TOLERANCE
            outcome.arrived += 1
            outcome.on_time += on_time
            if row.pk not in touched:
                outcome.undisturbed += 1
                outcome.undisturbed_on_time += on_time
        outcome.parcel_states.update(Parcel.objects.values_list("state", flat=True))
