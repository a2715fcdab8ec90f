"""Questions of the seller's console."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from catalogue.models import Product
from logistics.models import Consignment
from logistics.states import ON_THE_WAY, ConsignmentState
from marketplace.partner.models import Partner
from marketplace.settlement.models import Posting
from marketplace.settlement.states import AccountKind

LOW = 10  # units left below which a listing is shown as low


@dataclass(frozen=True)
class Work:
    """How many consignments wait for what."""

    to_pack: int
    on_the_way: int
    at_points: int


def sellers_of(user) -> QuerySet[Partner]:
    """Return the user's own sellers."""
    return Partner.objects.visible_to(user).select_related("home_division", "drop_off").order_by("pk")


def work(seller: Partner) -> Work:
    """Count what is to be done, in one query."""
    counts = seller.consignments.aggregate(
        to_pack=Count("pk", filter=Q(state=ConsignmentState.ROUTED)),
        on_the_way=Count("pk", filter=Q(state__in=ON_THE_WAY)),
        at_points=Count("pk", filter=Q(state=ConsignmentState.AT_POINT)),
    )
    return Work(**counts)


def to_pack(seller: Partner) -> QuerySet[Consignment]:
    """Return what is to be packed, the earliest departure first."""
    return _with_lines(seller).filter(state=ConsignmentState.ROUTED).order_by("planned_at", "pk")


def sent(seller: Partner) -> QuerySet[Consignment]:
    """Return what is packed and after, the latest first."""
    return _with_lines(seller).exclude(packed_at=None).order_by("-packed_at", "-pk")


def _with_lines(seller: Partner) -> QuerySet[Consignment]:
    return seller.consignments.select_related("point", "origin_stop").prefetch_related(
        "lines__order_line__product__images", "legs", "parcels"
    )


def listings(seller: Partner) -> QuerySet[Product]:
    """Return the seller's listings with stock; those that need the seller go first: sold out, low, then the rest."""
    urgency = Case(
        When(left__lte=0, then=Value(0)),
        When(left__lt=LOW, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return (
        seller.listings.annotate(
            left=F("stockrecords__num_in_stock") - F("stockrecords__num_allocated"),
            on_hand=F("stockrecords__num_in_stock"),
            price=F("stockrecords__price"),
        )
        .annotate(urgency=urgency)
        .prefetch_related("images")
        .order_by("urgency", "-listed_at", "pk")
    )


def earned_fen(seller: Partner, *, since: dt.datetime) -> int:
    """Return what the seller earned since a moment, after commission and refunds, in fen."""
    mine = Posting.objects.filter(at__gte=since)
    earned = mine.filter(credit__kind=AccountKind.SELLER_PAYABLE, credit__party_id=seller.pk)
    given_back = mine.filter(debit__kind=AccountKind.SELLER_PAYABLE, debit__party_id=seller.pk)
    total = Sum("amount_fen", default=0)
    return earned.aggregate(fen=total)["fen"] - given_back.aggregate(fen=total)["fen"]
