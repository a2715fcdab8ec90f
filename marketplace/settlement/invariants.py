"""The promises of stock, money, collection, due times and figures, checked against the rows."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Case, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from core import clock, events
from core.invariants import Finding, check
from logistics.models import CollectionLine, Consignment, ConsignmentLine, Parcel
from logistics.queries import waits_for_a_shop
from logistics.services import leases
from logistics.states import OVER_FOR_BUYER, ConsignmentState, ParcelState
from marketplace.claims.models import Claim
from marketplace.claims.states import GRANTED
from marketplace.order.models import Order
from marketplace.order.states import OrderState
from marketplace.partner.models import StockMovement, StockRecord
from marketplace.payment.models import PaymentAttempt
from marketplace.payment.queries import UNSPENT
from marketplace.settlement.models import Posting
from marketplace.settlement.states import AccountKind
from marketplace.statistics import recount
from marketplace.statistics.services import rollups

OVERDUE = dt.timedelta(minutes=5)
CAPTURING = {AccountKind.PROVIDER, AccountKind.OPERATOR_CASH}
EARNING = {AccountKind.SELLER_PAYABLE, AccountKind.COMMISSION, AccountKind.POINT, AccountKind.WRITE_OFF}
SETTLED = {
    AccountKind.SELLER_PAYABLE,
    AccountKind.POINT,
    AccountKind.HUB,
    AccountKind.COMMISSION,
    AccountKind.FREIGHT,
    AccountKind.DISCOUNT,
    AccountKind.WRITE_OFF,
    AccountKind.REFUNDS,
}


@check("S1")
def stock_is_what_moved() -> Iterator[Finding]:
    """0 ≤ allocated ≤ on hand; on hand = Σ movements; allocated = units of consignment lines not packed yet."""
    moved = (
        StockMovement.objects.filter(stock_record=OuterRef("pk"))
        .values("stock_record")
        .annotate(total=Sum("quantity"))
        .values("total")
    )
    held = (
        ConsignmentLine.objects.filter(order_line__stockrecord=OuterRef("pk"), consignment__packed_at=None, open__gt=0)
        .values("order_line__stockrecord")
        .annotate(total=Sum("open"))
        .values("total")
    )
    rows = StockRecord.objects.annotate(
        moved=Coalesce(Subquery(moved, output_field=IntegerField()), 0),
        held=Coalesce(Subquery(held, output_field=IntegerField()), 0),
    )
    for record in rows.exclude(moved=F("num_in_stock"), held=F("num_allocated"), num_allocated__lte=F("num_in_stock")):
        yield Finding(
            "S1",
            f"stock record {record.pk}",
            f"on hand {record.num_in_stock}, moved {record.moved}; "
            f"allocated {record.num_allocated}, held {record.held}",
        )


@check("M1")
def money_adds_up() -> Iterator[Finding]:
    """Per order: what came in equals what went to somebody, and both equal what the lines say."""
    balances: dict[int, Counter] = defaultdict(Counter)
    rows = Posting.objects.values_list("order_id", "debit__kind", "credit__kind").annotate(fen=Sum("amount_fen"))
    for order_id, debit, credit, fen in rows.iterator(chunk_size=2000):
        balances[order_id][credit] += fen
        balances[order_id][debit] -= fen
    paid_back = dict(
        Posting.objects.filter(credit__kind__in=CAPTURING).values_list("order_id").annotate(fen=Sum("amount_fen"))
    )
    price = F("order_line__unit_price_fen")
    lines = {
        row["consignment__order_id"]: row
        for row in ConsignmentLine.objects.values("consignment__order_id").annotate(
            open_fen=Sum(F("open") * price), taken_fen=Sum((F("taken") - F("returned")) * price)
        )
    }
    live = Case(When(state__in=OVER_FOR_BUYER, then=Value(0)), default=F("freight_fen"), output_field=IntegerField())
    freight = dict(Consignment.objects.values_list("order_id").annotate(fen=Sum(live)))
    # A refund in part leaves its units sold, for less.
    granted = Claim.objects.filter(state__in=GRANTED, refund_fen__lt=F("amount_fen"))
    parts = dict(granted.values_list("order_id").annotate(fen=Sum("refund_fen")))
    paid = PaymentAttempt.objects.filter(**UNSPENT)
    unspent = dict(paid.values_list("order_id").annotate(fen=Sum("captured_fen")))
    for order in Order.objects.values("pk", "number", "total_fen", "status").iterator(chunk_size=2000):
        balance, sums = balances[order["pk"]], lines.get(order["pk"], {"open_fen": 0, "taken_fen": 0})
        captured = -sum(balance[kind] for kind in CAPTURING) + paid_back.get(order["pk"], 0)
        refunded = paid_back.get(order["pk"], 0)
        settled = sum(balance[kind] for kind in SETTLED)
        held = balance[AccountKind.UNEARNED] + balance[AccountKind.BUYER_CLEARING]
        wrong = []
        if captured != refunded + settled + held:
            wrong.append(f"captured {captured} ≠ refunded {refunded} + settled {settled} + held {held}")
        if refunded > captured:
            wrong.append(f"refunded {refunded} > captured {captured}")
        expected = sums["open_fen"] + freight.get(order["pk"], 0)
        if balance[AccountKind.UNEARNED] != expected:
            wrong.append(f"unearned {balance[AccountKind.UNEARNED]} ≠ open goods and freight {expected}")
        # What the platform pays for lost goods stands on both sides of its write-offs.
        earned = sum(balance[kind] for kind in EARNING)
        sold = sums["taken_fen"] - parts.get(order["pk"], 0)
        if earned != sold:
            wrong.append(f"earned {earned} ≠ taken {sold}")
        ended = order["status"] in (OrderState.COMPLETED, OrderState.CANCELLED)
        # What came by QR too late for a hand-over is the buyer's until the sweep has it refunded.
        if ended and balance[AccountKind.BUYER_CLEARING] != unspent.get(order["pk"], 0):
            wrong.append(f"ended with {balance[AccountKind.BUYER_CLEARING]} unsettled with the buyer")
        for message in wrong:
            yield Finding("M1", f"order {order['number']}", message)


@check("C1")
def collected_once() -> Iterator[Finding]:
    """What the collections of a line say is what the line says, no more."""
    rows = (
        CollectionLine.objects.values("consignment_line")
        .annotate(taken=Sum("taken"), short=Sum("short"), rejected=Sum("rejected"))
        .values_list(
            "consignment_line",
            "taken",
            "short",
            "rejected",
            "consignment_line__taken",
            "consignment_line__short",
            "consignment_line__rejected",
        )
    )
    for line, *parts in rows.iterator(chunk_size=2000):
        if parts[:3] != parts[3:]:
            yield Finding("C1", f"consignment line {line}", f"collections say {parts[:3]}, the line says {parts[3:]}")
    lost = ConsignmentLine.objects.filter(taken__gt=0, collection_lines=None)
    for line in lost:
        yield Finding("C1", f"consignment line {line.pk}", f"{line.taken} taken without a collection")


@check("C2")
def collected_rightly() -> Iterator[Finding]:
    """Never collected unpaid, expired, cancelled or at another point."""
    wrong = CollectionLine.objects.filter(
        ~Q(consignment_line__consignment__state=ConsignmentState.COLLECTED)
        | ~Q(consignment_line__consignment__point=F("collection__point"))
        | ~Q(consignment_line__consignment__order=F("collection__order"))
    ).select_related("consignment_line__consignment")
    for row in wrong:
        consignment = row.consignment_line.consignment
        yield Finding("C2", f"collection line {row.pk}", f"consignment {consignment.number} is {consignment.state}")
    cash = dict(
        Posting.objects.filter(debit__kind=AccountKind.OPERATOR_CASH)
        .values_list("order_id")
        .annotate(f=Sum("amount_fen"))
    )
    by_qr = dict(PaymentAttempt.objects.exclude(collection=None).values_list("order_id").annotate(fen=Sum("spent_fen")))
    taken = (
        CollectionLine.objects.filter(collection__order__payment_method="AT_POINT", taken__gt=0)
        .values_list("collection__order_id", "collection__order__number")
        .annotate(fen=Sum("taken_fen"))
    )
    for order_id, number, fen in taken.iterator(chunk_size=2000):
        paid = cash.get(order_id, 0) + by_qr.get(order_id, 0)
        if paid < fen:
            yield Finding("C2", f"order {number}", f"handed over {fen} fen of goods, {paid} fen taken")


@check("O2")
def nothing_overdue() -> Iterator[Finding]:
    """Nothing that is not ended is overdue by more than five minutes."""
    late = clock.now() - OVERDUE
    for order in Order.objects.filter(status=OrderState.AWAITING_PAYMENT, hold_until__lt=late):
        yield Finding("O2", f"order {order.number}", f"awaits payment since {order.hold_until:%F %R}")
    uncollected = Consignment.objects.filter(state=ConsignmentState.AT_POINT, collect_by__lt=late)
    for row in uncollected.exclude(leases.waits(at=clock.now())):
        yield Finding("O2", f"consignment {row.number}", f"was to be collected by {row.collect_by:%F %R}")
    for row in uncollected.filter(leases.waits(at=clock.now())):
        yield Finding("O2", f"consignment {row.number}", "waits for a phone that had it offline", is_deferred=True)
    waiting = Consignment.objects.filter(state=ConsignmentState.AWAITING_ROUTE)
    for row in waiting.filter(waiting_since__lt=late).annotate(waits=waits_for_a_shop(at=clock.now())):
        since = f"awaits its route since {row.waiting_since:%F %R}"
        yield Finding("O2", f"consignment {row.number}", since, is_deferred=row.waits)
    for reader in (rollups.READER,):
        waiting = events.lag(reader)
        if waiting > settings.READER_LAG_ALLOWED:
            yield Finding("O2", f"reader {reader}", f"{waiting} events behind")


@check("R1")
def figures_recount() -> Iterator[Finding]:
    """Every figure of the rollups equals a recount from orders and collections."""
    if events.lag(rollups.READER) or events.unpublished():
        events.publish(limit=1_000_000)
        while rollups.read_events():
            pass
    for what, key, ours, true in recount.differences():
        yield Finding("R1", f"{what} of {' '.join(map(str, key))}", f"rollup {dict(ours)}, recount {dict(true)}")


@check("C1")
def parcels_follow() -> Iterator[Finding]:
    """A parcel is handed over exactly when its consignment is collected."""
    wrong = Parcel.objects.filter(
        Q(state=ParcelState.HANDED_OVER) & ~Q(consignment__state=ConsignmentState.COLLECTED)
        | ~Q(state=ParcelState.HANDED_OVER) & Q(consignment__state=ConsignmentState.COLLECTED)
    ).select_related("consignment")
    for parcel in wrong:
        yield Finding("C1", f"parcel {parcel.number}", f"{parcel.state} of a consignment {parcel.consignment.state}")
