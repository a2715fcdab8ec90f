"""A small network, and consignments on it."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from django.db.models import F

from core import numbers
from core.storage_class import StorageClass
from logistics.models import Consignment, Hub, Lane, Parcel, Planner, Round, RoundStop
from logistics.services import departures
from logistics.states import ConsignmentState, HubKind
from marketplace.order.models import Order
from marketplace.partner.models import Partner
from marketplace.users.models import User
from tests.factories import villages
from villages import codes
from villages.models import PickupPoint, PointDay
from villages.states import Level

MONDAY = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)  # 09:30 in Beijing
BEGAN = dt.date(2026, 1, 1)
_numbers = count(1)


@dataclass(frozen=True)
class SmallNetwork:
    """石门 and 澧县, each a hub, a round and a point, both under 常德's hub.

    Rounds leave at 08:00 and 14:00, reach the point after an hour and are back after two. Lanes to the prefecture leave
    at 11:00 and 17:00, lanes from it at 13:00 and 05:00; each takes an hour.
    """

    prefecture: Hub
    county: Hub
    other_county: Hub
    stop: PickupPoint
    point: PickupPoint


def hub(code: str, *, kind: str = HubKind.COUNTY) -> Hub:
    level = Level.COUNTY if kind == HubKind.COUNTY else Level.PREFECTURE
    return Hub.objects.create(
        code=f"H{code[:6]}{kind[0]}",
        name=f"{code[:6]}分拨中心",
        kind=kind,
        division=villages.division(code, name=f"区划{code[:6]}", level=level),
        longitude=Decimal(111),
        latitude=Decimal(29),
    )


def lane(
    origin: Hub, destination: Hub, departs: dt.time, *, minutes: int = 60, crates: int = 100, classes=None
) -> Lane:
    return Lane.objects.create(
        origin=origin,
        destination=destination,
        departs=departs,
        duration_minutes=minutes,
        crates=crates,
        storage_classes=classes or StorageClass.values,
        valid_from=BEGAN,
    )


def round_(
    at: Hub, departs: dt.time, *points: PickupPoint, minutes: int = 120, crates: int = 100, classes=None, driver=None
) -> Round:
    """Return a round that reaches its points at even distances of time."""
    made = Round.objects.create(
        hub=at,
        name=f"{next(_numbers)} 号班线",
        departs=departs,
        duration_minutes=minutes,
        crates=crates,
        storage_classes=classes or StorageClass.values,
        valid_from=BEGAN,
        driver=driver,
    )
    apart = minutes // (len(points) + 1)
    RoundStop.objects.bulk_create(
        [
            RoundStop(round=made, point=each, sequence=number, offset_minutes=apart * number)
            for number, each in enumerate(points, start=1)
        ]
    )
    return made


def small_network(*, crates: int = 100, open_at: dt.datetime | None = MONDAY, days: int = 5) -> SmallNetwork:
    prefecture = hub("430700000000", kind=HubKind.PREFECTURE)
    county, other_county = hub("430726000000"), hub("430723000000")
    stop, point = villages.point("430726001001"), villages.point("430723001001")
    for each, stops in ((county, stop), (other_county, point)):
        for departs in (dt.time(8), dt.time(14)):
            round_(each, departs, stops, crates=crates)
        for departs in (dt.time(11), dt.time(17)):
            lane(each, prefecture, departs, crates=crates)
        for departs in (dt.time(13), dt.time(5)):
            lane(prefecture, each, departs, crates=crates)
    if open_at is not None:
        departures.open_departures(at=open_at, until=open_at.date() + dt.timedelta(days=days))
    return SmallNetwork(prefecture, county, other_county, stop, point)


def seller(**fields) -> Partner:
    number = next(_numbers)
    return Partner.objects.create(**{"name": f"测试合作社{number}", "code": f"test-{number}"} | fields)


def planner(*divisions: str, person=None, at: dt.datetime = MONDAY):
    """Return a person who plans some divisions."""
    person = person or User.objects.create_user(phone=f"+8613900{next(_numbers):06d}", password="secret-2026")
    for code in divisions or ("430700000000",):
        level = {2: Level.PROVINCE, 4: Level.PREFECTURE, 6: Level.COUNTY}[len(codes.prefix_of(code))]
        division = villages.division(code, name=f"区划{codes.prefix_of(code)}", level=level)
        Planner.objects.create(user=person, division=division, since=at)
    return person


def consignment(
    origin_stop: PickupPoint,
    point: PickupPoint,
    *,
    state: str = ConsignmentState.AWAITING_ROUTE,
    storage_class: str = StorageClass.AMBIENT,
    crates: int = 1,
    at: dt.datetime = MONDAY,
    seller: Partner | None = None,
    parcels: int = 0,
    **fields,
) -> Consignment:
    """Return a consignment of an order of its own, ready to be dropped at ``at``, with so many packed parcels."""
    made = consignments(
        [(origin_stop, point)],
        state=state,
        storage_class=storage_class,
        crates=crates,
        at=at,
        seller=seller,
        **fields,
    )[0]
    Parcel.objects.bulk_create(
        [
            Parcel(number=numbers.draw(13), consignment=made, sequence=sequence, crates=1, packed_at=at)
            for sequence in range(1, parcels + 1)
        ]
    )
    return made


def consignments(
    ways: list[tuple[PickupPoint, PickupPoint]],
    *,
    state: str = ConsignmentState.AWAITING_ROUTE,
    storage_class: str = StorageClass.AMBIENT,
    crates: int = 1,
    at: dt.datetime = MONDAY,
    seller: Partner | None = None,
    **fields,
) -> list[Consignment]:
    """Return consignments from stops to points, each of an order of its own, in a few queries.

    Their crates are held at their points for the day after ``at``, on which what is ordered in the morning arrives.
    """
    sender = seller or globals()["seller"]()
    orders = Order.objects.bulk_create(
        [
            Order(
                number=numbers.draw(12),
                total_incl_tax=0,
                total_excl_tax=0,
                shipping_incl_tax=0,
                shipping_excl_tax=0,
                status="OPEN",
                date_placed=at,
                pickup_point=point,
            )
            for _, point in ways
        ]
    )
    made = Consignment.objects.bulk_create(
        [
            Consignment(
                **{
                    "number": numbers.draw(12),
                    "order": order,
                    "seller": sender,
                    "origin_stop": stop,
                    "point": point,
                    "storage_class": storage_class,
                    "state": state,
                    "crates": crates,
                    "freight_fen": 600,
                    "held_day": at.date() + dt.timedelta(days=1),
                    "created_at": at,
                    "waiting_since": at if state == ConsignmentState.AWAITING_ROUTE else None,
                    "ready_from": at,
                    "packed_at": at if state == ConsignmentState.PACKED else None,
                }
                | fields
            )
            for order, (stop, point) in zip(orders, ways, strict=True)
        ]
    )
    _hold(made)
    return made


def _hold(consignments: list[Consignment]) -> None:
    """Hold their crates, on days that have room for any number."""
    held = Counter()
    for each in consignments:
        if each.state != ConsignmentState.CANCELLED:
            held[(each.point_id, each.held_day, each.storage_class)] += each.crates
    for (point_id, day, storage_class), crates in held.items():
        row, _ = PointDay.objects.get_or_create(
            point_id=point_id, day=day, storage_class=storage_class, defaults={"capacity": 10_000}
        )
        PointDay.objects.filter(pk=row.pk).update(held=F("held") + crates)
