"""The ledger's chart of accounts and kinds of posting."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AccountKind(TextChoices):
    BUYER_CLEARING = "BUYER_CLEARING", _("Buyer clearing")
    UNEARNED = "UNEARNED", _("Due for goods not handed over")
    PROVIDER = "PROVIDER", _("Payment provider")
    OPERATOR_CASH = "OPERATOR_CASH", _("Operator's cash")
    SELLER_PAYABLE = "SELLER_PAYABLE", _("Payable to seller")
    POINT = "POINT", _("Point")
    HUB = "HUB", _("Hub")
    COMMISSION = "COMMISSION", _("Platform commission")
    FREIGHT = "FREIGHT", _("Freight")
    DISCOUNT = "DISCOUNT", _("Discounts by funder")
    REFUNDS = "REFUNDS", _("Refunds")
    WRITE_OFF = "WRITE_OFF", _("Write-offs")


class PostingKind(TextChoices):
    GOODS_DUE = "GOODS_DUE", _("Goods due")
    FREIGHT_DUE = "FREIGHT_DUE", _("Freight due")
    DISCOUNT_DUE = "DISCOUNT_DUE", _("Discount granted")
    NOT_DELIVERED = "NOT_DELIVERED", _("Goods not handed over")
    FREIGHT_WAIVED = "FREIGHT_WAIVED", _("Freight waived")
    CASH_TAKEN = "CASH_TAKEN", _("Cash taken")
    PAID_ONLINE = "PAID_ONLINE", _("Paid online")
    REFUND_OWED = "REFUND_OWED", _("Paid for nothing, to be refunded")
    EARNED = "EARNED", _("Earned by the seller")
    COMMISSION = "COMMISSION", _("Commission")
    FREIGHT_EARNED = "FREIGHT_EARNED", _("Freight earned")
    FREIGHT_FUNDED = "FREIGHT_FUNDED", _("Freight paid for the buyer")
    CLAIM_GRANTED = "CLAIM_GRANTED", _("Claim granted")
    COMMISSION_BACK = "COMMISSION_BACK", _("Commission given back")
    POINT_PARCEL = "POINT_PARCEL", _("Parcels handed over")
    POINT_SAMPLE = "POINT_SAMPLE", _("Sold from a sample")
    POINT_PROXY = "POINT_PROXY", _("Ordered for somebody")
    SAMPLE_BACK = "SAMPLE_BACK", _("Sample's share given back")
    PROXY_BACK = "PROXY_BACK", _("Fee of an order given back")
    REFUND = "REFUND", _("Refund")
    WRITE_OFF = "WRITE_OFF", _("Write-off")
