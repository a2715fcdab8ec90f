from gettext import GNUTranslations
from pathlib import Path

import pytest

from core import translations
from core.translations import Message, Source, Translation

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, npgettext, pgettext

PLAIN = _("Add to basket")
MANY = ngettext("%(count)d piece", "%(count)d pieces", 3)
IN_CONTEXT = pgettext("of a parcel", "Open")
MANY_IN_CONTEXT = npgettext("crates", "one", "several", 2)
JOINED = _("first half, " "second half")
NOT_MARKED = "left alone"
"""

TEMPLATE = """{% load i18n %}
<p title="it's (odd)">{% translate "Add to basket" %} _(not python
  {% blocktranslate trimmed count n=lines|length with name=seller.name %}
      {{ name }} has {{ n }} line
    {% plural %}
      {{ name }} has {{ n }} lines
  {% endblocktranslate %}
{{ order.note|default:_("No note") }} {% icon _("Close") %}
{% translate "Open" context "of a parcel" %} {% translate "50% off" %}
{% comment %}Translators: {{ nothing }}{% endcomment %}
</p>"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    folder = tmp_path / "shop"
    (folder / "templates").mkdir(parents=True)
    (folder / "words.py").write_text(PYTHON, encoding="utf-8")
    return Source("shop", folder, translations.catalogue_path(folder / "locale"))


def _translate(source: Source, **texts: str) -> None:
    wanted = source.messages()
    source.catalogue.parent.mkdir(parents=True, exist_ok=True)
    source.catalogue.write_text(
        translations.written(Translation(message, texts.get(key[1], "译文")) for key, message in wanted.items()),
        encoding="utf-8",
    )


def test_python_gives_each_kind_of_marked_string(source):
    assert set(source.messages().values()) == {
        Message("", "Add to basket"),
        Message("", "%(count)d piece", "%(count)d pieces"),
        Message("of a parcel", "Open"),
        Message("crates", "one", "several"),
        Message("", "first half, second half"),
    }


def test_a_string_that_pages_show_in_other_words_is_told(source):
    _translate(source)
    shown = dict.fromkeys(source.messages(), "译文")
    assert translations.shadowed(source, by=shown) == []

    shown["", "Add to basket"] = "加入购物车"

    assert translations.shadowed(source, by=shown) == [
        "shop: 'Add to basket' is '译文' here, but pages show '加入购物车'"
    ]


def test_a_template_gives_tags_blocks_filters_and_arguments(tmp_path):
    file = tmp_path / "templates" / "page.html"
    file.parent.mkdir()
    file.write_text(TEMPLATE, encoding="utf-8")

    assert set(translations.messages_in(file)) == {
        Message("", "Add to basket"),
        Message("", "%(name)s has %(n)s line", "%(name)s has %(n)s lines"),
        Message("", "No note"),
        Message("", "Close"),
        Message("of a parcel", "Open"),
        Message("", "50%% off"),
    }


def test_a_file_of_a_nested_app_belongs_to_that_app_alone(source):
    nested = source.folder / "counter"
    nested.mkdir()
    (nested / "words.py").write_text('_ = str\nHERE = _("Hand over")\n', encoding="utf-8")

    outer, inner = translations.app_sources({"shop": source.folder, "counter": nested})

    assert ("", "Hand over") not in outer.messages()
    assert set(inner.messages()) == {("", "Hand over")}


def test_updating_keeps_what_is_translated_and_drops_what_is_no_longer_said(source):
    _translate(source, **{"Add to basket": "加入购物篮"})
    (source.folder / "words.py").write_text('_ = str\nA = _("Add to basket")\nB = _("New")\n', encoding="utf-8")

    to_translate = translations.update(source)

    assert to_translate == [Message("", "New")]
    assert {key: each.text for key, each in translations.read(source.catalogue).items()} == {
        ("", "Add to basket"): "加入购物篮",
        ("", "New"): "",
    }


def test_updating_twice_changes_nothing(source):
    translations.update(source)
    first = source.catalogue.read_bytes()

    translations.update(source)

    assert source.catalogue.read_bytes() == first
    assert b"Creation-Date" not in first
    assert b"#:" not in first


def test_a_compiled_catalogue_holds_contexts_and_plurals(source):
    _translate(source, **{"Open": "已开", "%(count)d piece": "%(count)d 件"})

    translations.compile_catalogue(source.catalogue)

    with source.catalogue.with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    assert compiled.pgettext("of a parcel", "Open") == "已开"
    assert compiled.ngettext("%(count)d piece", "%(count)d pieces", 3) == "%(count)d 件"


def test_a_complete_catalogue_is_not_complained_of(source):
    _translate(source, **{"%(count)d piece": "%(count)d 件"})

    assert translations.complaints(source) == []


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda text: text.replace('msgid "Add to basket"\nmsgstr "译文"', ""), "not translated: 'Add to basket'"),
        (lambda text: text.replace('"%(count)d 件"', '""'), "not translated: '%(count)d piece'"),
        (lambda text: text.replace("%(count)d 件", "%(number)d 件"), "placeholders differ"),
        (lambda text: text.replace('msgid "Add', '#, fuzzy\nmsgid "Add'), "fuzzy: 'Add to basket'"),
        (lambda text: text + '\nmsgid "Gone"\nmsgstr "没了"\n', "no source says 'Gone'"),
        (lambda text: text + '\n#~ msgid "Gone"\n#~ msgstr "没了"\n', "no source says 'Gone'"),
        (lambda text: text.replace('"译文"', '"译文,完"'), "half-width punctuation"),
    ],
)
def test_a_spoilt_catalogue_is_complained_of(source, spoil, complaint):
    _translate(source, **{"%(count)d piece": "%(count)d 件"})
    source.catalogue.write_text(spoil(source.catalogue.read_text(encoding="utf-8")), encoding="utf-8")

    assert any(complaint in each for each in translations.complaints(source))


def test_chinese_in_a_source_string_is_complained_of(source):
    (source.folder / "words.py").write_text('_ = str\nA = _("加入购物篮")\n', encoding="utf-8")

    assert translations.chinese_complaints(source) == ["shop: Chinese in a source string: '加入购物篮'"]


def test_two_catalogues_that_translate_one_string_in_two_ways_conflict(tmp_path):
    sources = []
    for name, text in (("first", "打开"), ("second", "营业"), ("third", "营业")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "words.py").write_text('_ = str\nA = _("Open")\n', encoding="utf-8")
        sources.append(Source(name, folder, translations.catalogue_path(folder / "locale")))
        _translate(sources[-1], Open=text)

    assert translations.conflicts(sources[1:]) == []
    assert translations.conflicts(sources[:2]) == ["second: 'Open' is '营业' here and '打开' in first"]


def test_only_strings_that_another_catalogue_cannot_show_are_missing_from_it(source):
    _translate(source, **{"%(count)d piece": "%(number)d 件", "one": ""})

    missing = translations.missing_from(source.catalogue, source=source)

    assert missing == {("", "%(count)d piece"), ("crates", "one")}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("%(name)s has %(n)d", {"name", "n"}),
        ("%s of %d", {"s", "d"}),
        ("50%% off", set()),
        ("{name} and {}", {"{name}"}),
        ("a lone { brace", set()),
    ],
)
def test_placeholders_are_read_from_either_format(text, places):
    assert translations.placeholders(text) == places
