"""Goods that go back: made at a point, read on their way by whoever has them in hand, received by the seller.

Nobody plans the way back: a return travels in what room is left, on any departure that leaves from where it lies. The
sums of what it leads to (stock, money, the consignment's end) are its callers' business.
"""

import datetime as dt
from collections.abc import Mapping

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks, numbers
from core.events import NewEvent
from logistics.models import Consignment, Departure, GoodsReturn, GoodsReturnLine, Hub, Parcel, ReturnScan
from logistics.services import steps
from logistics.services.steps import NotTheirs, UnableToScan
from logistics.states import (
    NOT_RUNNING,
    RETURN_MOVES,
    DepartureState,
    Disposal,
    ReturnReason,
    ReturnState,
    ScanKind,
)
from villages.models import PickupPoint

NUMBER_LENGTH = 13  # as a parcel's: both are read by the same scanners


class UnableToMoveReturn(UnableToScan):
    """The return cannot be moved like this."""


class ReturnAlreadyLoaded(UnableToMoveReturn):
    """The return is on this very departure as it is."""


def begin(
    consignment: Consignment,
    *,
    reason: ReturnReason,
    disposal: Disposal,
    units: Mapping[int, int],
    by,
    at: dt.datetime,
    shelf: str = "",
    point: PickupPoint | None = None,
) -> GoodsReturn:
    """Write down a box that stays at a point, inside the caller's transaction and lock.

    :param units: by consignment line, at least one unit each. :param point: by default the consignment's.
    """
    locks.touch(locks.Rank.CONSIGNMENT)
    if disposal == Disposal.WRITE_OFF:
        due = at + dt.timedelta(hours=settings.WRITE_OFF_WITHIN_HOURS)
    else:
        due = at + dt.timedelta(days=settings.RETURN_WITHIN_DAYS)
    point_id = point.pk if point else consignment.point_id
    is_home = disposal == Disposal.BACK and point_id == consignment.origin_stop_id
    made = GoodsReturn.objects.create(
        number=_number(),
        consignment=consignment,
        reason=reason,
        disposal=disposal,
        state=ReturnState.AT_STOP if is_home else ReturnState.AT_POINT,
        point_id=point_id,
        stop_id=consignment.origin_stop_id,
        shelf=shelf,
        created_at=at,
        due_at=due,
    )
    GoodsReturnLine.objects.bulk_create(
        GoodsReturnLine(goods_return=made, consignment_line_id=line, units=n) for line, n in sorted(units.items()) if n
    )
    payload = _payload(made, consignment) | {
        "reason": reason,
        "disposal": disposal,
        "point": made.point_id,
        "stop": made.stop_id,
        "units": sum(units.values()),
    }
    events.append([NewEvent("goods_return", made.number, "goods_return.begun", payload)], by=by, at=at)
    return made


def _number() -> str:
    """Draw a number that neither a return nor a parcel has."""
    while True:
        number = numbers.draw(NUMBER_LENGTH)
        if not Parcel.objects.filter(number=number).exists():
            return number


@transaction.atomic
def load(goods_return: GoodsReturn, *, departure: Departure, nonce: str, by, at: dt.datetime) -> ReturnScan:
    """Note that a return was loaded: on a round that stops at its point, or at the hub where it lies.

    :raises UnableToMoveReturn: when the departure does not leave from there, or does not run.
    :raises ReturnAlreadyLoaded: when it is on this departure; nothing changes.
    :raises NotTheirs: by anybody but the driver, the hub's workers and the point's operators.
    """
    consignment, found = _locked(goods_return)
    if done := _repeated(nonce, found, by):
        return done
    departure = Departure.objects.select_related("lane", "round").get(pk=departure.pk)
    start = departure.lane.origin_id if departure.lane else departure.round.hub_id
    if not (steps.drives(by, departure) or steps.works(by, start) or steps.operates(by, found.point_id)):
        raise NotTheirs(_("This return is not yours to load."))
    if found.state == ReturnState.LOADED and found.departure_id == departure.pk:
        raise ReturnAlreadyLoaded(_("This return is on this vehicle already."))
    _permit(found, ReturnState.LOADED)
    if departure.state in {*NOT_RUNNING, DepartureState.ARRIVED}:
        raise UnableToMoveReturn(_("This departure is: %(state)s.") % {"state": DepartureState(departure.state).label})
    if not _leaves_from_here(found, departure, start):
        raise UnableToMoveReturn(_("This vehicle does not leave from where the return lies, or does not lead to it."))
    place = {"departure": departure.pk, **({"hub": found.hub_id} if found.hub_id else {"point": found.point_id})}
    changes = {"state": ReturnState.LOADED, "departure_id": departure.pk, "hub_id": None}
    return _moved(found, consignment, ScanKind.LOADED, nonce=nonce, by=by, at=at, place=place, changes=changes)


