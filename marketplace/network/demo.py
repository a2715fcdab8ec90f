"""The demonstration's people at work: the clock goes on, and what they would scan on the way is scanned.

Nothing here sets a state. Every step is the service that a seller, driver, hub worker or operator would use, called at
the time at which the plan says that it happens.
"""

import datetime as dt
import heapq
import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from django.conf import settings

from core import clock
from logistics import queries
from logistics.models import Consignment, HubWorker, Leg, Parcel
from logistics.services import departures, rerouting, routing, scans
from logistics.states import NOT_RUNNING, ConsignmentState, Direction, ParcelState, ScanKind
from marketplace.network import demo_returns
from marketplace.selling.services import packing
from villages import queries as villages
from villages.hours import Opening
from villages.models import Operator

log = logging.getLogger(__name__)

BY = "demo:advance"
MOVING = [ConsignmentState.ROUTED, ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT]
LONGEST = dt.timedelta(days=12)  # that a consignment's arrival is waited for
PARCEL_CRATES = 6  # a box for each so many crates
SHELVING = dt.timedelta(minutes=10)


class UnableToAdvance(Exception):
    """This deployment's clock does not move, or what is waited for is not on its way."""


class Act(IntEnum):
    """What people do, in the order in which they do it at one and the same moment."""

    UNLOAD = 1
    RECEIVE = 2
    PACK = 3
    DROP = 4
    LOAD = 5


VERBS = {Act.PACK: "打包", Act.DROP: "交到", Act.LOAD: "装车", Act.UNLOAD: "卸车", Act.RECEIVE: "收货上架"}


@dataclass(order=True)
class Step:
    """One act on all parcels of a consignment, and the leg that it concerns."""

    at: dt.datetime
    act: Act
    number: str
    consignment: Consignment = field(compare=False)
    parcels: list[Parcel] = field(compare=False, default_factory=list)
    leg: Leg | None = field(compare=False, default=None)


@dataclass(frozen=True)
class Told:
    """A step that was done, for people to read."""

    at: dt.datetime
    act: Act
    place: str
    parcels: int
    numbers: tuple[str, ...]

    def __str__(self) -> str:
        local = self.at.astimezone(clock.BEIJING)
        which = "、".join(self.numbers[:3]) + (f" 等 {len(self.numbers)} 单" if len(self.numbers) > 3 else "")
        return f"{local:%m-%d %H:%M}  {VERBS[self.act]} {self.parcels} 件  {self.place}  运单 {which}"


def advance(*, by: dt.timedelta, tell: Callable[[Told], None]) -> dt.datetime:
    """Let so much time pass; return the time that it is then.

    :raises UnableToAdvance: where the clock does not move.
    """
    _may_move()
    until = clock.now() + by
    for moment in _steps(until):
        for told in moment:
            tell(told)
    _let_pass(until)
    _sweep(clock.now())
    return clock.now()


def advance_one_step(*, tell: Callable[[Told], None]) -> dt.datetime:
    """Let time pass until the next thing is done; return the time that it is then.

    :raises UnableToAdvance: where nothing is on its way.
    """
    _may_move()
    for moment in _steps(clock.now() + LONGEST):
        for told in moment:
            tell(told)
        if moment:
            return clock.now()
    raise UnableToAdvance("现在没有在路上的运单")


def advance_to_arrival(number: str, *, tell: Callable[[Told], None]) -> dt.datetime:
    """Let time pass until an order or a consignment waits at its point; return the time that it is then.

    :param number: of the order or of the consignment.
    :raises UnableToAdvance: where there is none with this number that is on its way, or it does not arrive.
    """
    _may_move()
    _sweep(clock.now())
    wanted = Consignment.objects.filter(number=number) | Consignment.objects.filter(order__number=number)
    on_the_way = wanted.filter(state__in=[*MOVING, ConsignmentState.AWAITING_ROUTE])
    if not wanted.exists():
        raise UnableToAdvance(f"没有编号为 {number} 的订单或运单")
    if not on_the_way.exists():
        return clock.now()
    for moment in _steps(clock.now() + LONGEST):
        for told in moment:
            tell(told)
        if any(told.act == Act.RECEIVE for told in moment) and not on_the_way.exists():
            return clock.now()
    raise UnableToAdvance(f"{number} 在 {LONGEST.days} 天内到不了网点")


def _may_move() -> None:
    if not settings.MOVABLE_CLOCK:
        raise UnableToAdvance("这个部署的时钟不能拨动")


