"""The sweep of the search index."""

import logging

from celery import shared_task

from catalogue.search import SearchUnavailable
from marketplace.storefront.services import indexing

log = logging.getLogger(__name__)


@shared_task
def index_listings() -> None:
    """Tell the engine of every stale listing; when it is down, the next sweep tries again."""
    try:
        while indexing.index_stale():
            pass
    except SearchUnavailable as error:
        log.warning("the search engine does not answer: %s", error)
