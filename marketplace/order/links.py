"""The signed link by which a buyer without an account opens an order."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from marketplace.order.models import Order

LINK_DAYS = 60
SALT = "order-link"


class UnableToReadLink(ValueError):
    """The link is not ours, or too old."""


def token_of(order: Order) -> str:
    """Return a signed link's token: good for ``LINK_DAYS``, void when the pickup code is issued again."""
    return signing.dumps([order.number, order.code_epoch], salt=SALT)


def url_of(order: Order) -> str:
    """Return the whole address, as messages hold it."""
    return settings.SITE_URL + reverse("customer:anon-order", args=[token_of(order)])


def read(token: str) -> tuple[str, int]:
    """Return the number of the order that a link opens, and the epoch of its code; raise ``UnableToReadLink``."""
    try:
        number, epoch = signing.loads(token, salt=SALT, max_age=LINK_DAYS * 86_400)
    except signing.BadSignature as error:
        raise UnableToReadLink(str(error)) from error
    return number, epoch
