"""The cluster's engine: Elasticsearch, with the same words cut beforehand and the whitespace analyzer."""

from django.conf import settings
from elasticsearch import ApiError, Elasticsearch, TransportError
from elasticsearch.dsl import Document as StoredDocument
from elasticsearch.dsl import Integer, Q, Search, Text
from elasticsearch.helpers import BulkIndexError, bulk

from catalogue.search.documents import Document, Hits, SearchUnavailable, loose_words, query_words, sounds, words

FIELDS = ["title^4", "keywords^2", "sounds^1.5", "category^2", "origin^1.5", "seller"]
TIMEOUT_SECONDS = 2


class Listing(StoredDocument):
    """A listing as Elasticsearch stores it; each text is blank-separated words."""

    pk = Integer()
    title = Text(analyzer="whitespace")
    keywords = Text(analyzer="whitespace")
    sounds = Text(analyzer="whitespace")
    category = Text(analyzer="whitespace")
    origin = Text(analyzer="whitespace")
    seller = Text(analyzer="whitespace")


class Engine:
    """Elasticsearch by ``ELASTICSEARCH_URL``."""

    def __init__(self, url: str = "", index: str = ""):
        self.client = Elasticsearch(
            url or settings.ELASTICSEARCH_URL, request_timeout=TIMEOUT_SECONDS, max_retries=0, retry_on_timeout=False
        )
        self.index = index or settings.SEARCH_INDEX

    def replace(self, documents: list[Document]) -> None:
        self._ensure()
        self._bulk(
            {"_op_type": "index", "_index": self.index, "_id": str(d.pk), "_source": _fields(d)} for d in documents
        )

    def delete(self, ids: list[int]) -> None:
        self._ensure()
        self._bulk({"_op_type": "delete", "_index": self.index, "_id": str(pk)} for pk in ids)

    def clear(self) -> None:
        try:
            self.client.indices.delete(index=self.index, ignore_unavailable=True)
        except (ApiError, TransportError) as error:
            raise SearchUnavailable(str(error)) from error
        self._ensure()

    def search(self, text: str, *, offset: int = 0, limit: int = 24) -> Hits:
        return self._search(query_words(text), offset, limit) or self._search(loose_words(text), offset, limit)

    def _search(self, asked: list[str], offset: int, limit: int) -> Hits:
        if not asked:
            return Hits([], 0)
        search = Search(using=self.client, index=self.index).query(Q("bool", must=[_anywhere(word) for word in asked]))
        search = search.source(["pk"]).extra(track_total_hits=True)[offset : offset + limit]
        try:
            response = search.execute()
        except (ApiError, TransportError) as error:
            raise SearchUnavailable(str(error)) from error
        return Hits([hit.pk for hit in response], response.hits.total.value)

    def _ensure(self) -> None:
        try:
            if not self.client.indices.exists(index=self.index):
                Listing.init(index=self.index, using=self.client)
        except (ApiError, TransportError) as error:
            raise SearchUnavailable(str(error)) from error

    def _bulk(self, actions) -> None:
        try:
            bulk(self.client, actions, refresh=True, raise_on_error=True, ignore_status=(404,))
        except (ApiError, TransportError, BulkIndexError) as error:
            raise SearchUnavailable(str(error)) from error


def _anywhere(word: str):
    pieces = " ".join([word, *[piece for piece in words(word) if len(piece) > 1 and piece != word][:4]])
    options = [Q("multi_match", query=pieces, fields=FIELDS, type="best_fields", operator="or")]
    if word.isascii() and len(word) > 1:
        options.append(Q("prefix", sounds=word))
    return Q("bool", should=options, minimum_should_match=1)


def _fields(document: Document) -> dict:
    return {
        "pk": document.pk,
        "title": " ".join(words(document.title)),
        "keywords": " ".join(words(document.keywords)),
        "sounds": " ".join(sounds(document.title)),
        "category": " ".join(words(document.category_path)),
        "origin": " ".join(words(document.origin)),
        "seller": " ".join(words(document.seller)),
    }
