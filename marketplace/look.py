"""The page that shows every part of the design system, with invented contents."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import pgettext_lazy

from core import clock
from marketplace.widgets import ClosableRadioSelect


@dataclass(frozen=True)
class Sample:
    """A composed picture that ships with the static files."""

    name: str
    storage = staticfiles_storage


class SampleForm(forms.Form):
    """One field of each kind, with one mistake in it."""

    name = forms.CharField(label=pgettext_lazy("sample", "Name"))
    phone = forms.CharField(
        label=pgettext_lazy("sample", "Mobile phone"),
        help_text=pgettext_lazy("sample", "A message comes when the goods arrive; the counter sees the last digits"),
    )
    weight = forms.ChoiceField(
        label=pgettext_lazy("sample", "Weight of a box"), choices=[("5", "5 kg"), ("10", "10 kg")]
    )
    price = forms.DecimalField(label=pgettext_lazy("sample", "Price"))
    note = forms.CharField(
        label=pgettext_lazy("sample", "Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    inspected = forms.BooleanField(
        label=pgettext_lazy("sample", "Inspected"),
        help_text=pgettext_lazy("sample", "With the report of the lot"),
        required=False,
    )
    pay = forms.ChoiceField(
        label=pgettext_lazy("sample", "How to pay"),
        choices=[
            ("POINT", pgettext_lazy("sample", "Pay at the pickup point")),
            ("CARD", pgettext_lazy("sample", "Pay now")),
        ],
        widget=ClosableRadioSelect(closed={"CARD": pgettext_lazy("sample", "Not set up here yet")}),
    )

    def clean_phone(self):
        raise forms.ValidationError(pgettext_lazy("sample", "One digit is missing: a mobile number has 11 digits"))


def components_page(request: HttpRequest) -> HttpResponse:
    """Show all components on one page."""
    form = SampleForm(
        {"name": "周家明", "phone": "138 7412 903", "weight": "5", "price": "45.00", "inspected": "on", "pay": "POINT"}
    )
    context = {
        "form": form,
        "palette": (
            "paper",
            "surface",
            "sunken",
            "ink",
            "ink-2",
            "ink-3",
            "tea",
            "citrus",
            "clay",
            "ok",
            "warn",
            "danger",
        ),
        "goods": {
            key: Sample(f"marketplace/img/composed-{sku}.webp")
            for key, sku in (("tea", "HN001"), ("mandarin", "HN019"), ("pepper", "HN055"), ("bacon", "HN077"))
        },
        "fen": {"mandarin": 4500, "tea": 12800, "bacon": 7900, "two": 9000},
        "yuan": Decimal("1128.00"),
        "promised": clock.now().replace(hour=8, minute=0) + dt.timedelta(days=3),
        "page_obj": Paginator(range(180), 20).page(2),
        "code": "4823917",
        "trend": [
            (n + 1, value, 340 + 6 * n) for n, value in enumerate((343, 339, 362, 355, 448, 471, 410, 402, 493, 292))
        ],
    }
    return render(request, "components/index.html", context)
