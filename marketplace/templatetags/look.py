"""Template tags of the design system: icons, money, promises, pictures, fields, bars, pages."""

import re
from functools import cache

import segno
from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from catalogue import category_names, packs, pictures
from core import clock, phones
from marketplace import wording
from villages import names

register = template.Library()

ICONS = settings.NODE_MODULES / "bootstrap-icons" / "icons"
EAGER, LAZY = mark_safe(' fetchpriority="high"'), mark_safe(' loading="lazy" decoding="async"')
ICON_SIZES = ("", "s", "l")


class UnknownIcon(LookupError):
    """A template names an icon that the icon set does not have."""


@cache
def _drawing(name: str) -> str:
    """What stands inside the <svg> of an icon."""
    path = ICONS / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise UnknownIcon(name)
    return re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(), re.DOTALL)[1].strip().replace("\n", "")


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of Bootstrap Icons, inlined, hidden from screen readers: the words stand beside it."""
    if size not in ICON_SIZES:
        raise ValueError(f"icon size {size!r} is none of {ICON_SIZES}")
    kind = f"ic ic-{size}" if size else "ic"
    # the drawing comes from the icon set on disk, not from any person
    return mark_safe(f'<svg class="{kind}" viewBox="0 0 16 16" aria-hidden="true">{_drawing(name)}</svg>')  # noqa: S308


@register.simple_tag(takes_context=True)
def current(context, *views: str) -> SafeString:
    """` aria-current="page"` where the page shown is one of the views.

    :param views: names; one with a namespace also stands for what begins with it ("catalogue:", "customer:order").
    """
    match = getattr(context.get("request"), "resolver_match", None)
    name = match.view_name if match else ""
    hit = any(name == view or (":" in view and name.startswith(view)) for view in views)
    return mark_safe(' aria-current="page"') if hit else mark_safe("")


@register.filter
@register.simple_tag
def yuan(amount) -> SafeString | str:
    """¥45.00 from int fen or Decimal yuan; nothing from None."""
    if amount is None or amount == "":
        return ""
    return format_html('<span class="yuan"><i class="yen">¥</i>{}</span>', wording.yuan_text(amount))


@register.simple_tag
def promise_words(at, now=None) -> str:
    """周四 16:00 后可提; in English "Thu, ready after 16:00"."""
    return wording.promise_words(at, now=now or clock.now()) if at else ""


@register.filter
def moment(at) -> str:
    """今天 15:36, 周四 15:36, 11月24日 15:36."""
    return wording.moment_words(at, now=clock.now()) if at else ""


@register.filter
def day(at) -> str:
    """今天, 明天, 周四, 12月3日."""
    return wording.day_words(at, now=clock.now()) if at else ""


@register.filter
def on_date(day) -> str:
    """3月5日 周四, from a date."""
    return wording.date_words(day, today=clock.today()) if day else ""


@register.filter
def mask_phone(number) -> str:
    """138******91 from an E.164 number: at least six digits hidden."""
    return phones.masked(str(number)) if number else ""


@register.filter
def division(name) -> str:
    """A division's name: 石门县, in English Shimen County."""
    return names.said(str(name or ""))


@register.filter
def category_words(path) -> str:
    """A category's name or path: 水果, in English Fruit."""
    return category_names.said(str(path or ""))


@register.simple_tag
def zh() -> SafeString:
    """` lang="zh-Hans"` for what a seller wrote, on a page in another language."""
    chinese = (get_language() or "zh").startswith("zh")
    return SafeString("" if chinese else ' lang="zh-Hans"')


@register.simple_tag
def unit_price(price_fen, pack) -> SafeString | str:
    """¥9.60/斤, in English ¥19.20/kg; nothing where the pack tells no weight."""
    chinese = (get_language() or "zh").startswith("zh")
    fen = packs.price_per(price_fen, pack, per_grams=500 if chinese else 1000) if price_fen else None
    if fen is None:
        return ""
    return format_html('<span class="unit-price num">¥{}/{}</span>', wording.yuan_text(fen), "斤" if chinese else "kg")


def _stored(image):
    """The file behind a product image, an image field, or nothing."""
    file = getattr(image, "original", image)
    name = getattr(file, "name", None)
    return (file, name) if name and hasattr(file, "storage") else (None, None)


def _img(image, size: int, alt: str, *, eager: bool = False) -> SafeString | None:
    file, name = _stored(image)
    if file is None:
        return None
    url = file.storage.url(pictures.thumbnail_name(name, size=size))
    return format_html(
        '<img src="{}" width="{}" height="{}" alt="{}"{}>',
        url, size, size, alt,
        EAGER if eager else LAZY,
    )  # fmt: skip


@register.inclusion_tag("components/picture.html")
def picture(image, size: int = 320, alt: str = "", eager: bool = False, flag: str = "", back: str = "") -> dict:
    """A square picture of goods; composed ones carry the mark 示意图.

    :param image: a product image (its `original` is taken), an image field file, or None.
    :param size: 160, 320 or 640 px; the file of that size is served.
    :param flag: a seal label at the upper left. :param back: when it is sold again, laid over the foot.
    """
    _, name = _stored(image)
    return {
        "img": _img(image, size, alt, eager=eager),
        "composed": bool(name) and getattr(image, "is_illustration", pictures.is_composed(name)),
        "flag": flag,
        "back": back,
    }


