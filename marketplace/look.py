"""The page that shows every part of the design system."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def components_page(request: HttpRequest) -> HttpResponse:
    """All components on one page, in both languages and both themes."""
    return render(request, "components/index.html")