def _leaves_from_here(found: GoodsReturn, departure: Departure, start: int) -> bool:
    stops = departure.round.stops if departure.round else None
    if found.state == ReturnState.AT_POINT:
        return stops is not None and stops.filter(point=found.point_id).exists()
    return start == found.hub_id and (stops is None or stops.filter(point=found.stop_id).exists())


@transaction.atomic
def unload(goods_return: GoodsReturn, *, hub: Hub, nonce: str, by, at: dt.datetime) -> ReturnScan:
    """Note that a return is at a hub, whatever brought it.

    :raises UnableToMoveReturn: when it lies here as it is, is back or written off.
    :raises NotTheirs: by anybody but the hub's workers.
    """
    consignment, found = _locked(goods_return)
    if done := _repeated(nonce, found, by):
        return done
    if not steps.works(by, hub.pk):
        raise NotTheirs(_("This is not your hub."))
    _permit(found, ReturnState.AT_HUB)
    if found.hub_id == hub.pk:
        raise UnableToMoveReturn(_("This return lies at this hub already."))
    place = {"hub": hub.pk, **({"departure": found.departure_id} if found.departure_id else {})}
    changes = {"state": ReturnState.AT_HUB, "hub_id": hub.pk, "departure_id": None}
    return _moved(found, consignment, ScanKind.UNLOADED, nonce=nonce, by=by, at=at, place=place, changes=changes)


@transaction.atomic
def drop(goods_return: GoodsReturn, *, nonce: str, by, at: dt.datetime) -> ReturnScan:
    """Note that a return was set down at the seller's stop.

    :raises UnableToMoveReturn: when it is there as it is, is back or written off.
    :raises NotTheirs: by anybody but the stop's operators and whoever drives it there.
    """
    consignment, found = _locked(goods_return)
    if done := _repeated(nonce, found, by):
        return done
    drives = found.departure_id is not None and steps.drives(by, found.departure)
    if not (steps.operates(by, found.stop_id) or (drives and _stops_there(found))):
        raise NotTheirs(_("This return is not yours to set down."))
    _permit(found, ReturnState.AT_STOP)
    place = {"point": found.stop_id, **({"departure": found.departure_id} if found.departure_id else {})}
    changes = {"state": ReturnState.AT_STOP, "hub_id": None, "departure_id": None}
    return _moved(found, consignment, ScanKind.DROPPED, nonce=nonce, by=by, at=at, place=place, changes=changes)


def _stops_there(found: GoodsReturn) -> bool:
    round_ = found.departure.round
    return round_ is not None and round_.stops.filter(point=found.stop_id).exists()


def receive(
    goods_return: GoodsReturn, *, counted: Mapping[int, tuple[int, int]], by, at: dt.datetime
) -> tuple[Consignment, GoodsReturn, list[GoodsReturnLine]]:
    """End a return as back at its seller's, inside the caller's transaction.

    :param counted: by return line, units that came and how many of these can be sold again.
    :raises UnableToMoveReturn: when it has ended, is not at their stop yet, or the units do not add up.
    :raises NotTheirs: by anybody but the seller's people.
    """
    consignment, found = _locked(goods_return)
    if not steps.sells(by, consignment):
        raise NotTheirs(_("This return does not come to you."))
    if found.ended_at is None and not has_come(found):
        raise UnableToMoveReturn(
            _("This return is still on its way: %(state)s.") % {"state": found.get_state_display()}
        )
    lines = _count(found, counted)
    _end(found, consignment, ReturnState.RECEIVED, by=by, at=at, more=_units(lines))
    return consignment, found, lines


def has_come(found: GoodsReturn) -> bool:
    """Tell whether its seller can have a return in hand: it is at their stop, or on the round that brings it there."""
    if found.state == ReturnState.LOADED:
        return _stops_there(found)
    return found.disposal == Disposal.BACK and ReturnState.RECEIVED in RETURN_MOVES[found.state]


def _count(found: GoodsReturn, counted: Mapping[int, tuple[int, int]]) -> list[GoodsReturnLine]:
    lines = list(found.lines.select_related("consignment_line__order_line").order_by("pk"))
    for line in lines:
        line.received, line.resaleable = counted.get(line.pk, (line.units, line.units))
        if not 0 <= line.resaleable <= line.received <= line.units:
            raise UnableToMoveReturn(
                _("%(name)s: at most %(units)d came, and of these at most all can be sold again.")
                % {"name": line.consignment_line.order_line.title, "units": line.units}
            )
    GoodsReturnLine.objects.bulk_update(lines, ["received", "resaleable"])
    return lines


