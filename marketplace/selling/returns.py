"""What comes back to the seller: where it is, and counting it in."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from logistics.models import GoodsReturn, GoodsReturnLine
from logistics.services import goods_returns
from logistics.services.steps import UnableToScan
from marketplace.claims.services import goods_back
from marketplace.plain_words import PlainForm
from marketplace.selling.views import seller_of

PAGE_SIZE = 30
COUNT = {"inputmode": "numeric", "autocomplete": "off"}


class CountedForm(PlainForm):
    """How many units of a line came back, and how many can be sold again."""

    def __init__(self, *args, line: GoodsReturnLine, **kwargs):
        super().__init__(*args, prefix=f"line-{line.pk}", **kwargs)
        self.line = line
        whole = dict.fromkeys(("required", "invalid", "min_value"), _("Please give a whole number from 0."))
        for name, label in (
            ("received", gettext_lazy("Came back")),
            ("resaleable", gettext_lazy("Can be sold again")),
        ):
            self.fields[name] = forms.IntegerField(
                label=label,
                min_value=0,
                max_value=line.units,
                initial=line.units,
                widget=forms.TextInput(attrs=COUNT),
                error_messages=whole | {"max_value": _("No more than %(limit_value)s were sent back.")},
            )

    def clean(self) -> dict:
        data = super().clean()
        if not self.errors and data["resaleable"] > data["received"]:
            self.add_error("resaleable", _("No more can be sold again than came back."))
        return data


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What comes back and what came, the latest first."""
    seller = seller_of(request)
    rows = (
        GoodsReturn.objects.filter(consignment__seller=seller)
        .select_related("consignment", "stop", "point", "hub", "departure__round")
        .prefetch_related("lines__consignment_line__order_line")
        .order_by("-created_at", "-pk")
    )
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    able = {each.pk for each in page if goods_returns.has_come(each)}
    return render(request, "selling/returns.html", {"seller": seller, "page": page, "able": able})


@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """Count in what came back."""
    mine = GoodsReturn.objects.of_sellers_of(request.user).select_related("consignment__seller", "stop", "point", "hub")
    found = get_object_or_404(
        mine.prefetch_related("lines__consignment_line__order_line__product__images"), number=number
    )
    status, data = 200, request.POST if request.method == "POST" else None
    line_forms = [CountedForm(data, line=line) for line in found.lines.all()]
    refused = ""
    if request.method == "POST":
        status = 422
        checked = [form.is_valid() for form in line_forms]
        if all(checked):
            counted = {
                form.line.pk: (form.cleaned_data["received"], form.cleaned_data["resaleable"]) for form in line_forms
            }
            try:
                goods_back.receive(found, counted=counted, by=request.user, at=clock.now())
            except UnableToScan as refusal:
                refused = str(refusal)
            else:
                messages.success(request, _("Taken in. What can be sold again is on sale again."))
                return redirect("selling:returns")
    context = {
        "seller": found.consignment.seller,
        "found": found,
        "line_forms": line_forms,
        "refused": refused,
        "can_receive": goods_returns.has_come(found),
    }
    return render(request, "selling/return.html", context, status=status)
