"""What a phone uploads of its work without network: read strictly, one item at a time; nothing is guessed."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core import phones
from logistics.services.collections import Outcome
from logistics.states import IN_HAND, CollectionProof, CounterPayment, UploadKind
from marketplace.counter.states import Reason

NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
PARCEL, ORDER = re.compile(r"[0-9]{13}"), re.compile(r"[0-9]{12}")
SHELF = re.compile(r"([A-Z0-9]{1,4}(-?[A-Z0-9]{1,6})?)?")
LONGEST_CODE, LONGEST_NAME, MOST_LINES, LONGEST_ITEM = 200, 32, 200, 32_000
MOST = 2**31 - 1
PROOFS = {"QR": CollectionProof.QR, "CODE": CollectionProof.TYPED_CODE}


class UnableToReadItem(ValueError):
    """The item is not what a phone of ours sends."""


@dataclass(frozen=True)
class Head:
    """What every item says: its own name, the lease that it was done under, and when.

    :param at: None where it cannot be read.
    :param payload: all that was said but the code, as JSON. :param code: the QR's text, or the typed digits.
    """

    nonce: str
    lease_id: int
    epoch: int
    kind: UploadKind
    at: dt.datetime | None
    payload: str
    code: str
    order_number: str


@dataclass(frozen=True)
class Received:
    """A parcel was put on a shelf."""

    parcel: str
    shelf: str
    is_damaged: bool


@dataclass(frozen=True)
class HandedOver:
    """Lines of an order were handed over, for an amount in fen that the phone showed."""

    order: str
    proof: CollectionProof
    outcomes: Mapping[int, Outcome]
    collector: tuple[str, str] | None
    paid_by: CounterPayment
    shown_fen: int


def head(item: object) -> Head:
    """Return what an item says of itself.

    :raises UnableToReadItem: where it cannot even be kept under a lease.
    """
    if not isinstance(item, dict):
        raise UnableToReadItem("not an object")
    nonce, kind = item.get("nonce"), item.get("kind")
    if not isinstance(nonce, str) or not NONCE.fullmatch(nonce) or kind not in UploadKind.values:
        raise UnableToReadItem("no nonce or kind")
    code = item.get("code", "")
    payload = json.dumps({key: value for key, value in item.items() if key != "code"})
    if len(payload) > LONGEST_ITEM:
        raise UnableToReadItem("too long")
    return Head(
        nonce=nonce,
        lease_id=_number(item, "lease"),
        epoch=_number(item, "epoch"),
        kind=UploadKind(kind),
        at=_moment(item.get("at")),
        payload=payload,
        code=code if isinstance(code, str) and code.isascii() and len(code) <= LONGEST_CODE else "",
        order_number=order if isinstance(order := item.get("order"), str) and ORDER.fullmatch(order) else "",
    )


def received(payload: str) -> Received:
    """Return what a kept item of kind RECEIVE says."""
    said = json.loads(payload)
    shelf = said.get("shelf", "")
    if not isinstance(shelf, str) or not SHELF.fullmatch(shelf):
        raise UnableToReadItem("no shelf")
    return Received(_text(said, "parcel", PARCEL), shelf, said.get("damaged") is True)


def handed_over(payload: str) -> HandedOver:
    """Return what a kept item of kind HAND_OVER says."""
    said = json.loads(payload)
    proof, paid_by = said.get("proof"), said.get("paid_by", CounterPayment.CASH)
    if not isinstance(proof, str) or proof not in PROOFS or paid_by not in IN_HAND:
        raise UnableToReadItem("no proof or payment")
    lines = said.get("lines")
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST_LINES:
        raise UnableToReadItem("no lines")
    outcomes = dict(_outcome(line) for line in lines)
    if len(outcomes) != len(lines):
        raise UnableToReadItem("a line twice")
    return HandedOver(
        order=_text(said, "order", ORDER),
        proof=PROOFS[proof],
        outcomes=outcomes,
        collector=_collector(said.get("collector")),
        paid_by=CounterPayment(paid_by),
        shown_fen=_number(said, "shown_fen"),
    )


def _outcome(line: object) -> tuple[int, Outcome]:
    if not isinstance(line, dict):
        raise UnableToReadItem("no line")
    taken, short, rejected = (_number(line, name) for name in ("taken", "short", "rejected"))
    reason = line.get("reason") or ""
    if reason == Reason.MISSING:
        short, rejected = short + rejected, 0  # what is not there cannot go back, whatever was chosen
    if (short or rejected) and reason not in Reason.values:
        raise UnableToReadItem("no reason")
    return _number(line, "id"), Outcome(taken, short, rejected, reason if short or rejected else "")


def _collector(said: object) -> tuple[str, str] | None:
    if not said:
        return None
    name = said.get("name") if isinstance(said, dict) else None
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name.strip()) <= LONGEST_NAME:
        raise UnableToReadItem("no name of who collects")
    try:
        return name.strip(), phones.normalise(str(said.get("phone")))
    except phones.UnableToReadPhone as error:
        raise UnableToReadItem("no phone of who collects") from error


def _moment(text: object) -> dt.datetime | None:
    try:
        at = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and timezone.is_aware(at) else None


def _text(said: dict, name: str, pattern: re.Pattern) -> str:
    text = said.get(name)
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise UnableToReadItem(f"no {name}")
    return text


def _number(said: dict, name: str) -> int:
    number = said.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST:
        raise UnableToReadItem(f"no {name}")
    return number
