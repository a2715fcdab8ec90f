"""What of an order travels together: a consignment a seller and storage class, several where one vehicle is too small.

Quoting and placing ask here, so that the buyer is promised what is then written.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logistics import promises
from logistics.promises import Promise, PromiseRequest, Refusal
from marketplace.order import sizes


@dataclass(frozen=True)
class Wanted:
    """What one seller is to send in one storage class.

    :param drop_off_id: the stop at which the seller drops; None where there is none, and then nothing can be sent.
    :param packs: quantity and units per crate of each line.
    """

    drop_off_id: int | None
    storage_class: str
    packs: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Part:
    """A consignment to be: how much of each line travels in it, and when its point can hand it over."""

    quantities: tuple[int, ...]
    crates: int
    promised_at: dt.datetime | None = None


@dataclass(frozen=True)
class Answer:
    """What a point can say to something wanted: the parts with their promises, or why not."""

    parts: tuple[Part, ...] = ()
    refusal: Refusal | None = None

    @property
    def promised_at(self) -> dt.datetime | None:
        """When the last of its parts can be handed over."""
        return max((part.promised_at for part in self.parts), default=None)


def answers(wanted: Sequence[Wanted], *, point_ids: Iterable[int], at: dt.datetime) -> dict[int, list[Answer]]:
    """Return for each point what it can say to all that is wanted, together as one order."""
    whole = [[_part(each, [quantity for quantity, _ in each.packs])] for each in wanted]
    asked = {pk: list(whole) for pk in point_ids}
    found = _promised(wanted, asked, at)
    again: dict[int, list[list[Part]]] = {}
    for pk, promised in found.items():
        for number, [promise] in enumerate(promised):
            if promise.refusal == Refusal.TOO_LARGE and (parts := _cut(wanted[number], promise.largest)):
                again.setdefault(pk, list(whole))[number] = parts
    found |= _promised(wanted, again, at)
    asked |= again
    return {pk: [_answer(*each) for each in zip(asked[pk], found[pk], strict=True)] for pk in asked}


def _promised(
    wanted: Sequence[Wanted], asked: dict[int, list[list[Part]]], at: dt.datetime
) -> dict[int, list[list[Promise]]]:
    """Return the promise of every part, by point and in the order of what is wanted."""
    requests = [
        PromiseRequest(each.drop_off_id or 0, pk, each.storage_class, part.crates)
        for pk, parts in asked.items()
        for each, of_each in zip(wanted, parts, strict=True)
        for part in of_each
    ]
    found = iter(promises.promises(requests, at=at, together=True))
    return {pk: [[next(found) for _ in of_each] for of_each in parts] for pk, parts in asked.items()}


def _answer(parts: list[Part], promised: list[Promise]) -> Answer:
    refusal = next((promise.refusal for promise in promised if promise.handed_over_at is None), None)
    if refusal is not None:
        return Answer(refusal=refusal)
    return Answer(
        tuple(
            Part(part.quantities, part.crates, promise.handed_over_at)
            for part, promise in zip(parts, promised, strict=True)
        )
    )


def _cut(wanted: Wanted, largest: int) -> list[Part]:
    """Return parts that each fit the smallest vehicle on the way and the point's day, or none."""
    try:
        return [_part(wanted, quantities) for quantities in sizes.cut(wanted.packs, largest=largest)]
    except sizes.UnableToCut:
        return []


def _part(wanted: Wanted, quantities: Sequence[int]) -> Part:
    filled = zip(quantities, (per_crate for _, per_crate in wanted.packs), strict=True)
    return Part(tuple(quantities), sizes.crates_needed(filled))
