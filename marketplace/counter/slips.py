"""Slips that name the shelf (货架号): one for each parcel that was received, and signs for the shelves themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core.storage_class import StorageClass
from logistics import queries as logistics
from logistics.models import Parcel
from logistics.services import receiving
from logistics.states import ParcelState
from marketplace.counter import queries
from marketplace.counter.arrivals import point_of
from marketplace.counter.views import console_context
from villages import queries as villages


@require_safe
def of_arrival(request: HttpRequest, pk: int) -> HttpResponse:
    """A slip for each parcel of a vehicle that stands on a shelf of the own point."""
    departure = get_object_or_404(queries.departures_to(request.user).select_related("round"), pk=pk)
    context = console_context(request)
    here = _standing(receiving.manifest(departure, point_of(departure, context)))
    return render(request, "counter/slips.html", context | {"parcels": sorted(here, key=lambda each: each.shelf)})


@require_safe
def of_parcel(request: HttpRequest, number: str) -> HttpResponse:
    """The slip of one parcel."""
    parcel = get_object_or_404(queries.parcels_of(request.user), number=number)
    context = console_context(request, at_point=parcel.consignment.point)
    return render(request, "counter/slips.html", context | {"parcels": _standing(Parcel.objects.filter(pk=parcel.pk))})


@require_safe
def shelves(request: HttpRequest) -> HttpResponse:
    """A sign for each shelf of the storage classes that the point keeps."""
    context = console_context(request)
    kept = villages.capacities_of([context["point"].pk])[context["point"].pk]
    signs = [(shelf, each.label) for each in StorageClass if kept.get(each) for shelf in logistics.SHELVES[each]]
    return render(request, "counter/slips.html", context | {"signs": signs})


def _standing(parcels) -> list[Parcel]:
    return list(parcels.filter(state=ParcelState.AT_POINT).select_related("consignment__order", "consignment__point"))