def _steps(until: dt.datetime) -> Iterator[list[Told]]:
    """Do what is due until a time, in order of time; give what was done at each moment, by place."""
    _sweep(clock.now())
    day = clock.today()
    due = _due(Consignment.objects.filter(state__in=MOVING))
    while due and due[0].at <= until:
        together = [heapq.heappop(due)]
        while due and (due[0].at, due[0].act) == (together[0].at, together[0].act):
            together.append(heapq.heappop(due))
        _let_pass(together[0].at)
        at = clock.now()
        by_place: dict[str, list[Step]] = defaultdict(list)
        refused = set()
        for step in together:
            if _could(step, at=at):
                by_place[_place(step)].append(step)
            else:
                refused.add((step.act, step.at, step.number))
        if clock.day_of(at) != day:
            day = clock.day_of(at)
            _sweep(at)
        for step in _due(Consignment.objects.filter(pk__in=[step.consignment.pk for step in together])):
            if (step.act, step.at, step.number) not in refused:
                heapq.heappush(due, step)
        yield [
            Told(at, done[0].act, place, _parcels(done), tuple(step.number for step in done))
            for place, done in by_place.items()
        ]


def _parcels(steps: list[Step]) -> int:
    """Return how many boxes steps concern; what is only being packed counts as one each."""
    return sum(len(step.parcels) or 1 for step in steps)


def _could(step: Step, *, at: dt.datetime) -> bool:
    """Do a step; False where the service refused it, because somebody else was at work on the consignment."""
    try:
        _do(step, at=at)
    except (scans.UnableToScan, packing.UnableToPack) as refusal:
        log.warning("%s: %s", step.number, refusal)
        return False
    return True


def _let_pass(until: dt.datetime) -> None:
    ahead = until - clock.now()
    if ahead > dt.timedelta(0):
        clock.advance(ahead)


def _sweep(at: dt.datetime) -> None:
    """Do what the sweeps of the worker do, so that the demonstration also goes on without one."""
    departures.open_departures(at=at)
    rerouting.mend(at=at)
    while routing.route_waiting(limit=settings.ROUTING_BATCH, at=at).claimed:
        pass
    demo_returns.carry_home(at=at)


def _due(consignments: Iterable[Consignment]) -> list[Step]:
    """Return the next step of each consignment as a heap; a handful of queries however many there are."""
    rows = list(
        consignments.select_related("point", "origin_stop", "seller").prefetch_related("parcels", "parcels__scans")
    )
    legs: dict[int, list[Leg]] = {row.pk: [] for row in rows}
    for leg in (
        Leg.objects.filter(consignment__in=rows, released_at=None)
        .select_related(
            "departure__lane__origin",
            "departure__lane__destination",
            "departure__round__hub",
            "departure__round__driver",
            "departure__driver",
        )
        .order_by("consignment", "route_version", "sequence")
    ):
        legs[leg.consignment_id].append(leg)
    openings = villages.openings_of({row.point_id for row in rows})
    steps = [step for row in rows for step in _next(row, legs[row.pk], openings[row.point_id])]
    heapq.heapify(steps)
    return steps


def _next(consignment: Consignment, in_force: list[Leg], opening: Opening) -> Iterator[Step]:
    """Yield the next step of a consignment's parcels, where they have one: of those that are together, and of each that
    goes its own way.
    """
    parcels = list(consignment.parcels.all())
    together = [parcel for parcel in parcels if not parcel.strayed]
    if together or not parcels:
        yield from _next_of(together, consignment, [leg for leg in in_force if leg.parcel_id is None], opening)
    for parcel in parcels:
        if parcel.strayed:
            # It may still ride what it got on before it had a way of its own.
            own = [leg for leg in in_force if leg.parcel_id == parcel.pk]
            if all(leg.departure_id != parcel.departure_id for leg in own):
                shared = [leg for leg in in_force if leg.parcel_id is None and leg.departure_id == parcel.departure_id]
                own = shared + own
            yield from _next_of([parcel], consignment, own, opening)


