"""The floor's tables: the event log with its positions and bookmarks, and the demonstration's clock."""

import datetime as dt

from django.db import models


class EventStream(models.Model):
    """The head of one stream: its version rises by one with each event, under this row's lock.

    It makes versions unique without asking the log, so that the log itself can be cut into monthly partitions.
    """

    stream = models.CharField(max_length=32)
    stream_id = models.CharField(max_length=64)
    version = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "stream_id"], name="event_stream_once")]

    def __str__(self) -> str:
        return f"{self.stream} {self.stream_id} v{self.version}"


class Event(models.Model):
    """One thing that happened. Never changed, never deleted (triggers refuse both), without personal data.

    ``payload`` holds ids, codes, quantities and fen. No foreign key points here.
    """

    stream = models.CharField(max_length=32)
    stream_id = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    payload = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "stream_id", "version"], name="event_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.stream} {self.stream_id} v{self.version}"


class PendingEvent(models.Model):
    """An event that has no position yet: written with the event, taken away by the publisher."""

    event_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.event_id)


class EventPosition(models.Model):
    """The dense place of a committed event in the one order in which readers read."""

    position = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)

    def __str__(self) -> str:
        return f"{self.position}: {self.event_id}"


class Bookmark(models.Model):
    """How far a reader has read, by position; the row's lease lets one worker read at a time."""

    reader = models.CharField(max_length=64, primary_key=True)
    position = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.reader} at {self.position}"


class ClockOffset(models.Model):
    """How far the demonstration's clock stands ahead of the wall."""

    offset = models.DurationField(default=dt.timedelta(0))

    def __str__(self) -> str:
        return str(self.offset)
