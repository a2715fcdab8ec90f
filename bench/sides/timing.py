"""Doing one thing after the other for a bounded time, and telling how many were done."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

WARM_UP = 5
# Lines of an order, each of another seller, and how many such baskets are made beforehand.
SHAPES = {1: 405, 5: 155}


@dataclass(frozen=True)
class Measured:
    """So many orders in so many seconds."""

    orders: int
    seconds: float

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds

    def told(self) -> dict[str, float]:
        return asdict(self)


def timed(place: Callable[[object], None], baskets: Iterable[object], *, seconds: float) -> Measured:
    """Place the order of basket after basket until the time is over or none is left; the first few do not count."""
    waiting = iter(baskets)
    for _ in range(WARM_UP):
        place(next(waiting))
    began, orders = time.perf_counter(), 0
    for basket in waiting:
        place(basket)
        orders += 1
        if time.perf_counter() - began >= seconds:
            break
    return Measured(orders, time.perf_counter() - began)
