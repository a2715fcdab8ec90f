"""The register of divisions: importing an edition of it, and the successions from one edition to the next."""

import csv
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from villages import codes, known_names
from villages.models import REGISTER_BEGAN, Division, DivisionSuccession
from villages.states import Level

DATA = Path(__file__).resolve().parent.parent / "data"
URBAN_ENDINGS = ("居委会", "社区")
_ORDER = {level: place for place, level in enumerate(Level.values)}


class UnableToImportRegister(Exception):
    """The edition contradicts itself or the register; nothing was written."""


@dataclass(frozen=True)
class Succession:
    """One division after another; the predecessor's row is made when the register does not know it."""

    predecessor: str
    predecessor_name: str
    successor: str
    on_date: dt.date
    valid_from: dt.date


@dataclass
class ImportReport:
    """What an import did: how many rows it added, and which rows of the edition it did not take, with the reason."""

    added: int = 0
    known: int = 0
    successions: int = 0
    conflicts: list[str] = field(default_factory=list)


def read(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of ``villages/data``."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_successions() -> list[Succession]:
    """Return the successions that are kept with the project."""
    return [
        Succession(
            predecessor=row["predecessor_code"],
            predecessor_name=row["predecessor_name"],
            successor=row["successor_code"],
            on_date=dt.date.fromisoformat(row["on_date"]),
            valid_from=dt.date.fromisoformat(row["predecessor_from"]),
        )
        for row in read("successions.csv")
    ]


def import_edition(
    rows: Sequence[Mapping[str, str]],
    *,
    hosts: Iterable[Mapping[str, str]] = (),
    successions: Iterable[Succession] = (),
    valid_from: dt.date = REGISTER_BEGAN,
) -> ImportReport:
    """Add the divisions of an edition that the register does not hold yet; rows that it holds are never edited.

    A row whose code is known under another name or parent is not taken: it is reported, for somebody to end the old
    row with a succession.

    :param rows: ``code``, ``name``, ``level``, ``parent_code``, ``longitude``, ``latitude`` (degrees or empty).
    :param hosts: ``zone_code`` and ``host_code`` of the statistical zones.
    :param valid_from: the day from which rows of this edition are known to hold.
    :raises UnableToImportRegister: when a code is malformed, doubled, or without its parent.
    """
    host_of = {row["zone_code"]: row["host_code"] for row in hosts}
    successions = list(successions)
    began = {each.successor: each.on_date for each in successions}
    divisions = sorted(
        (_division(row, host_of=host_of, valid_from=began.get(row["code"], valid_from)) for row in rows),
        key=lambda division: (_ORDER[division.level], division.host_id is not None, division.code),
    )
    report = ImportReport()
    with transaction.atomic():
        known = {
            code: (name, parent) for code, name, parent in Division.objects.values_list("code", "name", "parent_id")
        }
        fresh = []
        seen: set[str] = set()
        for division in divisions:
            if division.code in seen:
                raise UnableToImportRegister(f"{division.code} stands twice in the edition")
            seen.add(division.code)
            if division.parent_id and division.parent_id not in seen and division.parent_id not in known:
                raise UnableToImportRegister(f"{division.code} has no parent {division.parent_id}")
            held = known.get(division.code)
            if held is None:
                fresh.append(division)
            elif held == (division.name, division.parent_id):
                report.known += 1
            else:
                report.conflicts.append(
                    f"{division.code}: {held[0]} under {held[1]} is held, "
                    f"the edition says {division.name} under {division.parent_id}"
                )
        Division.objects.bulk_create(fresh, batch_size=3000)
        report.added = len(fresh)
        report.successions = _succeed(successions)
        transaction.on_commit(known_names.forget)
    return report


def _division(row: Mapping[str, str], *, host_of: Mapping[str, str], valid_from: dt.date) -> Division:
    code, level = row["code"], row["level"].upper()
    if len(code) != 12 or not code.isdigit() or level not in _ORDER:
        raise UnableToImportRegister(f"no division: {dict(row)}")
    return Division(
        code=code,
        name=row["name"],
        level=level,
        parent_id=row["parent_code"] or None,
        longitude=Decimal(row["longitude"]) if row["longitude"] else None,
        latitude=Decimal(row["latitude"]) if row["latitude"] else None,
        is_urban=row["name"].endswith(URBAN_ENDINGS) if level == Level.VILLAGE else None,
        host_id=host_of.get(code),
        valid_from=valid_from,
    )


def _succeed(successions: list[Succession]) -> int:
    """Make the rows of divisions that ended, and the successions that are not held yet; return how many those are."""
    named = {s.predecessor for s in successions} | {s.successor for s in successions}
    known = Division.objects.in_bulk(named)
    for each in successions:
        if each.successor not in known:
            raise UnableToImportRegister(f"the successor {each.successor} is not in the register")
    ended = {
        each.predecessor: Division(
            code=each.predecessor,
            name=each.predecessor_name,
            level=codes.level_of(each.predecessor),
            parent_id=_parent_of_ended(each.predecessor),
            longitude=known[each.successor].longitude,
            latitude=known[each.successor].latitude,
            valid_from=each.valid_from,
            valid_to=each.on_date,
        )
        for each in successions
        if each.predecessor not in known
    }
    Division.objects.bulk_create(ended.values())
    held = set(DivisionSuccession.objects.values_list("predecessor_id", "successor_id"))
    fresh = [
        DivisionSuccession(predecessor_id=each.predecessor, successor_id=each.successor, on_date=each.on_date)
        for each in successions
        if (each.predecessor, each.successor) not in held
    ]
    DivisionSuccession.objects.bulk_create(fresh)
    return len(fresh)


def _parent_of_ended(code: str) -> str:
    """Return the division above a county-level or lower code, by its prefix."""
    above = {Level.COUNTY: 4, Level.TOWNSHIP: 6, Level.VILLAGE: 9}[codes.level_of(code)]
    return code[:above].ljust(12, "0")
