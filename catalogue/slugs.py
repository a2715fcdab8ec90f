"""Slugs from Chinese names, by pinyin."""

from django.utils.text import slugify
from pypinyin import lazy_pinyin


def pinyin_slug(value: str, **kwargs) -> str:
    """Return an ASCII slug: ``石门柑橘`` gives ``shi-men-gan-ju``. Takes and ignores Oscar's further arguments."""
    return slugify("-".join(lazy_pinyin(str(value), errors=lambda text: list(text)))) or "x"
