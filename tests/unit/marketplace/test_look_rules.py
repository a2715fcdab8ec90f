"""Rules that the look keeps everywhere: contrast, no inline style or script, nothing from another host."""

import datetime as dt
import json
import re

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from marketplace import look

STATIC = settings.BASE_DIR / "marketplace" / "static" / "marketplace"
TEMPLATES = sorted(
    path
    for path in (settings.BASE_DIR / "marketplace").rglob("*.html")
    if "templates" in path.parts and "node_modules" not in path.parts
)
STYLES = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
INLINE = {
    "style attribute": re.compile(r"<[^>]+\sstyle\s*=", re.I),
    "style element": re.compile(r"<style\b", re.I),
    "script with a body": re.compile(r"<script\b[^>]*>\s*[^\s<]", re.I),
    "event attribute": re.compile(r"<[^>]+\son[a-z]+\s*=", re.I),
    "javascript address": re.compile(r"(href|src|action)\s*=\s*[\"']\s*javascript:", re.I),
}
MONDAY = dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)
FOREIGN = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]", re.I)


def complaints(source):
    return [name for name, pattern in INLINE.items() if pattern.search(source)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(settings.BASE_DIR)))
def test_a_template_has_nothing_inline_and_nothing_foreign(path):
    source = path.read_text()

    assert complaints(source) == []
    assert not FOREIGN.search(source)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('<p style="color:red">', "style attribute"),
        ("<style>p{}</style>", "style element"),
        ("<script>go()</script>", "script with a body"),
        ('<a onclick="go()">', "event attribute"),
        ('<a href="javascript:go()">', "javascript address"),
    ],
)
def test_what_is_inline_would_be_found(source, complaint):
    assert complaints(source) == [complaint]


def test_a_foreign_address_would_be_found():
    assert FOREIGN.search('<img src="//cdn.example.com/a.png">')
    assert not FOREIGN.search('<svg xmlns="http://www.w3.org/2000/svg">')


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=lambda p: p.name)
def test_styles_and_scripts_ask_no_other_host(path):
    source = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.M)

    assert not FOREIGN.search(source)
    assert "@import" not in source
    assert not re.search(r"url\([\"']?data:", source)


def tokens(block):
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", block))


def themes():
    source = (STATIC / "css" / "tokens.css").read_text()
    light, system_dark, chosen_dark = (tokens(block) for block in re.findall(r":root[^{]*\{([^{}]*)\}", source))
    assert system_dark == chosen_dark
    return {"light": light, "dark": light | chosen_dark}


def luminance(colour):
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    """WCAG 2.2, contrast ratio."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


INKS = ("ink", "ink-2", "ink-3", "tea", "clay", "ok", "warn", "info", "danger")
TEXT_PAIRS = [
    *((ink, "surface") for ink in INKS),
    *((ink, "paper") for ink in INKS),
    ("citrus", "surface"),
    ("on-citrus", "citrus"),
    ("on-tea", "tea"),
    *((state, f"{state}-soft") for state in ("tea", "ok", "warn", "info", "danger", "clay")),
    *(("ink", f"{state}-soft") for state in ("ok", "warn", "info", "danger")),
    ("ink-2", "sunken"),
    ("paper", "ink"),
    ("map-on", "map-5"),
    ("ink", "map-1"),
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(theme, ink, ground):
    colours = themes()[theme]

    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["surface", "paper", "sunken"])
@pytest.mark.parametrize("edge", ["line-strong", "focus"])
def test_the_edge_of_a_control_can_be_seen(theme, ground, edge):
    colours = themes()[theme]

    assert contrast(colours[edge], colours[ground]) >= 3


def test_contrast_is_computed_as_the_standard_has_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_styles_of_a_shop_page_stay_small():
    shop = [STATIC / "css" / f"{name}.css" for name in ("tokens", "base", "components", "shop")]

    assert sum(path.stat().st_size for path in shop) < 50_000


@pytest.mark.parametrize("name", ["403.html", "404.html", "500.html", "offline.html"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_error_pages_need_no_request_and_no_database(name, language):
    with translation.override(language):
        html = render_to_string(name)

    assert f'<html lang="{language}">' in html
    assert complaints(html) == []
    assert bool(re.search(r"[\u4e00-\u9fff]", html)) is (language == "zh-hans")


def words_of(html):
    """What a person reads: no tags, no names of tokens."""
    body = re.sub(r"<(head|script)\b.*?</\1>", "", html, flags=re.S)
    return re.sub(r"<[^>]+>|&\w+;|--[\w-]+", " ", body)


@pytest.mark.parametrize(("language", "is_english"), [("zh-hans", False), ("en", True)])
def test_the_components_are_shown_in_the_language_asked_for(monkeypatch, language, is_english):
    monkeypatch.setattr("core.clock.now", lambda: MONDAY)

    with translation.override(language):
        html = look.components_page(RequestFactory().get("/look/")).content.decode()

    assert complaints(html) == []
    assert bool(re.findall(r"\b[A-Za-z]{4,}\b", words_of(html))) is is_english


def test_the_lock_of_npm_names_no_host():
    lock = json.loads((settings.BASE_DIR / "package-lock.json").read_text())

    assert all("resolved" not in package for package in lock["packages"].values())
