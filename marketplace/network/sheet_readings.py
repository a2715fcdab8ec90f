"""What a spreadsheet of timetables asks for, and what is wrong with it."""

from dataclasses import dataclass, field

from logistics.drafts import Change


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row: sheet, row in the file, column header, sentence; of the whole file: just that."""

    kind: str
    row: int
    column: str
    text: str


@dataclass(frozen=True)
class Asked:
    """The change that a row asks for.

    :param wrong: the columns that could not be read; the change holds something harmless in their place, so that all
        else of the row can be checked. :param stop_rows: where the stops of a round stand, in their order.
    """

    change: Change
    kind: str
    row: int
    wrong: frozenset[str] = frozenset()
    stop_rows: tuple[int, ...] = ()


@dataclass
class Reading:
    """What a file asks for, and what is wrong with it."""

    asked: list[Asked] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0

    @property
    def changes(self) -> list[Change]:
        return [each.change for each in self.asked]

    @property
    def unchanged(self) -> int:
        return self.rows - len(self.asked)
