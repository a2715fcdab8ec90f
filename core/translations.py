"""Message catalogues without gettext installed: what the sources say, what the .po files hold, what is wrong there.

Each first-party app keeps its own catalogue in ``<app>/locale/zh_Hans/LC_MESSAGES/django.po`` and answers for its own
files only; a nested app's files belong to the nested app. Source strings are English, so English needs no catalogue.
``locale/`` at the top completes Oscar's own Chinese: those strings are not ours, and stand apart from ours. All of them
are on LOCALE_PATHS, which Django reads last, so that they win over the words that Django and Oscar bring.
"""

import ast
import contextlib
import os
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import normalize, read_po
from django.utils.translation.template import templatize

LANGUAGE = "zh_Hans"
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
HEADER = (
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Language: zh_Hans\n"
    "Plural-Forms: nplurals=1; plural=0;\n"
)
NOT_SOURCES = {"migrations", "locale", "tests", "static", "node_modules", "var", "__pycache__"}
CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
HALF_WIDTH = re.compile(r"[\u3400-\u9fff][,:;?!(]|[,;?!)][\u3400-\u9fff]")
PERCENT_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[-+ #0-9.]*([sdifgrxXeEc%])")

_LITERAL = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_TEMPLATE_CALL = re.compile(
    rf"(?<!\w)(?P<function>npgettext|ngettext|pgettext|gettext|_)"
    rf"\((?P<arguments>\s*{_LITERAL}(?:\s*,\s*{_LITERAL})*)\s*(?:,\s*count\s*)?\)"
)


@dataclass(frozen=True, order=True)
class Message:
    """A source string: its context ("" where none), its text and its plural ("" where none)."""

    context: str
    text: str
    plural: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.text


@dataclass(frozen=True)
class Translation:
    message: Message
    text: str
    is_fuzzy: bool = False


@dataclass(frozen=True)
class Source:
    """One catalogue's place and the folder whose strings it holds, without the folders that have their own."""

    name: str
    folder: Path
    catalogue: Path
    without: frozenset[Path] = frozenset()

    def messages(self) -> dict[tuple[str, str], Message]:
        found: dict[tuple[str, str], Message] = {}
        for file in _source_files(self.folder, without=self.without):
            for message in messages_in(file):
                known = found.get(message.key)
                if known is None or (message.plural and not known.plural):
                    found[message.key] = message
        return found


def app_sources(folders: Mapping[str, Path]) -> list[Source]:
    """A source for each app of `folders` (label to folder), each without the apps that are nested in it."""
    return [
        Source(
            name=label,
            folder=folder,
            catalogue=catalogue_path(folder / "locale"),
            without=frozenset(other for other in folders.values() if other != folder and folder in other.parents),
        )
        for label, folder in sorted(folders.items(), key=lambda item: item[1])
    ]


def catalogue_path(locale: Path) -> Path:
    return locale / LANGUAGE / "LC_MESSAGES" / "django.po"


def _source_files(folder: Path, *, without: frozenset[Path]) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in NOT_SOURCES and not name.startswith(".") and Path(here, name) not in without
        )
        for name in sorted(names):
            if Path(name).suffix in {".py", ".html", ".txt"}:
                yield Path(here, name)


def messages_in(file: Path) -> Iterator[Message]:
    """The source strings of one Python file or Django template."""
    if file.suffix == ".py":
        yield from _messages_in_python(file.read_bytes())
    elif "templates" in file.parts:
        yield from _messages_in_template(file.read_text(encoding="utf-8"), origin=str(file))


def _messages_in_python(code: bytes) -> Iterator[Message]:
    for _line, found, _comments, context in extract("python", BytesIO(code), keywords=KEYWORDS):
        texts = found if isinstance(found, tuple) else (found,)
        if texts[0]:
            yield Message(context or "", texts[0], texts[1] if len(texts) > 1 else "")


def _messages_in_template(text: str, *, origin: str) -> Iterator[Message]:
    """Django writes the tags as gettext calls amid blanked-out text; that is no Python, so the calls are picked out."""
    for call in _TEMPLATE_CALL.finditer(templatize(text, origin=origin)):
        values = [ast.literal_eval(literal) for literal in re.findall(_LITERAL, call["arguments"])]
        context = values.pop(0) if call["function"] in {"pgettext", "npgettext"} else ""
        yield Message(context, values[0], values[1] if len(values) > 1 else "")


