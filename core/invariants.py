"""What must always be true: the shape of a finding, and the register of checks that ``check_invariants`` runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One row that breaks a promise: the promise's code (S1, M1 …), the row, and what is wrong with it."""

    code: str
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.code} {self.subject}: {self.message}"


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
    """Run the checks, all or those of some codes, and return what they find."""
    wanted = set(only) or set(_checks)
    return [finding for code in sorted(wanted) for function in _checks[code] for finding in function()]
