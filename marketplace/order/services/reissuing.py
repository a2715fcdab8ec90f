"""Issuing the pickup code anew: the old code, its QR and the links in old messages become void."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment
from logistics.services import leases
from logistics.states import OVER_FOR_BUYER, ConsignmentState
from marketplace.order.models import Order

MOST_ISSUES = 10


class UnableToReissue(Exception):
    """The order has ended, its code was issued anew too often, or a phone has it offline."""


@transaction.atomic
def reissue(order: Order, *, by, at: dt.datetime) -> Order:
    """Issue the pickup code of an order anew; its wrong tries begin again at none.

    :raises UnableToReissue: where nothing of it is to be collected any more, or past ``MOST_ISSUES``; or while a phone
        proves its codes without network.
    """
    order = locks.lock(Order.objects.filter(pk=order.pk), rank=locks.Rank.ORDER).get()
    if not Consignment.objects.filter(order=order).exclude(state__in=OVER_FOR_BUYER).exists():
        raise UnableToReissue(_("This order has ended already."))
    consignments = list(locks.lock(Consignment.objects.filter(order=order), rank=locks.Rank.CONSIGNMENT))
    leases.see_free(consignments, device_id=None, refusal=UnableToReissue, at=at)
    if order.code_epoch >= MOST_ISSUES:
        raise UnableToReissue(_("The code was issued anew too often. Please show the QR at the counter."))
    order.code_epoch += 1
    order.save(update_fields=["code_epoch"])
    waiting = any(each.state == ConsignmentState.AT_POINT for each in consignments)
    payload = {"order": order.number, "epoch": order.code_epoch, "waiting": waiting}
    events.append([NewEvent("order", order.number, "order.code_reissued", payload)], by=by, at=at)
    return order
