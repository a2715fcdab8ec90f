"""The refusal of placing, raised by each of its parts."""

from collections.abc import Sequence


class UnableToPlace(Exception):
    """The order cannot be placed.

    :param field: the form's field that the refusal belongs to: ``point``, ``phone``, ``lines`` or ``""``.
    :param lines: the product ids that are to blame, where there are any.
    """

    def __init__(self, message: str, *, field: str = "", lines: Sequence[int] = ()):
        super().__init__(message)
        self.message = message
        self.field = field
        self.lines = list(lines)
