"""Goods that were lost on their way back to their sellers: what the platform bears, and where each was seen last."""

from django.core.paginator import Paginator
from django.db.models import F, OuterRef, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from logistics.models import GoodsReturn, GoodsReturnLine
from logistics.states import ReturnState

PAGE_SIZE = 30


@require_safe
def lost(request: HttpRequest) -> HttpResponse:
    """What was lost, the last one first."""
    worth = GoodsReturnLine.objects.filter(goods_return=OuterRef("pk")).order_by().values("goods_return")
    worth = worth.annotate(fen=Sum(F("units") * F("consignment_line__order_line__unit_price_fen"))).values("fen")
    found = GoodsReturn.objects.filter(state=ReturnState.LOST).annotate(worth_fen=Subquery(worth))
    found = found.select_related(
        "consignment__seller", "consignment__order", "point", "stop", "hub", "departure__lane", "departure__round"
    ).prefetch_related("lines__consignment_line__order_line")
    page = Paginator(found.order_by("-ended_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dashboard/returns.html", {"page": page})
