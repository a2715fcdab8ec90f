"""What a search engine stores of a listing, and how words are cut before they get there."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol

import rjieba
from pypinyin import Style, lazy_pinyin

WORD = re.compile(r"\w+")
HAN = re.compile(r"[\u4e00-\u9fff]+")
SUFFIXES = frozenset("子儿头的")


@dataclass(frozen=True)
class Document:
    """A listing as the engines know it. Texts are plain; the engine's own fields are made of them by ``words``."""

    pk: int
    title: str
    category_path: str
    origin: str
    seller: str
    keywords: str
    rank: int = 0


@dataclass(frozen=True)
class Hits:
    """The primary keys of a page of listings, best first, and how many there are in all."""

    ids: list[int]
    total: int

    def __bool__(self) -> bool:
        return self.total > 0


class SearchUnavailable(Exception):
    """The engine does not answer; the shop goes on without it."""


class Engine(Protocol):
    """What both engines do."""

    def replace(self, documents: list[Document]) -> None:
        """Store documents, over those with the same primary key."""

    def delete(self, ids: list[int]) -> None:
        """Forget documents."""

    def clear(self) -> None:
        """Forget everything."""

    def search(self, text: str, *, offset: int = 0, limit: int = 24) -> Hits:
        """Return the listings that fit a text; raise ``SearchUnavailable`` when the engine does not answer."""


def words(text: str) -> list[str]:
    """Cut a text into lower-case words: Chinese by dictionary, pairs of neighbours and single characters.

    The pairs let 柑橘 be found inside a longer compound that the dictionary keeps whole, the characters 茶 in 黑茶.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    cut = [word for word in rjieba.cut_for_search(plain) if WORD.search(word)]
    runs = HAN.findall(plain)
    pairs = [run[i : i + 2] for run in runs for i in range(len(run) - 1)]
    return list(dict.fromkeys([*cut, *pairs, *"".join(runs)]))


def query_words(text: str) -> list[str]:
    """Cut what a person typed: whole words only, each of which a listing must have."""
    plain = unicodedata.normalize("NFKC", text).lower().strip()
    return [word for word in rjieba.cut(plain) if WORD.search(word)][:12]


def loose_words(text: str) -> list[str]:
    """Return the characters of what was typed that carry meaning, for a second try when no listing has the words."""
    return [character for character in dict.fromkeys("".join(HAN.findall(text))) if character not in SUFFIXES][:12]


def sounds(text: str) -> list[str]:
    """Return the pinyin of a text's words and their initials: 柑橘 gives ``ganju`` and ``gj``."""
    found: dict[str, None] = {}
    for run in HAN.findall(text):
        whole = lazy_pinyin(run)
        found["".join(whole)] = None
        found["".join(lazy_pinyin(run, style=Style.FIRST_LETTER))] = None
        for word in rjieba.cut(run):
            found["".join(lazy_pinyin(word))] = None
    return list(found)
