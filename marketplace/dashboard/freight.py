"""The freight tariff: in force, to come and past; another from a day on; free delivery at the platform's cost."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock, money
from core.storage_class import StorageClass
from logistics.models import FreeDelivery, Tariff
from logistics.services import tariffs
from logistics.services.tariffs import FAR
from logistics.states import FreightFunder, Reach
from marketplace.dashboard.freight_forms import (
    MOST_ROWS,
    SPARE_ROWS,
    OfferForm,
    PairForm,
    TariffForm,
    counties,
    initial_of,
)
from villages import known_names
from villages.names import said as names_said

PAGE_SIZE = 20


@require_safe
def freight(request: HttpRequest) -> HttpResponse:
    """The tariff in force, those to come, those that were, and the offers of free delivery."""
    return _page(request, OfferForm(initial={"valid_from": clock.today()}))


def _page(request: HttpRequest, form: OfferForm, *, status: int = 200) -> HttpResponse:
    today = clock.today()
    found = Tariff.objects.prefetch_related("rates")
    in_force = found.filter(valid_from__lte=today).order_by("-valid_from").first()
    past = Tariff.objects.filter(valid_from__lte=today).order_by("-valid_from")[1:]
    offers = FreeDelivery.objects.filter(seller=None).filter(Q(valid_to=None) | Q(valid_to__gt=today))
    context = {
        "in_force": in_force,
        "table": _table(in_force),
        "classes": [storage_class.label for storage_class in StorageClass],
        "to_come": [(tariff, _table(tariff)) for tariff in found.filter(valid_from__gt=today).order_by("valid_from")],
        "past": Paginator(past, PAGE_SIZE).get_page(request.GET.get("page")),
        "offers": offers.order_by("valid_from", "pk"),
        "form": form,
        "today": today,
    }
    return render(request, "dashboard/freight.html", context, status=status)


def _table(tariff: Tariff | None) -> list[tuple[str, list]]:
    """Return (distance or pair of counties, its rates by storage class) of a tariff, pairs last."""
    if tariff is None:
        return []
    found: dict[tuple, dict] = {(reach, "", ""): {} for reach in FAR}
    for rate in tariff.rates.all():
        row = found.setdefault((Reach(rate.reach), rate.origin_county, rate.destination_county), {})
        row[rate.storage_class] = rate
    return [(_said(*key), [row.get(storage_class) for storage_class in StorageClass]) for key, row in found.items()]


def _said(reach: Reach, origin: str, destination: str) -> str:
    if reach != Reach.PAIR:
        return str(reach.label)
    names = known_names.names()
    return f"{names_said(names.get(origin, origin))} → {names_said(names.get(destination, destination))}"


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Let another tariff hold from a day on; it begins as the one that holds last."""
    tomorrow, status = clock.today() + dt.timedelta(days=1), 200
    if request.method == "POST":
        rows = _rows(request.POST.get("pairs", ""))
        form = TariffForm(request.POST)
        pairs = [PairForm(request.POST, prefix=f"pair-{number}") for number in range(rows)]
        if "more" in request.POST:
            form = TariffForm(initial=request.POST.dict())
            pairs = [PairForm(initial=_typed(request, number), prefix=f"pair-{number}") for number in range(rows)]
            pairs += [PairForm(prefix=f"pair-{number}") for number in range(rows, min(rows + SPARE_ROWS, MOST_ROWS))]
        elif all([form.is_valid(), *(pair.is_valid() for pair in pairs)]) and _set(request, form, pairs):
            messages.success(request, _("The tariff holds from %(day)s on.") % {"day": form.cleaned_data["valid_from"]})
            return redirect("dashboard:freight")
        else:
            status = 422
    else:
        last = Tariff.objects.prefetch_related("rates").order_by("-valid_from").first()
        initial, rows = initial_of(last, valid_from=tomorrow)
        form = TariffForm(initial=initial)
        pairs = [PairForm(initial=row, prefix=f"pair-{number}") for number, row in enumerate(rows)]
    context = {"form": form, "pairs": pairs, "counties": sorted(counties()), "first_day": tomorrow}
    return render(request, "dashboard/freight_add.html", context, status=status)


def _rows(text: str) -> int:
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _typed(request: HttpRequest, number: int) -> dict:
    prefix = f"pair-{number}-"
    return {key.removeprefix(prefix): value for key, value in request.POST.items() if key.startswith(prefix)}


def _set(request: HttpRequest, form: TariffForm, pairs: list[PairForm]) -> bool:
    """Set the tariff, or say beside the field why not."""
    rates = [*form.rates(), *(rate for pair in pairs if (rate := pair.rate()) is not None)]
    data = form.cleaned_data
    try:
        tariffs.set_tariff(rates, valid_from=data["valid_from"], note=data["note"], by=request.user, at=clock.now())
    except tariffs.UnableToSetTariff as refusal:
        form.add_error(refusal.field or None, str(refusal))
        return False
    return True


@require_POST
def offer(request: HttpRequest) -> HttpResponse:
    """Let delivery be free at the platform's cost."""
    form = OfferForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        if data["valid_from"] < clock.today():
            form.add_error("valid_from", _("This day is over."))
        else:
            try:
                tariffs.offer_free_delivery(
                    funder=FreightFunder.PLATFORM,
                    from_fen=money.to_fen(data["from_yuan"]),
                    seller_id=None,
                    by=request.user,
                    at=clock.now(),
                    valid_from=data["valid_from"],
                    valid_to=data["valid_to"],
                )
            except tariffs.UnableToSetTariff as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                messages.success(request, _("Free delivery is offered."))
                return redirect("dashboard:freight")
    return _page(request, form, status=422)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End the platform's free delivery from today on."""
    if tariffs.end_free_delivery(seller_id=None, funder=FreightFunder.PLATFORM, by=request.user, at=clock.now()):
        messages.success(request, _("Free delivery has ended."))
    return redirect("dashboard:freight")
