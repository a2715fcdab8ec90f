"""The reference model: what orders come to by simple arithmetic, without states, locks, events or a ledger."""

import datetime as dt
from dataclasses import dataclass, field

KEPT = dt.timedelta(days=7)
LONGER = dt.timedelta(days=3)
GRACE = dt.timedelta(days=1)  # in which a phone may still tell what it did


@dataclass
class Line:
    """Units of one line of a consignment, each in exactly one place."""

    price_fen: int
    open: int
    cancelled: int = 0
    taken: int = 0
    short: int = 0
    rejected: int = 0
    expired: int = 0
    returned: int = 0
    refunded: int = 0

    def units(self) -> tuple[int, ...]:
        return (
            self.open,
            self.cancelled,
            self.taken,
            self.short,
            self.rejected,
            self.expired,
            self.returned,
            self.refunded,
        )


@dataclass
class Goods:
    """A consignment: where it is, and until when it is kept there."""

    freight_fen: int
    lines: dict[int, Line]
    is_here: bool = False
    is_over: bool = False
    collect_by: dt.datetime | None = None
    was_extended: bool = False

    def arrive(self, at: dt.datetime) -> None:
        self.is_here, self.collect_by = True, at + KEPT

    def end(self) -> None:
        self.is_here, self.is_over = False, True

    def hand_over(self, outcomes: dict[int, tuple[int, int, int]]) -> int:
        """Give units out; return what is paid for them: goods taken, and the freight where anything was."""
        for pk, (taken, short, rejected) in outcomes.items():
            line = self.lines[pk]
            assert line.open == taken + short + rejected
            line.open, line.taken = 0, line.taken + taken
            line.short, line.rejected = line.short + short, line.rejected + rejected
        due_fen = self.due(outcomes)
        self.end()
        return due_fen

    def due(self, outcomes: dict[int, tuple[int, int, int]]) -> int:
        """Return what is paid for units that are taken, in fen."""
        goods_fen = sum(self.lines[pk].price_fen * taken for pk, (taken, _, _) in outcomes.items())
        return goods_fen + (self.freight_fen if goods_fen else 0)

    def lose_open(self, kind: str) -> None:
        for line in self.lines.values():
            setattr(line, kind, getattr(line, kind) + line.open)
            line.open = 0
        self.end()


@dataclass
class Leave:
    """What a phone may do without network: which consignments, until when; when it was taken from it before that."""

    device: str
    until: dt.datetime
    covers: set[int]
    taken_at: dt.datetime | None = None

    def holds(self, at: dt.datetime) -> bool:
        return self.taken_at is None and at < self.until

    def may_tell(self, at: dt.datetime) -> bool:
        """Tell whether the phone may do more, or did it not longer than a day ago."""
        return at < (self.taken_at or self.until) + GRACE


@dataclass
class Model:
    """All orders of one counter, the cash that lies there, and what the platform's QR paid for."""

    goods: dict[int, Goods] = field(default_factory=dict)
    of_order: dict[int, list[int]] = field(default_factory=dict)
    cash_fen: int = 0
    qr_fen: int = 0
    leave: Leave | None = None
    before: list[Leave] = field(default_factory=list)  # what ran out or was taken away, and was not given back
    told: dict[str, set[int]] = field(default_factory=dict)  # uploads that nobody has decided on: what they handed over

    def here(self, order: int) -> dict[int, Goods]:
        return {pk: self.goods[pk] for pk in self.of_order[order] if self.goods[pk].is_here}

    def held_by_another(self, consignments: set[int], *, device: str | None, at: dt.datetime) -> bool:
        """Tell whether a phone that is not this one has any of them without network."""
        leave = self.leave
        return bool(leave and leave.holds(at) and leave.device != device and leave.covers & consignments)

    def waits(self, pk: int, *, at: dt.datetime) -> bool:
        """Tell whether a consignment does not fall due, because a phone has or had it, or says that it gave it out."""
        leaves = [*self.before, *([self.leave] if self.leave else [])]
        return any(leave.may_tell(at) and pk in leave.covers for leave in leaves) or any(
            pk in covered for covered in self.told.values()
        )

    def expire(self, *, at: dt.datetime) -> None:
        for pk, goods in self.goods.items():
            if goods.is_here and goods.collect_by < at and not self.waits(pk, at=at):
                goods.lose_open("expired")
