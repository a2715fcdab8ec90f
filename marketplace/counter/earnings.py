"""What the point earns: each day with its entries, and the month's total."""

import datetime as dt
import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from marketplace.counter.views import console_context
from marketplace.settlement import queries

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """A month's earnings of the point, this month's if none is asked for."""
    context, this = console_context(request), clock.today().replace(day=1)
    asked = request.GET.get("month", "")
    month = dt.date.fromisoformat(f"{asked}-01") if MONTH.fullmatch(asked) else this
    month = min(month, this)
    days = queries.earnings_of(context["point"].pk, month=month)
    context |= {
        "month": month,
        "before": (month - dt.timedelta(days=1)).replace(day=1),
        "after": (month + dt.timedelta(days=32)).replace(day=1) if month < this else None,
        "days": days,
        "kinds": queries.by_kind(days),
        "total_fen": sum(day.fen for day in days),
        "today": clock.today(),
    }
    return render(request, "counter/earnings.html", context)
