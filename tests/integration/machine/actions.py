"""What the machine can do: its actions with their weights, and how it dies in the middle of one."""

import datetime as dt
from collections.abc import Callable

from logistics.services import milestones

STEPS = (*milestones.COLLECTING, *milestones.SYNCING)
HOUR = dt.timedelta(hours=1)
ACTIONS: dict[str, tuple[int, Callable, dict, Callable]] = {}


def action(weight: int, *, when: Callable = lambda machine: True, **drawn) -> Callable:
    """Let a method be one of the machine's actions, so often among the others, where it makes sense."""

    def register(method: Callable) -> Callable:
        ACTIONS[method.__name__] = (weight, when, drawn, method)
        return method

    return register


class Crash(BaseException):
    """The worker dies here: nothing of the code catches it."""
