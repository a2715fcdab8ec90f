"""The embedded engine: tantivy on a folder, for one machine."""

from pathlib import Path

import tantivy
from django.conf import settings

from catalogue.search.documents import Document, Hits, SearchUnavailable, loose_words, query_words, sounds, words

WRITER_BYTES = 15_000_000
BOOSTS = {"title": 4.0, "keywords": 2.0, "sounds": 1.5, "category": 2.0, "origin": 1.5, "seller": 1.0}


class Engine:
    """Tantivy with words cut beforehand: each field is blank-separated words, read by the whitespace tokenizer."""

    def __init__(self, folder: Path | None = None):
        self.folder = folder or settings.SEARCH_INDEX_DIR
        self.folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("pk", stored=True, indexed=True)
        for name in BOOSTS:
            builder.add_text_field(name, tokenizer_name="whitespace")
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema, path=str(self.folder))

    def replace(self, documents: list[Document]) -> None:
        writer = self.index.writer(WRITER_BYTES, 1)
        for document in documents:
            writer.delete_documents_by_term("pk", document.pk)
            writer.add_document(
                tantivy.Document(
                    pk=document.pk,
                    title=" ".join(words(document.title)),
                    keywords=" ".join(words(document.keywords)),
                    sounds=" ".join(sounds(document.title)),
                    category=" ".join(words(document.category_path)),
                    origin=" ".join(words(document.origin)),
                    seller=" ".join(words(document.seller)),
                )
            )
        writer.commit()
        writer.wait_merging_threads()

    def delete(self, ids: list[int]) -> None:
        writer = self.index.writer(WRITER_BYTES, 1)
        for pk in ids:
            writer.delete_documents_by_term("pk", pk)
        writer.commit()
        writer.wait_merging_threads()

    def clear(self) -> None:
        writer = self.index.writer(WRITER_BYTES, 1)
        writer.delete_all_documents()
        writer.commit()
        writer.wait_merging_threads()

    def search(self, text: str, *, offset: int = 0, limit: int = 24) -> Hits:
        return self._search(query_words(text), offset, limit) or self._search(loose_words(text), offset, limit)

    def _search(self, asked: list[str], offset: int, limit: int) -> Hits:
        if not asked:
            return Hits([], 0)
        try:
            self.index.reload()
            searcher = self.index.searcher()
            result = searcher.search(self._query(asked), limit=limit, offset=offset, count=True)
            ids = [searcher.doc(address)["pk"][0] for _score, address in result.hits]
        except (OSError, ValueError) as error:
            raise SearchUnavailable(str(error)) from error
        return Hits(ids, result.count or 0)

    def _query(self, asked: list[str]) -> tantivy.Query:
        """Every word must stand in some field; where it stands decides the order."""
        clauses = [(tantivy.Occur.Must, self._anywhere(word)) for word in asked]
        return tantivy.Query.boolean_query(clauses)

    def _anywhere(self, word: str) -> tantivy.Query:
        pieces = [piece for piece in words(word) if len(piece) > 1]
        options = []
        for name, boost in BOOSTS.items():
            for piece in {word, *pieces[:4]}:
                term = tantivy.Query.term_query(self.schema, name, piece)
                weight = boost if piece == word else boost / 4
                options.append((tantivy.Occur.Should, tantivy.Query.boost_query(term, weight)))
        if word.isascii() and len(word) > 1:
            prefix = tantivy.Query.regex_query(self.schema, "sounds", f"{_escaped(word)}.*")
            options.append((tantivy.Occur.Should, prefix))
        return tantivy.Query.boolean_query(options)


def _escaped(word: str) -> str:
    return "".join(character if character.isalnum() else f"\\{character}" for character in word)
