"""A channel that fails several times in a row pauses, longer each time; the other channels go on.

A gateway that accepts and never answers holds its sender until the timeout. From the first failure on, one sender at a
time tries the channel, so that no more than one worker waits for it and all other work goes on.
"""

import datetime as dt

from django.db.models import F, Q

from marketplace.communication.models import Circuit

FAILURES_ALLOWED = 3
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(minutes=10)
PROBE_LEASE = dt.timedelta(seconds=60)


def paused_until(channel: str, *, at: dt.datetime) -> dt.datetime | None:
    """Return until when a channel pauses; None when it does not."""
    return Circuit.objects.filter(channel=channel, paused_until__gt=at).values_list("paused_until", flat=True).first()


def may_send(channel: str, *, at: dt.datetime) -> bool:
    """Tell whether a sender may use a channel now; on one that failed, it is then the only one that does."""
    circuit = Circuit.objects.filter(channel=channel, failures__gt=0)
    free = Q(probed_until=None) | Q(probed_until__lt=at)
    open_again = Q(paused_until=None) | Q(paused_until__lte=at)
    return not circuit.exists() or bool(circuit.filter(free, open_again).update(probed_until=at + PROBE_LEASE))


def let_go(channel: str) -> None:
    """Let the next sender try the channel: there was nothing to send after all."""
    Circuit.objects.filter(channel=channel).update(probed_until=None)


def failed(channel: str, *, at: dt.datetime) -> None:
    """Note a failure that is the channel's own fault; the third in a row and each after it pauses the channel."""
    Circuit.objects.bulk_create([Circuit(channel=channel)], ignore_conflicts=True)
    Circuit.objects.filter(channel=channel).update(failures=F("failures") + 1, probed_until=None)
    failures = Circuit.objects.values_list("failures", flat=True).get(channel=channel)
    if failures >= FAILURES_ALLOWED:
        pause = min(FIRST_PAUSE * 2 ** min(failures - FAILURES_ALLOWED, 10), LONGEST_PAUSE)
        Circuit.objects.filter(channel=channel).update(paused_until=at + pause)


def succeeded(channel: str) -> None:
    """Note that the channel works."""
    Circuit.objects.filter(channel=channel, failures__gt=0).update(failures=0, paused_until=None, probed_until=None)
