"""Goods that go back in the demonstration: whoever drives by takes them along; they are at their stop a day later."""

import datetime as dt
import logging
import secrets

from logistics.models import GoodsReturn
from logistics.services import goods_returns
from logistics.services.steps import UnableToScan
from logistics.states import Disposal, ReturnState
from villages.models import Operator

BY = "demo"
TRAVELS = dt.timedelta(days=1)
ON_THE_WAY = (ReturnState.AT_POINT, ReturnState.LOADED, ReturnState.AT_HUB)
log = logging.getLogger(__name__)


def carry_home(*, at: dt.datetime) -> int:
    """Set down at their sellers' stops what was begun a day ago; return how many."""
    due = GoodsReturn.objects.filter(state__in=ON_THE_WAY, disposal=Disposal.BACK, created_at__lte=at - TRAVELS)
    return sum(_carried(each, at=at) for each in due.order_by("pk"))


def _carried(goods_return: GoodsReturn, *, at: dt.datetime) -> bool:
    there = Operator.objects.filter(point_id=goods_return.stop_id, until=None).select_related("user").order_by("pk")
    operator = there.first()
    nonce = f"demo-{secrets.token_hex(12)}"
    try:
        goods_returns.drop(goods_return, nonce=nonce, by=operator.user if operator else BY, at=at)
    except UnableToScan as refusal:
        log.warning("%s: %s", goods_return.number, refusal)
        return False
    return True
