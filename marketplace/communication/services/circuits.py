"""A channel that fails several times in a row pauses, longer each time; the other channels go on."""

import datetime as dt

from django.db.models import F

from marketplace.communication.models import Circuit

FAILURES_ALLOWED = 3
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(minutes=10)


def paused_until(channel: str, *, at: dt.datetime) -> dt.datetime | None:
    """Return until when a channel pauses; None when it does not."""
    return Circuit.objects.filter(channel=channel, paused_until__gt=at).values_list("paused_until", flat=True).first()


def failed(channel: str, *, at: dt.datetime) -> None:
    """Note a failure that is the channel's own fault; the third in a row and each after it pauses the channel."""
    Circuit.objects.bulk_create([Circuit(channel=channel)], ignore_conflicts=True)
    Circuit.objects.filter(channel=channel).update(failures=F("failures") + 1)
    failures = Circuit.objects.values_list("failures", flat=True).get(channel=channel)
    if failures >= FAILURES_ALLOWED:
        pause = min(FIRST_PAUSE * 2 ** min(failures - FAILURES_ALLOWED, 10), LONGEST_PAUSE)
        Circuit.objects.filter(channel=channel).update(paused_until=at + pause)


def succeeded(channel: str) -> None:
    """Note that the channel works."""
    Circuit.objects.filter(channel=channel, failures__gt=0).update(failures=0, paused_until=None)