def _next_of(parcels: list[Parcel], consignment: Consignment, legs: list[Leg], opening: Opening) -> Iterator[Step]:
    states = {parcel.state for parcel in parcels}
    first = legs[0] if legs else None
    last_moment = first.departs_at - SHELVING if first else consignment.ready_from

    def step(at: dt.datetime, act: Act, leg: Leg | None = None) -> Step:
        return Step(at, act, consignment.number, consignment, parcels, leg)

    if consignment.state == ConsignmentState.ROUTED:
        yield step(min(consignment.ready_from, last_moment) - SHELVING, Act.PACK)
    elif consignment.state not in MOVING or not parcels:
        return
    elif ParcelState.PACKED in states:
        yield step(min(consignment.ready_from, last_moment), Act.DROP)
    elif ParcelState.AT_STOP in states and first is None:
        yield step(opening.next_opening(consignment.ready_from + SHELVING), Act.RECEIVE)
    elif ParcelState.LOADED in states:
        aboard = next(parcel.departure_id for parcel in parcels if parcel.state == ParcelState.LOADED)
        leg = next((leg for leg in legs if leg.departure_id == aboard), None)
        if leg is None or leg.departure.state in NOT_RUNNING:
            return  # a hub has to take in what is aboard a vehicle that does not go on
        if leg is legs[-1]:
            yield step(opening.next_opening(leg.arrives_at + SHELVING), Act.RECEIVE, leg)
        else:
            yield step(leg.arrives_at, Act.UNLOAD, leg)
    else:
        ridden = {scan.departure_id for scan in parcels[0].scans.all() if scan.kind == ScanKind.LOADED}
        leg = next((leg for leg in legs if leg.departure_id not in ridden), None)
        if leg is not None:
            yield step(leg.departs_at, Act.LOAD, leg)


def _do(step: Step, *, at: dt.datetime) -> None:
    """Do a step as the person whose work it is, where the demonstration has one."""
    consignment, leg = step.consignment, step.leg
    if step.act == Act.PACK:
        boxes = max(1, min(-(-consignment.crates // PARCEL_CRATES), packing.MAX_PARCELS))
        units = sum(line.open for line in consignment.lines.all())
        packing.pack(consignment, parcels=min(boxes, units), by=_seller(consignment), at=at)
        return
    for parcel in step.parcels:
        nonce = f"demo-{secrets.token_hex(12)}"
        if step.act == Act.DROP and parcel.state == ParcelState.PACKED:
            scans.drop(parcel, nonce=nonce, by=_seller(consignment), at=at)
        elif step.act == Act.LOAD and parcel.state in {ParcelState.AT_STOP, ParcelState.AT_HUB}:
            scans.load(parcel, departure=leg.departure, nonce=nonce, by=_loader(consignment, leg), at=at)
        elif step.act == Act.UNLOAD and parcel.state == ParcelState.LOADED:
            hub = _end_of(leg)
            scans.unload(parcel, hub=hub, nonce=nonce, by=_worker(hub.pk), at=at)
        elif step.act == Act.RECEIVE and parcel.state in {ParcelState.LOADED, ParcelState.AT_STOP}:
            shelf = queries.shelf_suggestions(consignment, limit=1)[0]
            by = _operator(consignment.point_id)
            scans.receive(parcel, point=consignment.point, shelf=shelf, nonce=nonce, by=by, at=at)


def _place(step: Step) -> str:
    """Return where a step happens, as people would say it."""
    consignment, leg = step.consignment, step.leg
    if step.act == Act.PACK:
        return consignment.seller.name
    if step.act == Act.DROP:
        return consignment.origin_stop.name
    if step.act == Act.RECEIVE:
        return consignment.point.name
    if step.act == Act.UNLOAD:
        return _end_of(leg).name
    if leg.departure.lane:
        return f"{leg.departure.lane.origin.name} → {leg.departure.lane.destination.name}"
    if leg.direction == Direction.BACK:
        return f"{consignment.origin_stop.name} → {leg.departure.round.hub.name}"
    return f"{leg.departure.round.hub.name} → {leg.departure.round.name}"


def _end_of(leg: Leg):
    return leg.departure.lane.destination if leg.departure.lane else leg.departure.round.hub


def _seller(consignment: Consignment):
    return consignment.seller.users.order_by("pk").first() or BY


def _operator(point_id: int):
    operator = Operator.objects.filter(point_id=point_id, until=None).select_related("user").order_by("pk").first()
    return operator.user if operator else BY


def _worker(hub_id: int):
    worker = HubWorker.objects.filter(hub_id=hub_id, until=None).select_related("user").order_by("pk").first()
    return worker.user if worker else BY


def _loader(consignment: Consignment, leg: Leg):
    """Return who loads on a leg: whoever drives the round, else whoever works where it begins."""
    if leg.departure.lane:
        return _worker(leg.departure.lane.origin_id)
    if driver := leg.departure.driver or leg.departure.round.driver:
        return driver
    if leg.direction == Direction.BACK:
        return _operator(consignment.origin_stop_id)
    return _worker(leg.departure.round.hub_id)
