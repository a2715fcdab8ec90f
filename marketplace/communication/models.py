"""Messages that are due: written from the event log, sent after commit, at most once per (order, event, channel)."""

from django.db import models
from django.db.models import Q

from core.constraints import known
from core.sealed import SealedTextField
from marketplace.communication.states import MessageChannel, MessageState


class Message(models.Model):
    """A message to one person. Address and words are sealed: they hold phones and codes."""

    channel = models.CharField(max_length=5, choices=MessageChannel)
    recipient = SealedTextField()
    recipient_hash = models.CharField(max_length=64)
    recipient_tail = models.CharField(max_length=4)
    body = SealedTextField()
    name = models.CharField(max_length=64)
    order_number = models.CharField(max_length=32, blank=True)
    event_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=4, choices=MessageState, default=MessageState.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="DUE"), name="message_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["order_number", "event_id", "channel"], condition=Q(event_id__isnull=False), name="message_once"
            ),
            known("channel", MessageChannel, name="message_channel_known"),
            known("state", MessageState, name="message_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.recipient_tail} {self.state}"


from oscar.apps.communication.models import *  # noqa: E402, F403
