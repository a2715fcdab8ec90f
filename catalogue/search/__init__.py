"""Search: one interface, two engines. They store and query search documents, and know nothing of the shop."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from catalogue.search.documents import Document, Engine, Hits, SearchUnavailable


@cache
def engine() -> Engine:
    """Return this deployment's engine."""
    return import_string(settings.SEARCH_ENGINE)()


__all__ = ["Document", "Engine", "Hits", "SearchUnavailable", "engine"]
