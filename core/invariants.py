"""What must always be true: the shape of a finding, and the register of checks that ``check_invariants`` runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One row that breaks a promise: the promise's code (S1, M1 …), the row, and what is wrong with it.

    :param is_deferred: it would break it, but what it waits for is known and ends; it is shown, and no violation.
    """

    code: str
    subject: str
    message: str
    is_deferred: bool = False

    def __str__(self) -> str:
        return f"{'DEFERRED ' if self.is_deferred else ''}{self.code} {self.subject}: {self.message}"


Check = Callable[[], Iterable[Finding]]
_checks: dict[str, list[Check]] = {}


def check(code: str) -> Callable[[Check], Check]:
    """Register a function as a check of a promise."""

    def register(function: Check) -> Check:
        _checks.setdefault(code, []).append(function)
        return function

    return register


def codes() -> list[str]:
    """Return the codes that have checks."""
    return sorted(_checks)


def findings(only: Iterable[str] = ()) -> list[Finding]:
    """Run the checks, all or those of some codes, and return what breaks a promise."""
    return [finding for finding in examined(only) if not finding.is_deferred]


def examined(only: Iterable[str] = ()) -> list[Finding]:
    """Run the checks, all or those of some codes, and return all that they find, what is deferred too."""
    wanted = set(only) or set(_checks)
    return [finding for code in sorted(wanted) for function in _checks[code] for finding in function()]
