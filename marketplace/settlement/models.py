"""The ledger: append-only double entry in integer fen.

A row moves an amount from one account to another, so each row balances by itself and no half of an entry can exist.
"""

from django.db import models
from django.db.models import F, Q

from core.constraints import known
from marketplace.settlement.states import AccountKind, PostingKind


class Account(models.Model):
    """An account: a kind, and whose it is (a seller, a point, a hub, an operator; 0 for the platform's own)."""

    kind = models.CharField(max_length=16, choices=AccountKind)
    party_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "party_id"], name="account_once"),
            known("kind", AccountKind, name="account_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.party_id}"


class Posting(models.Model):
    """``amount_fen`` is debited to one account and credited to another. Never changed, never deleted (triggers)."""

    key = models.CharField(max_length=96, unique=True, help_text="What it books, so that it is booked once")
    kind = models.CharField(max_length=16, choices=PostingKind)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, models.PROTECT, related_name="credits")
    amount_fen = models.PositiveBigIntegerField()
    order = models.ForeignKey("order.Order", models.PROTECT, related_name="postings")
    consignment = models.ForeignKey("logistics.Consignment", models.PROTECT, null=True, related_name="postings")
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["debit", "at"], name="posting_debit_at"),
            models.Index(fields=["credit", "at"], name="posting_credit_at"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="posting_amount"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="posting_two_accounts"),
            known("kind", PostingKind, name="posting_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_fen}"