def read(path: Path) -> dict[tuple[str, str], Translation]:
    """The translations of a .po file, obsolete ones among them; empty where there is no file."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=LANGUAGE)
    live = {_key(entry): _translation(entry) for entry in catalogue if entry.id}
    return {**{_key(entry): _translation(entry) for entry in catalogue.obsolete.values()}, **live}


def _key(entry: object) -> tuple[str, str]:
    return entry.context or "", entry.id[0] if isinstance(entry.id, tuple | list) else entry.id


def _translation(entry: object) -> Translation:
    plural = entry.id[1] if isinstance(entry.id, tuple | list) else ""
    text = entry.string[0] if isinstance(entry.string, tuple | list) else entry.string
    return Translation(Message(*_key(entry), plural), text or "", entry.fuzzy)


def written(translations: Iterable[Translation]) -> str:
    """A .po file in one order, without line numbers and dates: it changes only where a string changes."""
    blocks = [f'msgid ""\nmsgstr {normalize(HEADER, width=0)}\n']
    for translation in sorted(translations, key=lambda each: (each.message.text.casefold(), each.message)):
        message = translation.message
        lines = [] if not translation.is_fuzzy else ["#, fuzzy"]
        if message.context:
            lines.append(f"msgctxt {normalize(message.context, width=0)}")
        lines.append(f"msgid {normalize(message.text, width=0)}")
        if message.plural:
            lines.append(f"msgid_plural {normalize(message.plural, width=0)}")
        lines.append(f"msgstr{'[0]' if message.plural else ''} {normalize(translation.text, width=0)}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def update(source: Source, *, only: Iterable[tuple[str, str]] | None = None) -> list[Message]:
    """Write the catalogue with the strings of the source (or `only` those); give back those still to translate."""
    wanted = source.messages()
    if only is not None:
        keep = set(only)
        wanted = {key: message for key, message in wanted.items() if key in keep}
    known = read(source.catalogue)
    translations = [
        Translation(message, known[key].text if key in known else "", key in known and known[key].is_fuzzy)
        for key, message in wanted.items()
    ]
    text = written(translations)
    if translations or source.catalogue.exists():
        source.catalogue.parent.mkdir(parents=True, exist_ok=True)
        if not source.catalogue.exists() or source.catalogue.read_text(encoding="utf-8") != text:
            source.catalogue.write_text(text, encoding="utf-8")
    return [each.message for each in translations if not each.text]


def compile_catalogue(path: Path) -> None:
    """Write the .mo beside a .po; a fuzzy or empty translation is left out, so that the English shows."""
    with path.open("rb") as file:
        catalogue: Catalog = read_po(file, locale=LANGUAGE)
    made = path.with_suffix(".mo")
    fresh = made.with_suffix(".mo.new")
    with fresh.open("wb") as file:
        write_mo(file, catalogue)
    fresh.replace(made)


def complaints(source: Source, *, required: Iterable[tuple[str, str]] | None = None) -> list[str]:
    """What is wrong between a source and its catalogue, a sentence each.

    `required` are the keys that must be translated; without it every string of the source must be.
    """
    wanted = source.messages()
    known = read(source.catalogue)
    must = set(wanted) if required is None else set(required)
    wrong = [
        f"{source.name}: not translated: {key[1]!r}" for key in sorted(must) if key not in known or not known[key].text
    ]
    for key, translation in sorted(known.items()):
        if key not in wanted:
            wrong.append(f"{source.name}: no source says {key[1]!r} any more")
        elif translation.is_fuzzy:
            wrong.append(f"{source.name}: fuzzy: {key[1]!r}")
        elif translation.text and not placeholders_agree(wanted[key], translation.text):
            wrong.append(f"{source.name}: placeholders differ: {key[1]!r} and {translation.text!r}")
        elif HALF_WIDTH.search(translation.text):
            wrong.append(f"{source.name}: half-width punctuation beside Chinese: {translation.text!r}")
    return wrong


def missing_from(catalogue: Path, *, source: Source) -> set[tuple[str, str]]:
    """The strings of `source` for which somebody else's `catalogue` has no translation that can be shown."""
    known = read(catalogue)
    return {
        key
        for key, message in source.messages().items()
        if key not in known
        or not known[key].text
        or known[key].is_fuzzy
        or not placeholders_agree(message, known[key].text)
    }


def chinese_complaints(source: Source) -> list[str]:
    """Source strings are English; Chinese belongs in the catalogue."""
    return [
        f"{source.name}: Chinese in a source string: {key[1]!r}" for key in source.messages() if CHINESE.search(key[1])
    ]


def conflicts(sources: Iterable[Source]) -> list[str]:
    """Django merges all catalogues: one string must not be translated in two ways (give one of them a context)."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    wrong = []
    for source in sources:
        for key, translation in read(source.catalogue).items():
            name, text = first.setdefault(key, (source.name, translation.text))
            if translation.text and text and text != translation.text:
                wrong.append(f"{source.name}: {key[1]!r} is {translation.text!r} here and {text!r} in {name}")
    return wrong


def shadowed(source: Source, *, by: Mapping[tuple[str, str], str]) -> list[str]:
    """Strings of `source` that pages show in somebody else's words; `by` is what they show, for each key."""
    return [
        f"{source.name}: {key[1]!r} is {translation.text!r} here, but pages show {by.get(key, '')!r}"
        for key, translation in sorted(read(source.catalogue).items())
        if translation.text and not translation.is_fuzzy and by.get(key) != translation.text
    ]


def placeholders(text: str) -> set[str]:
    """The places in a string that are filled in: named and positional percent ones, and named brace ones."""
    found = {name or kind for name, kind in PERCENT_PLACEHOLDER.findall(text) if kind != "%"}
    with contextlib.suppress(ValueError):  # a lone brace: no format string
        found |= {f"{{{field}}}" for _text, field, _spec, _conversion in string.Formatter().parse(text) if field}
    return found


def placeholders_agree(message: Message, text: str) -> bool:
    """Whether a translation fills in what its source does; of a plural either form's set will do."""
    return placeholders(text) in [
        placeholders(message.text),
        *([placeholders(message.plural)] if message.plural else []),
    ]
