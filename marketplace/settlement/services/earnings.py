"""What a point earns: for each parcel it hands over, of what its samples sold, for each order placed for somebody.

The platform's commission pays it, when goods are collected and not before; see docs/adr/0019-what-points-earn.md. A
parcel is paid for whatever its buyer decides at the counter, so that no operator has a reason to press anybody.
"""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db.models import F, Q, Sum

from core import money
from logistics.models import CollectionLine, Consignment, ConsignmentLine, Parcel
from marketplace.claims.models import Claim
from marketplace.claims.states import GRANTED
from marketplace.order.models import Order
from marketplace.order.states import Channel
from marketplace.settlement import ledger
from marketplace.settlement.ledger import NewPosting
from marketplace.settlement.models import Posting
from marketplace.settlement.states import PostingKind


def of_collection(
    order: Order, *, point_id: int, consignments: Sequence[Consignment], rows: Iterable[tuple[ConsignmentLine, int]]
) -> list[NewPosting]:
    """Return the postings of what points earn by a collection; the locked order's own are not booked yet.

    :param point_id: that hands over. :param rows: each line with the value in fen of what was taken of it.
    """
    postings = []
    numbers = dict.fromkeys((each.pk for each in consignments), 0)
    for pk in Parcel.objects.filter(consignment__in=consignments).values_list("consignment_id", flat=True):
        numbers[pk] += 1
    for pk, parcels in numbers.items():
        fen = parcels * settings.POINT_FEN_PER_PARCEL
        postings.append(_earned(PostingKind.POINT_PARCEL, str(pk), point_id, fen, order.pk, pk))
    proxied = None
    for line, fen in rows:
        sold = line.order_line
        if sold.channel == Channel.SAMPLE and sold.channel_point_id:
            share = money.share(fen, settings.POINT_SAMPLE_PERMILLE)
            key = str(line.pk)
            postings.append(
                _earned(PostingKind.POINT_SAMPLE, key, sold.channel_point_id, share, order.pk, line.consignment_id)
            )
        elif sold.channel == Channel.PROXY and sold.channel_point_id and fen and proxied is None:
            proxied = line
    if proxied is not None and not _fee(order.pk):
        fee, point = settings.POINT_FEN_PER_PROXY_ORDER, proxied.order_line.channel_point_id
        key = str(proxied.consignment_id)
        postings.append(_earned(PostingKind.POINT_PROXY, key, point, fee, order.pk, proxied.consignment_id))
    return postings


def given_back(claim: Claim, *, refund_fen: int) -> list[NewPosting]:
    """Return the postings of what points give back for a refund, which the claim does not hold yet.

    Of a sample's share as much as of the goods' value; the fee of a proxy order once all that was taken is refunded.
    """
    line, sold = claim.consignment_line, claim.consignment_line.order_line
    if not sold.channel_point_id:
        return []
    granted = Claim.objects.filter(order=claim.order_id, state__in=GRANTED).exclude(pk=claim.pk)
    if sold.channel == Channel.SAMPLE:
        share = Posting.objects.filter(key=f"{PostingKind.POINT_SAMPLE}:{line.pk}").values_list("amount_fen", flat=True)
        before = _sum(granted.filter(consignment_line=line), "refund_fen")
        taken = line.taken * sold.unit_price_fen
        booked = share.first() or 0
        fen = booked * (before + refund_fen) // taken - booked * before // taken if taken else 0
        return [_back(PostingKind.SAMPLE_BACK, claim, sold.channel_point_id, fen)]
    taken = _sum(CollectionLine.objects.filter(collection__order=claim.order_id), "taken_fen")
    fee = _fee(claim.order_id)
    is_all = _sum(granted, "refund_fen") + refund_fen >= taken
    return [_back(PostingKind.PROXY_BACK, claim, sold.channel_point_id, fee if is_all else 0)]


def _fee(order_id: int) -> int:
    """Return what is booked for placing an order for somebody and was not given back."""
    sums = Posting.objects.filter(order_id=order_id).aggregate(
        earned=Sum("amount_fen", filter=Q(kind=PostingKind.POINT_PROXY), default=0),
        back=Sum("amount_fen", filter=Q(kind=PostingKind.PROXY_BACK), default=0),
    )
    return sums["earned"] - sums["back"]


def _sum(rows, field: str) -> int:
    return rows.aggregate(fen=Sum(F(field), default=0))["fen"]


def _earned(kind: PostingKind, key: str, point_id: int, fen: int, order_id: int, consignment_id: int) -> NewPosting:
    return NewPosting(f"{kind}:{key}", kind, ledger.COMMISSION, ledger.point(point_id), fen, order_id, consignment_id)


def _back(kind: PostingKind, claim: Claim, point_id: int, fen: int) -> NewPosting:
    account = ledger.point(point_id)
    return NewPosting(
        f"{kind}:{claim.number}", kind, account, ledger.COMMISSION, fen, claim.order_id, claim.consignment_id
    )
