"""Divisions and pickup points in small: one prefecture, its counties, a village in each."""

import datetime as dt
import hashlib
from decimal import Decimal
from itertools import count

from core.storage_class import StorageClass
from villages.models import Device, Division, PickupPoint, PointCapacity, PointHours
from villages.states import Level, PointKind, PointState

PROVINCE, PREFECTURE = "430000000000", "430700000000"
CREATED = dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC)
_numbers = count(1)


def division(code: str = "430726001001", *, name: str = "东泉村", level: str = Level.VILLAGE, **fields) -> Division:
    """Return a division, made with those above it where they are missing."""
    above = {Level.VILLAGE: 9, Level.TOWNSHIP: 6, Level.COUNTY: 4, Level.PREFECTURE: 2}.get(level)
    parent = None
    if above:
        levels = {9: Level.TOWNSHIP, 6: Level.COUNTY, 4: Level.PREFECTURE, 2: Level.PROVINCE}
        parent_code = code[:above].ljust(12, "0")
        parent = Division.objects.filter(pk=parent_code).first() or division(
            parent_code, name=f"区划{parent_code[:above]}", level=levels[above]
        )
    defaults = {"name": name, "level": level, "parent": parent, "longitude": Decimal(111), "latitude": Decimal(29)}
    return Division.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def point(
    code: str = "430726001001",
    *,
    name: str = "",
    state: str = PointState.OPEN,
    longitude: float = 111.0,
    latitude: float = 29.0,
    capacities: dict[str, int] | None = None,
    hours: tuple[dt.time, dt.time] = (dt.time(8), dt.time(20)),
) -> PickupPoint:
    """Return a point in the division of a code, open every day, with 100 crates of each storage class."""
    number = next(_numbers)
    made = PickupPoint.objects.create(
        code=f"T{number:08d}",
        name=name or f"测试{number}号提货点",
        kind=PointKind.VILLAGE_SHOP,
        state=state,
        division=division(code),
        address="测试路",
        contact_name="测试",
        contact_phone="0736-000-0000",
        longitude=Decimal(str(longitude)),
        latitude=Decimal(str(latitude)),
        created_at=CREATED,
        opened_at=CREATED if state == PointState.OPEN else None,
    )
    kept = dict.fromkeys(StorageClass.values, 100) if capacities is None else capacities
    PointCapacity.objects.bulk_create(
        [PointCapacity(point=made, storage_class=each, crates_per_day=crates) for each, crates in kept.items()]
    )
    PointHours.objects.bulk_create(
        [PointHours(point=made, weekday=weekday, opens=hours[0], closes=hours[1]) for weekday in range(7)]
    )
    return made


def device(point: PickupPoint, *, by, name: str = "柜台手机", token: str = "") -> Device:
    """Return a device that is paired with a point; ``token`` is what the phone keeps."""
    token_hash = hashlib.sha256((token or f"token-{next(_numbers)}").encode()).hexdigest()
    return Device.objects.create(point=point, name=name, token_hash=token_hash, paired_by=by, paired_at=CREATED)