@register.simple_tag
def thumb(image, size: str = "", alt: str = "") -> SafeString:
    """A small square for lists; size "s", "" or "l"."""
    kind = f"thumb thumb-{size}" if size else "thumb"
    return format_html('<span class="{}">{}</span>', kind, _img(image, 160, alt) or "")


@register.inclusion_tag("components/field.html")
def field(bound, prefix: str = "", suffix: str = "", label: str = "", help: str = "", needed: bool = False) -> dict:
    """A form field as the look has it: label, help, the error above the control, the control.

    With ``needed`` a field that a draft may lack is not called optional.
    """
    widget = bound.field.widget
    kind = {"checkbox": "checkbox", "radio": "choices", "file": "file", "photos": "photos"}.get(
        getattr(widget, "input_type", ""), "input"
    )
    if getattr(widget, "allow_multiple_selected", False) and getattr(widget, "input_type", "") == "checkbox":
        kind = "choices"
    identity = bound.id_for_label or bound.auto_id
    words = help or bound.help_text
    errors = list(bound.errors)
    described = [f"{identity}_hint"] if words else []
    described += [f"{identity}_error{n}" for n in range(1, len(errors) + 1)]
    attributes = {"class": f"{widget.attrs.get('class', '')} inp".strip() if kind == "input" else ""}
    if kind == "checkbox":
        attributes["class"] = "check-box"
    if kind in ("file", "photos"):
        attributes["class"] = "file-input"
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if errors:
        attributes["aria-invalid"] = "true"
    options = []
    if kind == "choices":
        for option in bound.subwidgets:
            off = bool(option.data["attrs"].get("disabled"))
            why = option.data["attrs"].pop("data-why", "")
            options.append(
                {"id": option.id_for_label, "tag": option.tag(), "label": option.choice_label, "off": off, "why": why}
            )
    return {
        "id": identity,
        "kind": kind,
        "label": label or bound.label,
        "help": words,
        "errors": errors,
        "optional": not (needed or bound.field.required) and kind != "checkbox",
        "widget": "" if kind == "choices" else bound.as_widget(attrs=attributes),
        "options": options,
        "prefix": prefix,
        "suffix": suffix,
        "takes_photos": "image" in widget.attrs.get("accept", "image"),
    }


@register.simple_tag
def problems(form) -> list[dict]:
    """What is wrong in the fields of a form, each with the id of its field: the page begins with it.

    A hidden field has no label to go by, and words of its own. A label that asks is told without its question mark.
    """
    return [
        {
            "id": bound.id_for_label or bound.auto_id,
            "label": "" if bound.is_hidden else str(bound.label).rstrip("？?"),
            "words": words,
        }
        for bound in form
        for words in bound.errors
    ]


@register.inclusion_tag("components/pages.html", takes_context=True)
def pages(context, page) -> dict:
    """Links to the other pages of a paginated list, keeping the rest of the query."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {"page": page, "numbers": list(numbers), "query": context["request"].GET}


def _share(value, maximum) -> str:
    share = min(max(float(value or 0) / float(maximum), 0.0), 1.0) if maximum else 0.0
    return f"{share * 100:.1f}%"


@register.simple_tag
def bar(value, maximum=100, pace=None, kind: str = "") -> SafeString:
    """A bar filled to value / maximum; `pace` (same unit) draws the line where it should be by now."""
    behind = pace is not None and float(value or 0) < float(pace)
    classes = " ".join(["bar", *([kind] if kind else []), *(["behind"] if behind else [])])
    line = (
        format_html('<rect class="pace" x="{}" width="2" height="100%"/>', _share(pace, maximum))
        if pace is not None
        else ""
    )
    return format_html(
        '<svg class="{}" aria-hidden="true"><rect width="{}" height="100%"/>{}</svg>',
        classes,
        _share(value, maximum),
        line,
    )


@register.inclusion_tag("components/season.html")
def season(first: int, last: int, now: int | None = None) -> dict:
    """Twelve months with the harvest marked; first > last runs over the new year."""
    inside = {m for m in range(1, 13) if (first <= m <= last if first <= last else m >= first or m <= last)}
    now = now or clock.now().month
    ordered = [(first - 1 + i) % 12 + 1 for i in range(len(inside))]
    return {
        "months": [{"number": m, "on": m in inside, "now": m == now} for m in range(1, 13)],
        "names": ", ".join(str(m) for m in ordered),
    }


@register.simple_tag
def qr(text: str, label: str = "") -> SafeString:
    """A QR code as inline svg, dark on light whatever the theme."""
    code = segno.make(text, error="m", micro=False)
    width, height = code.symbol_size(border=2)
    runs = format_html_join(
        "",
        "M{} {}h1v1h-1z",
        ((x, y) for y, row in enumerate(code.matrix_iter(border=2)) for x, module in enumerate(row) if module),
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path fill="#fff" d="M0 0h{}v{}H0z"/><path fill="#14110d" d="{}"/></svg>',
        width, height, label, width, height, runs,
    )  # fmt: skip
