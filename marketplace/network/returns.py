"""Goods that go back, as hub workers and drivers see them: beside the manifest, without a place on it."""

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core import clock, numbers
from logistics.models import Departure, GoodsReturn, Hub
from logistics.services import goods_returns
from logistics.services.steps import UnableToScan
from logistics.states import Disposal, ReturnState, ScanKind
from marketplace.network.forms import ScanForm
from marketplace.network.words import DONE


def scanned(form: ScanForm) -> GoodsReturn | None:
    """Return what goes back by its whole number, which nobody has without the label before him."""
    number = form.cleaned_data["number"]
    if len(number) != goods_returns.NUMBER_LENGTH or not numbers.is_sound(number):
        return None
    return GoodsReturn.objects.filter(number=number).first()


def moved(
    request: HttpRequest, departure: Departure, goods_return: GoodsReturn, form: ScanForm, *, hub: Hub | None
) -> bool:
    """Load a return, take it in at the hub, or set it down; or say above the field why not.

    Whoever reads what is aboard again, on a round that stops where it is bound for, sets it down.
    """
    act = {"nonce": form.cleaned_data["nonce"], "by": request.user, "at": clock.now()}
    try:
        if form.cleaned_data["do"] == ScanKind.UNLOADED and hub is not None:
            scan = goods_returns.unload(goods_return, hub=hub, **act)
        elif goods_return.state == ReturnState.LOADED and goods_return.departure_id == departure.pk:
            scan = goods_returns.drop(goods_return, **act)
        else:
            scan = goods_returns.load(goods_return, departure=departure, **act)
    except UnableToScan as refusal:
        form.add_error("number", str(refusal))
        return False
    messages.success(request, DONE[ScanKind(scan.kind)] % {"number": goods_return.number})
    return True


def of(departure: Departure, *, hubs: list[Hub]) -> QuerySet[GoodsReturn]:
    """Return what a departure can take back, or has aboard; at a hub only what lies at an own one."""
    places = Q(state=ReturnState.LOADED, departure=departure)
    if departure.round_id:
        stops = departure.round.stops.values("point_id")
        places |= Q(state=ReturnState.AT_POINT, disposal=Disposal.BACK, point__in=stops)
        places |= Q(state=ReturnState.AT_HUB, hub=departure.round.hub_id, stop__in=stops)
    else:
        places |= Q(state=ReturnState.AT_HUB, hub__in=[hub.pk for hub in hubs if hub.pk == departure.lane.origin_id])
    return GoodsReturn.objects.filter(places).select_related("point", "stop").order_by("number")


def at_hubs(hubs: list[Hub]) -> QuerySet[GoodsReturn]:
    """Return what lies at some hubs on its way back, the oldest first."""
    found = GoodsReturn.objects.filter(state=ReturnState.AT_HUB, hub__in=hubs)
    return found.select_related("stop").order_by("created_at", "pk")
