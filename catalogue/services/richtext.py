"""What a seller may write with marks: a few tags through nh3, on write and on render."""

import nh3

TAGS = {"p", "br", "b", "strong", "i", "em", "ul", "ol", "li", "h3", "h4"}


def clean(html: str) -> str:
    """Return the text with all but a few harmless tags removed, attributes and links included."""
    return nh3.clean(html, tags=TAGS, attributes={}, url_schemes=set())
