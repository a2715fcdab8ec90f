"""Messages that are due: written from the event log, sent after commit, at most once per (order, event, channel)."""

from django.db import models
from django.db.models import Q

from core.constraints import known
from core.sealed import SealedTextField
from marketplace.communication.states import SUBJECTS, DeadReason, MessageChannel, MessageState


class Message(models.Model):
    """A message to one person. Address and words are sealed: they hold phones and codes."""

    channel = models.CharField(max_length=5, choices=MessageChannel)
    recipient = SealedTextField(blank=True)
    recipient_hash = models.CharField(max_length=64, blank=True)
    recipient_tail = models.CharField(max_length=4, blank=True)
    body = SealedTextField()
    name = models.CharField(max_length=64)
    order_number = models.CharField(max_length=32, blank=True)
    event_id = models.BigIntegerField(null=True)
    promised_at = models.DateTimeField(null=True, help_text="The day that it tells, where it tells one")
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.DUE)
    dead_reason = models.CharField(max_length=8, choices=DeadReason, null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    good_until = models.DateTimeField(null=True, help_text="After it, sending it would help nobody")
    leased_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["channel", "next_try_at"], condition=Q(state="DUE"), name="message_due"),
            models.Index(fields=["leased_until"], condition=Q(state="SENDING"), name="message_sending"),
            models.Index(fields=["order_number", "channel"], name="message_order"),
            models.Index(fields=["id"], condition=Q(state="DEAD"), name="message_dead"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order_number", "event_id", "channel"], condition=Q(event_id__isnull=False), name="message_once"
            ),
            known("channel", MessageChannel, name="message_channel_known"),
            known("state", MessageState, name="message_state_known"),
            known("dead_reason", DeadReason, name="message_dead_reason_known"),
            models.CheckConstraint(
                condition=Q(state="DEAD", dead_reason__isnull=False) | (~Q(state="DEAD") & Q(dead_reason=None)),
                name="message_dead_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.recipient_tail} {self.state}"

    @property
    def subject(self) -> str:
        """What it is about, without any of its words."""
        return str(SUBJECTS.get(self.name, self.name))


class Circuit(models.Model):
    """How a channel fares: after several failures in a row it pauses, and the messages wait instead of timing out."""

    channel = models.CharField(max_length=5, choices=MessageChannel, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    probed_until = models.DateTimeField(null=True, help_text="One sender tries a failing channel, the others go on")

    class Meta:
        constraints = [known("channel", MessageChannel, name="circuit_channel_known")]

    def __str__(self) -> str:
        return f"{self.channel} until {self.paused_until}"


from oscar.apps.communication.models import *  # noqa: E402, F403