def _units(lines: list[GoodsReturnLine]) -> dict:
    return {"received": sum(line.received for line in lines), "resaleable": sum(line.resaleable for line in lines)}


def end(
    goods_return: GoodsReturn, *, as_: ReturnState, by, at: dt.datetime
) -> tuple[Consignment, GoodsReturn, list[GoodsReturnLine]]:
    """End a return as written off at its point, or as lost on its way, inside the caller's transaction.

    :raises UnableToMoveReturn: when it has ended, or travels and is to be written off.
    :raises NotTheirs: by anybody but the point's operators.
    """
    consignment, found = _locked(goods_return)
    if not steps.operates(by, found.point_id):
        raise NotTheirs(_("This return is not at your point."))
    _end(found, consignment, as_, by=by, at=at)
    return consignment, found, list(found.lines.select_related("consignment_line__order_line").order_by("pk"))


def _end(found: GoodsReturn, consignment: Consignment, to: ReturnState, *, by, at, more: dict | None = None) -> None:
    _permit(found, to)
    before = found.state
    moved = GoodsReturn.objects.filter(pk=found.pk, state=before).update(
        state=to, ended_at=at, hub=None, departure=None
    )
    if not moved:
        raise UnableToMoveReturn(_("Somebody else has just moved this return."))
    found.state, found.ended_at = to, at
    payload = _payload(found, consignment) | {"before": before, "after": to} | (more or {})
    name = f"goods_return.{to.lower()}"
    events.append([NewEvent("goods_return", found.number, name, payload)], by=by, at=at)


def _locked(goods_return: GoodsReturn) -> tuple[Consignment, GoodsReturn]:
    """Lock the consignment, which guards its returns too, and read both again."""
    rows = Consignment.objects.select_related("order").filter(pk=goods_return.consignment_id)
    consignment = locks.lock(rows, rank=locks.Rank.CONSIGNMENT).get()
    return consignment, GoodsReturn.objects.select_related("departure__round").get(pk=goods_return.pk)


def _repeated(nonce: str, found: GoodsReturn, by) -> ReturnScan | None:
    scan = ReturnScan.objects.filter(nonce=nonce).first()
    if scan is not None and (scan.goods_return_id, scan.actor) != (found.pk, events.actor_of(by)):
        raise UnableToMoveReturn(_("This reading was used for another parcel."))
    return scan


def _permit(found: GoodsReturn, to: ReturnState) -> None:
    is_stuck = found.disposal == Disposal.WRITE_OFF and to != ReturnState.WRITTEN_OFF
    if to not in RETURN_MOVES[found.state] or is_stuck:
        label = Disposal.WRITE_OFF.label if is_stuck else ReturnState(found.state).label
        raise UnableToMoveReturn(_("This return is: %(state)s.") % {"state": label})


def _moved(
    found: GoodsReturn,
    consignment: Consignment,
    kind: ScanKind,
    *,
    nonce: str,
    by,
    at: dt.datetime,
    place: dict[str, int],
    changes: dict,
) -> ReturnScan:
    before = found.state
    GoodsReturn.objects.filter(pk=found.pk).update(**changes)
    scan = ReturnScan(
        goods_return=found,
        kind=kind,
        nonce=nonce,
        actor=events.actor_of(by),
        occurred_at=at,
        recorded_at=timezone.now(),
        **{f"{name}_id": pk for name, pk in place.items()},
    )
    try:
        with transaction.atomic():
            scan.save(force_insert=True)
    except IntegrityError as error:
        raise UnableToMoveReturn(_("This reading was used for another parcel.")) from error
    payload = _payload(found, consignment) | place | {"before": before, "after": changes["state"]}
    name = f"goods_return.{kind.lower()}"
    events.append([NewEvent("goods_return", found.number, name, payload)], by=by, at=at)
    return scan


def _payload(found: GoodsReturn, consignment: Consignment) -> dict:
    return {"order": consignment.order.number, "consignment": consignment.number}


def at_stop_of(point: PickupPoint, *, number: str) -> GoodsReturn | None:
    """Return what goes back from or to a point, by its number or by an ending that only one of them has."""
    here = GoodsReturn.objects.under_way().filter(point=point) | GoodsReturn.objects.under_way().filter(stop=point)
    found = here.filter(number=number).first()
    if found is None:
        ending = list(here.filter(number__endswith=number).order_by("pk")[:2])
        found = ending[0] if len(ending) == 1 else None
    return found
