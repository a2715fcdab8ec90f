"""Claims (售后): what a buyer wants back of what was collected, and the cash that was paid out for it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.constraints import known
from core.sealed import SealedTextField
from marketplace.claims.states import ENDED, Answer, ClaimReason, ClaimState, Wish


class ClaimQuerySet(models.QuerySet):
    def of_sellers_of(self, user) -> "ClaimQuerySet":
        """Keep what is claimed of the user's own sellers."""
        return self.filter(consignment__seller__users=user)

    def at_points_of(self, user) -> "ClaimQuerySet":
        """Keep what is brought to, and paid at, points where the user is an operator now."""
        return self.filter(point__operators__user=user, point__operators__until=None)


class Claim(models.Model):
    """Some units of one line that the buyer claims. What people write of it is sealed, and never in the event log."""

    number = models.CharField(_("Claim number"), max_length=16, unique=True)
    order = models.ForeignKey("order.Order", models.PROTECT, related_name="claims")
    consignment = models.ForeignKey("logistics.Consignment", models.PROTECT, related_name="claims")
    consignment_line = models.ForeignKey("logistics.ConsignmentLine", models.PROTECT, related_name="claims")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="claims")
    units = models.PositiveIntegerField()
    amount_fen = models.PositiveIntegerField(help_text=_("What the units cost"))
    reason = models.CharField(_("Reason"), max_length=16, choices=ClaimReason)
    wish = models.CharField(max_length=8, choices=Wish)
    words = SealedTextField(blank=True)
    state = models.CharField(_("State"), max_length=9, choices=ClaimState, default=ClaimState.OPEN)
    answer = models.CharField(max_length=6, choices=Answer, blank=True)
    answer_words = SealedTextField(blank=True)
    offered_fen = models.PositiveIntegerField(null=True)
    decision_words = SealedTextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    refund_fen = models.PositiveIntegerField(null=True, help_text=_("What is granted, once it is"))
    goods_return = models.OneToOneField("logistics.GoodsReturn", models.PROTECT, null=True, related_name="claim")
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(_("Claimed at"))
    due_at = models.DateTimeField(null=True, help_text=_("By when whoever's turn it is has to speak"))
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("Ended"), null=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("Claim")
        verbose_name_plural = _("Claims")
        indexes = [
            models.Index(fields=["point", "state"], name="claim_point_state"),
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="claim_due"),
            models.Index(fields=["state", "opened_at"], name="claim_state_opened"),
        ]
        constraints = [
            known("state", ClaimState, name="claim_state_known"),
            known("reason", ClaimReason, name="claim_reason_known"),
            known("wish", Wish, name="claim_wish_known"),
            models.CheckConstraint(condition=Q(answer__in=["", *Answer.values]), name="claim_answer_known"),
            models.CheckConstraint(condition=Q(units__gt=0), name="claim_some"),
            models.CheckConstraint(
                condition=(Q(offered_fen=None) | Q(offered_fen__lte=F("amount_fen")))
                & (Q(refund_fen=None) | Q(refund_fen__gt=0, refund_fen__lte=F("amount_fen"))),
                name="claim_refund",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ClaimState.TO_PAY, ClaimState.REFUNDED]) | Q(refund_fen__isnull=False),
                name="claim_granted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, ended_at__isnull=False) | (~Q(state__in=ENDED) & Q(ended_at=None)),
                name="claim_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_whole(self) -> bool:
        """Whether what is granted is all that the units cost, so that the sale is undone."""
        return self.refund_fen == self.amount_fen


class Payout(models.Model):
    """Cash that an operator paid out for a claim, once; counted at the operator's next cash-up."""

    claim = models.OneToOneField(Claim, models.PROTECT, related_name="payout")
    point = models.ForeignKey("villages.PickupPoint", models.PROTECT, related_name="payouts")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    cash_fen = models.PositiveIntegerField()
    cash_up = models.ForeignKey("counter.CashUp", models.PROTECT, null=True, related_name="payouts")
    paid_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["point", "operator"], condition=Q(cash_up=None), name="payout_uncounted")]
        constraints = [models.CheckConstraint(condition=Q(cash_fen__gt=0), name="payout_some")]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.cash_fen}"
